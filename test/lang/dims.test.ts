import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Dim } from '../../src/ir/graph.js';
import {
  addDims,
  batchDim,
  divDims,
  equalDims,
  equalShapes,
  isBatch,
  mulDims,
  printDim,
  productOfDims,
  subDims,
} from '../../src/lang/dims.js';

const dim = fc.oneof(fc.integer({ min: -50, max: 50 }), fc.integer({ min: -50, max: 50 }).map(batchDim));
const batch = fc.integer({ min: 1, max: 9 });

/** What a size is for a batch of n. */
const at = (size: Dim, n: number): number => (typeof size === 'number' ? size : size.batch * n);

describe('arithmetic on sizes', () => {
  it.each([
    ['sum', addDims, (a: number, b: number) => a + b],
    ['difference', subDims, (a: number, b: number) => a - b],
    ['product', mulDims, (a: number, b: number) => a * b],
    ['quotient', divDims, (a: number, b: number) => a / b],
  ] as const)('a %s that exists is right for every batch', (_, onDims, onNumbers) => {
    fc.assert(
      fc.property(dim, dim, batch, (a, b, n) => {
        const result = onDims(a, b);
        if (result !== null) expect(at(result, n)).toBeCloseTo(onNumbers(at(a, n), at(b, n)), 10);
      }),
    );
  });

  it('a sum or product without N always exists', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), (a, b) => {
        expect(addDims(a, b)).toBe(a + b);
        expect(mulDims(a, b)).toBe(a * b);
      }),
    );
  });

  it('is commutative where addition and multiplication are', () => {
    fc.assert(
      fc.property(dim, dim, (a, b) => {
        expect(addDims(a, b)).toEqual(addDims(b, a));
        expect(mulDims(a, b)).toEqual(mulDims(b, a));
      }),
    );
  });

  it('divides what it multiplied', () => {
    fc.assert(
      fc.property(dim, fc.integer({ min: 1, max: 50 }), (a, b) => {
        expect(divDims(mulDims(a, b)!, b)).toEqual(a === 0 ? 0 : a);
      }),
    );
  });

  it('is exact or nothing', () => {
    expect(divDims(7, 2)).toBeNull();
    expect(divDims({ batch: 6 }, 4)).toBeNull();
    expect(divDims({ batch: 6 }, 3)).toEqual({ batch: 2 });
    expect(divDims({ batch: 6 }, { batch: 2 })).toBe(3);
    expect(divDims(6, { batch: 1 })).toBeNull();
    expect(divDims(6, 0)).toBeNull();
    expect(addDims({ batch: 1 }, 3)).toBeNull();
    expect(addDims({ batch: 1 }, 0)).toEqual({ batch: 1 });
    expect(subDims({ batch: 2 }, { batch: 2 })).toBe(0);
    expect(mulDims({ batch: 1 }, { batch: 1 })).toBeNull();
    expect(mulDims({ batch: 3 }, 0)).toBe(0);
  });

  it('compares and prints', () => {
    expect(equalDims({ batch: 1 }, { batch: 1 })).toBe(true);
    expect(equalDims({ batch: 1 }, 1)).toBe(false);
    expect(equalShapes([{ batch: 1 }, 3], [{ batch: 1 }, 3])).toBe(true);
    expect(equalShapes([3], [3, 3])).toBe(false);
    expect([{ batch: 1 }, { batch: 4 }, { batch: -1 }, 128].map(printDim)).toEqual(['N', '4N', '-N', '128']);
    expect(productOfDims([{ batch: 1 }, 7, 7, 64])).toEqual({ batch: 3136 });
    expect(productOfDims([])).toBe(1);
    expect(productOfDims([{ batch: 1 }, { batch: 1 }])).toBeNull();
  });

  it('tells a multiple of N from other values', () => {
    expect([{ batch: 2 }, { batch: 'x' }, { batch: 1, size: 2 }, [1], null, 3].map(isBatch)).toEqual([
      true,
      false,
      false,
      false,
      false,
      false,
    ]);
  });
});
