import { describe, expect, it } from 'vitest';
import { hashText, mulberry32, random, randomInteger } from '../../src/prune/random.js';

const first = (count: number, next: () => number): number[] => Array.from({ length: count }, next);

describe('random numbers', () => {
  it('hash texts by FNV-1a', () => {
    // published test vectors of the 32-bit hash
    expect(hashText('')).toBe(0x811c9dc5);
    expect(hashText('a')).toBe(0xe40c292c);
    expect(hashText('foobar')).toBe(0xbf9cf968);
  });

  it('are those of mulberry32', () => {
    expect(first(3, mulberry32(0))).toEqual([0.26642920868471265, 0.0003297457005828619, 0.2232720274478197]);
  });

  it('are the same on every machine and in every version', () => {
    expect(first(3, random(0))).toEqual([0.49139764392748475, 0.8788423340301961, 0.0144703749101609]);
    expect(random(7, 'conv1/kernel[3]')()).toBe(0.35299148107878864);
  });

  it('differ between seeds and between parts of a seed', () => {
    const streams = [random(1), random(2), random(1, 'a'), random(1, 'b'), random('1a')];
    expect(new Set(streams.map((next) => next())).size).toBe(5);
  });

  it('lie in [0, 1) and are spread evenly', () => {
    const numbers = first(10_000, random(7));
    expect(numbers.every((n) => n >= 0 && n < 1)).toBe(true);
    const tenths = Array.from(
      { length: 10 },
      (_, i) => numbers.filter((n) => Math.floor(n * 10) === i).length,
    );
    for (const count of tenths) expect(Math.abs(count - 1000)).toBeLessThan(120);
  });

  it('give whole numbers below a bound', () => {
    const next = random(3);
    const numbers = first(1000, () => randomInteger(next, -2, 3));
    expect([...new Set(numbers)].sort((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2]);
  });
});
