import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { find, flatParts, leavesOf, type TermNode } from '../../src/axes/terms.js';
import { Unifier } from '../../src/axes/unify.js';

/** A term as text: sizes of leaves, `+` for sums, space for products; equal leaves get equal letters. */
function show(terms: readonly TermNode[]): string {
  const names = new Map<number, string>();
  const text = (term: TermNode): string => {
    const top = find(term);
    if (top.kind === 'leaf') {
      const name = names.get(top.id) ?? String.fromCharCode(97 + names.size);
      names.set(top.id, name);
      const size = typeof top.size === 'number' ? `${top.size}` : `${top.size.batch}N`;
      return `${name}${size}${top.marks.frozen === undefined ? '' : '!'}`;
    }
    return `(${flatParts(top, top.kind)
      .map(text)
      .join(top.kind === 'sum' ? ' + ' : ' ')})`;
  };
  return terms.map(text).join('  ');
}

describe('unify', () => {
  it('binds a leaf to a term', () => {
    const u = new Unifier();
    const c = u.leaf(8);
    const sum = u.sum([u.leaf(3), u.leaf(5)]);
    u.unify(c, sum);
    expect(show([c, sum])).toBe('(a3 + b5)  (a3 + b5)');
  });

  it('walks two sums and splits the longer segment', () => {
    const u = new Unifier();
    const left = u.sum([u.leaf(3), u.leaf(5)]);
    const right = u.sum([u.leaf(4), u.leaf(4)]);
    u.unify(left, right);
    expect(show([left, right])).toBe('(a3 + b1 + c4)  (a3 + b1 + c4)');
  });

  it('walks two products and splits by common factors', () => {
    const u = new Unifier();
    const left = u.product([u.leaf(4), u.leaf(6)]);
    const right = u.product([u.leaf(2), u.leaf(12)]);
    u.unify(left, right);
    expect(show([left, right])).toBe('(a2 b2 c6)  (a2 b2 c6)');
  });

  it('freezes products without a common factor', () => {
    const u = new Unifier();
    const left = u.product([u.leaf(3), u.leaf(4)]);
    const right = u.product([u.leaf(4), u.leaf(3)]);
    u.unify(left, right);
    expect(leavesOf(left).every((leaf) => leaf.marks.frozen !== undefined)).toBe(true);
    expect(leavesOf(right).every((leaf) => leaf.marks.frozen !== undefined)).toBe(true);
  });

  it('unifies the slices of a sum that is made into equal factors', () => {
    const u = new Unifier();
    const a = u.leaf(4);
    const b = u.leaf(4);
    const groups = u.leaf(2);
    const channels = u.leaf(4);
    u.unify(u.sum([a, b]), u.product([groups, channels]));
    expect(find(a)).toBe(find(channels));
    expect(find(b)).toBe(find(channels));
  });

  it('cuts the outer factor of a product first, and both where the cut is inside', () => {
    const u = new Unifier();
    const product = u.product([u.leaf(2), u.leaf(3)]);
    const sum = u.sum([u.leaf(4), u.leaf(2)]);
    u.unify(product, sum);
    expect(show([product])).toBe('(a1 + b2 + a1 + b2)');
  });

  it('ends on a rolled axis', () => {
    const u = new Unifier();
    const a = u.leaf(3);
    const b = u.leaf(5);
    u.unify(u.sum([a, b]), u.sum([b, a]));
    expect(new Set([...leavesOf(a), ...leavesOf(b)].map((leaf) => leaf.id)).size).toBe(1);
  });

  it('keeps the batch as a factor of its own', () => {
    const u = new Unifier();
    const batch = u.leaf({ batch: 1 });
    const tokens = u.leaf(49);
    const flat = u.product([batch, tokens]);
    const again = [u.leaf({ batch: 1 }), u.leaf(49)];
    u.unify(flat, u.product(again));
    expect(find(again[0]!)).toBe(find(batch));
    expect(find(again[1]!)).toBe(find(tokens));
  });

  it('hands marks on to everything a leaf becomes', () => {
    const u = new Unifier();
    const c = u.frozenLeaf(8, 'it is an input');
    const parts = [u.leaf(2), u.leaf(6)];
    u.unify(u.sum(parts), c);
    expect(parts.map((part) => (find(part).marks.frozen ?? { message: '' }).message)).toEqual([
      'it is an input',
      'it is an input',
    ]);
  });
});

// ---------------------------------------------------------------- properties

/** How a term of some size is built: a recipe, so that the same terms can be made in several unifiers. */
type Recipe = { leaf: number } | { sum: Recipe[] } | { product: Recipe[] };

