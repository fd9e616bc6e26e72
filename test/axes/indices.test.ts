import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keptIndices, keptSize, leafIndexOf, visitChannels, type Keep } from '../../src/axes/indices.js';
import type { Term } from '../../src/axes/terms.js';

const leaf = (n: number, size: number): Term => ({ kind: 'leaf', leaf: n, size });
const sum = (...terms: Term[]): Term => ({
  kind: 'sum',
  terms,
  size: terms.reduce((total, t) => total + (t.size as number), 0),
});
const product = (...factors: Term[]): Term => ({
  kind: 'product',
  factors,
  size: factors.reduce((total, t) => total * (t.size as number), 1),
});

describe('index lists', () => {
  const keep: Keep = new Map([
    [0, [1, 2]],
    [1, [0]],
  ]);

  it('concatenates in a sum and crosses in a product', () => {
    expect(keptIndices(sum(leaf(0, 4), leaf(1, 2), leaf(2, 2)), keep)).toEqual([1, 2, 4, 6, 7]);
    expect(keptIndices(product(leaf(2, 2), leaf(0, 4)), keep)).toEqual([1, 2, 5, 6]);
    expect(keptIndices(product(leaf(0, 4), leaf(2, 2)), keep)).toEqual([2, 3, 4, 5]);
  });

  it('is null where nothing goes', () => {
    expect(keptIndices(product(leaf(2, 2), leaf(3, 4)), keep)).toBeNull();
  });

  it('says which channel owns a position', () => {
    expect([...leafIndexOf(product(leaf(2, 2), leaf(0, 3)), 0)]).toEqual([0, 1, 2, 0, 1, 2]);
    expect([...leafIndexOf(product(leaf(0, 3), leaf(2, 2)), 0)]).toEqual([0, 0, 1, 1, 2, 2]);
    expect([...leafIndexOf(sum(leaf(2, 2), leaf(0, 3)), 0)]).toEqual([-1, -1, 0, 1, 2]);
    expect([...leafIndexOf(product(leaf(2, 2), sum(leaf(1, 1), leaf(0, 2)), leaf(3, 2)), 0)]).toEqual([
      -1, -1, 0, 0, 1, 1, -1, -1, 0, 0, 1, 1,
    ]);
  });

  const anyTerm: fc.Arbitrary<Term> = fc.letrec<{ term: Term }>((tie) => ({
    term: fc.oneof(
      { maxDepth: 3 },
      fc.tuple(fc.integer({ min: 0, max: 3 }), fc.constantFrom(2, 3, 5)).map(([n, s]) => leaf(n * 10 + s, s)),
      fc.array(tie('term'), { minLength: 2, maxLength: 3 }).map((terms) => sum(...terms)),
      fc.array(tie('term'), { minLength: 2, maxLength: 2 }).map((terms) => product(...terms)),
    ),
  })).term;

  it('are sorted, unique, in range, and as many as the size says', () => {
    fc.assert(
      fc.property(anyTerm, fc.infiniteStream(fc.boolean()), (term, coins) => {
        const kept = new Map<number, number[]>();
        visitChannels(term, (l) => {
          if (kept.has(l)) return;
          const chosen = Array.from({ length: l % 10 }, (_, i) => i).filter(
            () => coins.next().value as boolean,
          );
          kept.set(l, chosen.length === 0 ? [0] : chosen);
        });
        const indices = keptIndices(term, kept)!;
        expect(indices.length).toBe(keptSize(term, kept));
        expect([...new Set(indices)].sort((a, b) => a - b)).toEqual(indices);
        expect(indices.every((i) => i >= 0 && i < (term.size as number))).toBe(true);
      }),
    );
  });

  it('keep exactly the positions all of whose channels stay', () => {
    fc.assert(
      fc.property(anyTerm, (term) => {
        const kept = new Map<number, number[]>();
        visitChannels(term, (l) => kept.set(l, [0]));
        const gone = new Set<number>();
        visitChannels(term, (l, channel, position) => {
          if (!kept.get(l)!.includes(channel)) gone.add(position);
        });
        const expected = Array.from({ length: term.size as number }, (_, i) => i).filter((i) => !gone.has(i));
        expect(keptIndices(term, kept)).toEqual(expected);
      }),
    );
  });
});
