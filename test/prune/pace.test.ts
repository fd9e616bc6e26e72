import { describe, expect, it } from 'vitest';
import type { Space } from '../../src/axes/analysis.js';
import { pacesOf } from '../../src/prune/pace.js';

const spaces = [0, 1, 2].map((leaf): Space => ({
  id: `s${leaf}`,
  leaf,
  size: 8,
  frozen: [],
  keep: [],
  mixes: [],
  parameters: [],
}));

const paces = (
  macs: readonly (readonly [number, number])[],
  elements: readonly (readonly [number, number])[],
  macsPerElement: number,
): number[] => pacesOf(spaces, { macs: new Map(macs), elements: new Map(elements) }, macsPerElement);

describe('the paces of spaces', () => {
  it('are proportional to the time that a multiply-accumulate takes', () => {
    // 100 + 10·10 for 100, 100 + 10·2 for 100, 200 + 10·8 for 200: 2, 1.2 and 1.4, all together 600 for 400
    const [first, second, third] = paces(
      [
        [0, 100],
        [1, 100],
        [2, 200],
      ],
      [
        [0, 10],
        [1, 2],
        [2, 8],
      ],
      10,
    );
    expect(first).toBeCloseTo(2 / 1.5, 12);
    expect(second).toBeCloseTo(1.2 / 1.5, 12);
    expect(third).toBeCloseTo(1.4 / 1.5, 12);
  });

  it('are all one where only multiply-accumulates take time', () => {
    expect(
      paces(
        [
          [0, 1],
          [1, 5],
          [2, 9],
        ],
        [[0, 100]],
        0,
      ),
    ).toEqual([1, 1, 1]);
  });

  it('are at most twice and at least half of the mean', () => {
    expect(
      paces(
        [
          [0, 1],
          [1, 1000],
          [2, 10],
        ],
        [
          [0, 1000],
          [2, 9000],
        ],
        1,
      ),
    ).toEqual([2, 0.5, 2]);
  });

  it('are one where there is nothing to multiply', () => {
    expect(paces([[0, 10]], [[1, 10]], 1)).toEqual([1, 1, 1]);
    expect(paces([], [], 1)).toEqual([1, 1, 1]);
  });
});
