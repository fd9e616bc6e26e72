import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { marginalSums } from '../../src/prune/marginal-sums.js';

/** Element by element: the index of each dimension follows from the element's place. */
function oneByOne(data: Float32Array, shape: readonly number[], dim: number): number[] {
  const stride = shape.slice(dim + 1).reduce((a, b) => a * b, 1);
  const sums = new Array<number>(shape[dim]!).fill(0);
  data.forEach((value, i) => (sums[Math.floor(i / stride) % shape[dim]!]! += Math.abs(value)));
  return sums;
}

describe('sums over all dimensions but one', () => {
  it('are those of rows and of columns', () => {
    const sums = marginalSums(Float32Array.of(1, -2, 3, 4, 5, -6), [2, 3], [0, 1], Math.abs);
    expect([...sums.get(0)!]).toEqual([6, 15]);
    expect([...sums.get(1)!]).toEqual([5, 7, 9]);
  });

  it('agree with adding element by element, whatever the shape and the dimensions', () => {
    const shapes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 });
    const cases = shapes.chain((shape) =>
      fc.record({
        shape: fc.constant(shape),
        dims: fc.subarray([...shape.keys()], { minLength: 1 }),
      }),
    );
    fc.assert(
      fc.property(cases, ({ shape, dims }) => {
        const size = shape.reduce((a, b) => a * b, 1);
        // Whole numbers: their sums are exact in any order.
        const data = Float32Array.from({ length: size }, (_, i) => ((i * 7) % 11) - 5);
        const sums = marginalSums(data, shape, dims, Math.abs);
        expect([...sums.keys()]).toEqual(dims);
        for (const dim of dims) expect([...sums.get(dim)!]).toEqual(oneByOne(data, shape, dim));
      }),
    );
  });

  it('keep what is not finite in the sums that it belongs to', () => {
    const sums = marginalSums(Float32Array.of(1, Infinity, 3, NaN), [2, 2], [0, 1], Math.abs);
    expect([...sums.get(0)!]).toEqual([Infinity, NaN]);
    expect([...sums.get(1)!]).toEqual([4, NaN]);
  });
});
