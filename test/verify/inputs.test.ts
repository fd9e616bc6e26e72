import { describe, expect, it } from 'vitest';
import type { SourcePort } from '../../src/import/source-graph.js';
import { testInputs } from '../../src/verify/inputs.js';

const image: SourcePort = { name: 'image', dtype: 'float32', shape: [{ batch: 1 }, 8, 8, 3] };
const ids: SourcePort = { name: 'ids', dtype: 'int32', shape: [4] };
const flag: SourcePort = { name: 'flag', dtype: 'bool', shape: [] };

const byName = (ports: readonly SourcePort[], options = {}) =>
  new Map(testInputs(ports, { seed: 1, ...options }).map((input) => [input.name, input.tensors]));

describe('test inputs', () => {
  it('are random ones of every batch size and structured ones of the first', () => {
    expect(
      testInputs([image], { seed: 1 }).map(({ name, tensors }) => [name, tensors['image']!.shape]),
    ).toEqual([
      ['random, batch 1', [1, 8, 8, 3]],
      ['random, batch 3', [3, 8, 8, 3]],
      ['zeros, batch 1', [1, 8, 8, 3]],
      ['ones, batch 1', [1, 8, 8, 3]],
      ['ramp, batch 1', [1, 8, 8, 3]],
      ['spike, batch 1', [1, 8, 8, 3]],
      ['smooth, batch 1', [1, 8, 8, 3]],
    ]);
  });

  it('have no batch size in their name where the shape is fixed', () => {
    expect([...byName([ids]).keys()]).toEqual(['random', 'zeros', 'ones', 'ramp', 'spike', 'smooth']);
  });

  it('multiply the batch where a dimension is a multiple of it', () => {
    const folded = { ...image, shape: [{ batch: 4 }, 2] };
    const shapes = testInputs([folded], { seed: 1, batches: [2] }).map((i) => i.tensors['image']!.shape);
    expect(shapes[0]).toEqual([8, 2]);
  });

  it('are what their name says', () => {
    const inputs = byName([{ name: 'x', dtype: 'float32', shape: [5] }]);
    expect([...inputs.get('zeros')!['x']!.data]).toEqual([0, 0, 0, 0, 0]);
    expect([...inputs.get('ones')!['x']!.data]).toEqual([1, 1, 1, 1, 1]);
    expect([...inputs.get('ramp')!['x']!.data]).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect([...inputs.get('spike')!['x']!.data].sort()).toEqual([0, 0, 0, 0, 1]);
  });

  it('are random between -1 and 1, and smooth from pixel to pixel', () => {
    const inputs = byName([image]);
    const noise = inputs.get('random, batch 3')!['image']!.data;
    expect(Math.min(...noise)).toBeLessThan(-0.95);
    expect(Math.max(...noise)).toBeGreaterThan(0.95);
    const photo = inputs.get('smooth, batch 1')!['image']!.data;
    expect(Math.max(...photo) - Math.min(...photo)).toBeGreaterThan(0.2);
    // neighbours in a row are three channels apart
    const steps = [...photo].slice(3, 24).map((value, i) => Math.abs(value - photo[i]!));
    expect(Math.max(...steps)).toBeLessThan(0.75);
    expect([...photo].every((value) => value >= 0 && value <= 1)).toBe(true);
  });

  it('have the values that whole numbers and truth values can have', () => {
    const pixels: SourcePort = { name: 'pixels', dtype: 'int32', shape: [1, 9, 9, 3] };
    const inputs = byName([pixels, ids, flag], { ranges: { ids: [10, 20] } });
    for (const { pixels, ids, flag } of inputs.values()) {
      expect([...pixels!.data].every((v) => Number.isInteger(v) && v >= 0 && v < 256)).toBe(true);
      expect([...ids!.data].every((v) => Number.isInteger(v) && v >= 10 && v < 20)).toBe(true);
      expect(flag!.data).toBeInstanceOf(Uint8Array);
      expect([0, 1]).toContain(flag!.data[0]);
    }
    expect(new Set(inputs.get('random')!['pixels']!.data).size).toBeGreaterThan(100);
    expect([...byName([ids]).get('ones')!['ids']!.data]).toEqual([1, 1, 1, 1]);
  });

  it('are the same for the same seed, and differ between seeds and between inputs', () => {
    const twins = [image, { ...image, name: 'other' }];
    expect(testInputs(twins, { seed: 1 })).toEqual(testInputs(twins, { seed: 1 }));
    const [first] = testInputs(twins, { seed: 1 });
    const [second] = testInputs(twins, { seed: 2 });
    expect(first!.tensors['image']).not.toEqual(second!.tensors['image']);
    expect(first!.tensors['image']).not.toEqual(first!.tensors['other']);
  });
});