const recipe = (size: number, depth: number): fc.Arbitrary<Recipe> => {
  const leaf = fc.constant<Recipe>({ leaf: size });
  if (depth === 0 || size < 2) return leaf;
  const sum = fc
    .integer({ min: 1, max: size - 1 })
    .chain((first) =>
      fc
        .tuple(recipe(first, depth - 1), recipe(size - first, depth - 1))
        .map<Recipe>((parts) => ({ sum: parts })),
    );
  const divisors = Array.from({ length: size - 2 }, (_, i) => i + 2).filter((d) => size % d === 0);
  const product =
    divisors.length === 0
      ? leaf
      : fc
          .constantFrom(...divisors)
          .chain((d) =>
            fc
              .tuple(recipe(d, depth - 1), recipe(size / d, depth - 1))
              .map<Recipe>((parts) => ({ product: parts })),
          );
  return fc.oneof(leaf, sum, product);
};

function build(r: Recipe, u: Unifier): TermNode {
  if ('leaf' in r) return u.leaf(r.leaf);
  if ('sum' in r) return u.sum(r.sum.map((part) => build(part, u)));
  return u.product(r.product.map((part) => build(part, u)));
}

/** For each position of a term, what owns it: the leaves and their channels, as a class of equal strings. */
function owners(term: TermNode): string[] {
  const top = find(term);
  if (top.kind === 'leaf') {
    return Array.from({ length: top.size as number }, (_, i) => (top.size === 1 ? '' : `${top.id}.${i}`));
  }
  const parts = top.parts.map(owners);
  if (top.kind === 'sum') return parts.flat();
  return parts.reduce((outer, inner) => outer.flatMap((o) => inner.map((i) => `${o}/${i}`)));
}

/** Positions of one axis that fall together by size-one leaves don't matter: compare up to frozen pieces. */
const sizes = (term: TermNode): number => {
  const top = find(term);
  if (top.kind === 'leaf') return top.size as number;
  const parts = top.parts.map(sizes);
  return parts.reduce((a, b) => (top.kind === 'sum' ? a + b : a * b));
};

const pairOfTerms = fc
  .integer({ min: 1, max: 48 })
  .chain((size) => fc.tuple(recipe(size, 3), recipe(size, 3)));
const tripleOfTerms = fc
  .integer({ min: 1, max: 36 })
  .chain((size) => fc.tuple(recipe(size, 2), recipe(size, 2), recipe(size, 2)));

describe('unify, for all terms', () => {
  it('preserves sizes', () => {
    fc.assert(
      fc.property(pairOfTerms, ([r, s]) => {
        const u = new Unifier();
        const [a, b] = [build(r, u), build(s, u)];
        const before = sizes(a);
        u.unify(a, b);
        expect(sizes(a)).toBe(before);
        expect(sizes(b)).toBe(before);
      }),
    );
  });

  it('makes both sides the same term', () => {
    fc.assert(
      fc.property(pairOfTerms, ([r, s]) => {
        const u = new Unifier();
        const [a, b] = [build(r, u), build(s, u)];
        u.unify(a, b);
        expect(owners(a)).toEqual(owners(b));
      }),
    );
  });

  // Products without a common refinement are frozen as a whole, which a finer cut made earlier could have avoided:
  // there, and only there, the order decides how much is frozen.
  it('comes to the same partition whatever the order, unless axes conflict', () => {
    fc.assert(
      fc.property(tripleOfTerms, ([r, s, t]) => {
        const partition = (order: readonly (readonly [number, number])[]): string[] => {
          const u = new Unifier();
          const terms = [build(r, u), build(s, u), build(t, u)];
          for (const [i, j] of order) u.unify(terms[i]!, terms[j]!);
          fc.pre(
            !u.events.some((event) => event.kind === 'frozen' && event.why.message.includes('common factor')),
          );
          return [...new Set(terms.map((term) => classes(term)))];
        };
        const one = partition([
          [0, 1],
          [1, 2],
        ]);
        const other = partition([
          [2, 0],
          [1, 0],
        ]);
        expect(one).toEqual(other);
      }),
    );
  });
});

/** Which channels must go together, as text: positions that share a prunable channel share a number. */
function classes(term: TermNode): string {
  const names = new Map<string, number>();
  const leafFrozen = new Set(
    leavesOf(term).flatMap((leaf) => (leaf.marks.frozen === undefined ? [] : [`${leaf.id}`])),
  );
  return owners(term)
    .map((owner) => {
      const free = owner
        .split('/')
        .filter((part) => part !== '' && !leafFrozen.has(part.split('.')[0]!))
        .join('/');
      if (free === '') return '-';
      const name = names.get(free) ?? names.size;
      names.set(free, name);
      return `${name}`;
    })
    .join(' ');
}
