import { describe, expect, it } from 'vitest';
import type { NamedTensor } from '../../src/import/source-graph.js';
import { compareOutputs, compareTensors } from '../../src/verify/compare.js';

const floats = (...data: number[]): NamedTensor => ({
  dtype: 'float32',
  shape: [data.length],
  data: Float32Array.from(data),
});

describe('comparing tensors', () => {
  it('gives the largest difference, absolute and of the scale of the reference', () => {
    expect(compareTensors(floats(1, -4, 2), floats(1.5, -4, 3))).toEqual({
      absolute: 1,
      scale: 4,
      relative: 0.25,
      elements: 3,
      notFinite: 0,
    });
  });

  it('finds nothing between equal tensors, on whatever scale', () => {
    expect(compareTensors(floats(0, 0), floats(0, -0))).toEqual({
      absolute: 0,
      scale: 0,
      relative: 0,
      elements: 2,
      notFinite: 0,
    });
    expect(compareTensors(floats(), floats()).relative).toBe(0);
  });

  it('has no excuse for noise where the reference is zero', () => {
    expect(compareTensors(floats(0, 0), floats(0, 1e-9)).relative).toBe(Infinity);
  });

  it('takes the same non-finite value at the same place as equal', () => {
    expect(compareTensors(floats(NaN, Infinity, -Infinity, 2), floats(NaN, Infinity, -Infinity, 3))).toEqual({
      absolute: 1,
      scale: 2,
      relative: 0.5,
      elements: 4,
      notFinite: 3,
    });
  });

  it.each([
    [NaN, 1],
    [1, NaN],
    [Infinity, 1],
    [1, Infinity],
    [Infinity, -Infinity],
    [NaN, Infinity],
  ])('is infinite between %d and %d', (expected, actual) => {
    const { absolute, relative } = compareTensors(floats(5, expected), floats(5, actual));
    expect([absolute, relative]).toEqual([Infinity, Infinity]);
  });

  it('says what keeps tensors from being compared', () => {
    const flat = floats(1, 2);
    const problems = [
      compareTensors(flat, undefined),
      compareTensors(flat, floats(1, 2, 3)),
      compareTensors(flat, { ...flat, shape: [1, 2] }),
      compareTensors(flat, { ...flat, dtype: 'int32' }),
    ];
    expect(problems.map((d) => d.problem)).toEqual([
      'the output is missing',
      'the shape is [3] instead of [2]',
      'the shape is [1, 2] instead of [2]',
      'the element type is int32 instead of float32',
    ]);
    expect(problems.every((d) => d.absolute === Infinity && d.relative === Infinity)).toBe(true);
  });

  it('goes by the names of outputs, on both sides', () => {
    const compared = compareOutputs({ a: floats(2), toString: floats(1) }, { b: floats(1), a: floats(1) });
    expect(
      compared.map(({ output, difference }) => [output, difference.absolute, difference.problem]),
    ).toEqual([
      ['a', 1, undefined],
      ['toString', Infinity, 'the output is missing'],
      ['b', Infinity, 'the reference has no such output'],
    ]);
  });
});
