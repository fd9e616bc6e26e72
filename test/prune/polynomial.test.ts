import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Term } from '../../src/axes/terms.js';
import { Polynomial, termSize } from '../../src/prune/polynomial.js';

const leaf = (id: number, size: Term['size']): Term => ({ kind: 'leaf', leaf: id, size });
const sum = (...terms: Term[]): Term => ({ kind: 'sum', terms, size: 0 });
const product = (...factors: Term[]): Term => ({ kind: 'product', factors, size: 0 });

const a = leaf(0, 8);
const b = leaf(1, 6);
const batch = leaf(2, { batch: 1 });

describe('sizes of terms', () => {
  it('follow from the sizes of leaves', () => {
    const term = sum(product(leaf(3, 4), a), b);
    expect(termSize(term, new Map())).toBe(38);
    expect(termSize(term, new Map([[0, 5]]))).toBe(26);
  });

  it('count the batch as one', () => {
    expect(termSize(product(batch, a), new Map())).toBe(8);
    expect(termSize(leaf(2, { batch: 4 }), new Map())).toBe(4);
  });
});

describe('polynomials', () => {
  it('add up products of terms', () => {
    const polynomial = new Polynomial((id) => id < 2);
    polynomial.add([batch, leaf(4, 9), a, b]);
    polynomial.add([b, product(a, leaf(5, 2))]);
    polynomial.add([sum(a, b), a]);
    polynomial.add([leaf(4, 9)]);
    polynomial.add([]);
    const expected = (x: number, y: number): number => 9 * x * y + 2 * x * y + (x + y) * x + 9 + 1;
    expect(polynomial.evaluate(new Map())).toBe(expected(8, 6));
    expect(polynomial.evaluate(new Map([[0, 3]]))).toBe(expected(3, 6));
    expect(
      polynomial.evaluate(
        new Map([
          [0, 1],
          [1, 2],
        ]),
      ),
    ).toBe(expected(1, 2));
  });

  it('do not confuse sums with products of the same leaves', () => {
    const polynomial = new Polynomial(() => true);
    polynomial.add([sum(a, b)]);
    polynomial.add([a, b]);
    polynomial.add([sum(product(a, b), a)]);
    expect(polynomial.evaluate(new Map())).toBe(14 + 48 + 56);
  });

  it('know how fast they grow with each leaf', () => {
    const polynomial = new Polynomial((id) => id < 2);
    polynomial.add([leaf(4, 9), a, b]);
    polynomial.add([sum(a, b), a]);
    polynomial.add([leaf(4, 9)]);
    // 9xy + (x + y)x + 9 at x = 8 and y = 6, times x or y
    expect(polynomial.slopes()).toEqual(
      new Map([
        [0, 8 * (9 * 6 + 2 * 8 + 6)],
        [1, 6 * (9 * 8 + 8)],
      ]),
    );
  });

  it('grow as differences say', () => {
    const leaves = fc.integer({ min: 0, max: 3 }).map((id) => leaf(id, [40, 60, 70, 90][id]!));
    const { term } = fc.letrec<{ term: Term }>((tie) => ({
      term: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        leaves,
        fc.array(tie('term'), { minLength: 1, maxLength: 3 }).map((parts) => sum(...parts)),
        fc.array(tie('term'), { minLength: 1, maxLength: 2 }).map((parts) => product(...parts)),
      ),
    }));
    fc.assert(
      fc.property(fc.array(fc.array(term, { maxLength: 3 }), { maxLength: 4 }), (products) => {
        const polynomial = new Polynomial((id) => id !== 3);
        for (const factors of products) polynomial.add(factors);
        const slopes = polynomial.slopes();
        const at = (id: number, size: number): number => polynomial.evaluate(new Map([[id, size]]));
        for (const [id, size] of [40, 60, 70].entries()) {
          const step = size * 1e-6;
          const difference = (at(id, size + step) - at(id, size - step)) / 2e-6;
          const slope = slopes.get(id) ?? 0;
          expect(Math.abs(slope - difference)).toBeLessThanOrEqual(
            1e-6 * (1 + polynomial.evaluate(new Map())),
          );
        }
      }),
    );
  });
});
