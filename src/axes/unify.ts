/**
 * Unification of axis terms. Makes two dimensions the same axis, refining both where one is composed.
 *
 * - leaf with term: the leaf is bound to it.
 * - sum with sum: their segments are walked, the longer one split.
 * - product with product: their factors are walked, split by common factors; without one both are frozen.
 * - product with sum: the product is split where the segments fall.
 *
 * Terms of equal size only: the caller has checked shapes. A leaf is never part of a term of its own size (parts
 * of size one are left out of products, parts of size zero out of sums), so bindings can't form a cycle.
 */
import type { Dim } from '../ir/graph.js';
import { compareSizes, gcd, isOne, isZero, productOf, quotient, sameSize, sumOf } from '../ir/sizes.js';
import {
  find,
  flatParts,
  leavesOf,
  type LeafNode,
  type Mark,
  type ProductNode,
  type TermNode,
  type Why,
} from './terms.js';

/** Something that happened to leaves, in order: what `explain` prints. */
export type AxisEvent =
  | { readonly kind: 'joined'; readonly leaf: number; readonly with: readonly number[]; readonly why: Why }
  | { readonly kind: 'split'; readonly leaf: number; readonly into: readonly number[]; readonly why: Why }
  | { readonly kind: Mark; readonly leaf: number; readonly why: Why };

const MARKS: readonly Mark[] = ['frozen', 'keep', 'mixes'];

export class Unifier {
  /** All leaves ever made, by id; forwarded ones too. */
  readonly leaves: LeafNode[] = [];
  /** All products ever made: `keep` asks what else is in them. */
  readonly products: ProductNode[] = [];
  readonly events: AxisEvent[] = [];
  /** What is being done now; recorded with every event. */
  why: Why = { message: '', node: null, rule: null };

  leaf(size: Dim): LeafNode {
    const leaf: LeafNode = {
      kind: 'leaf',
      id: this.leaves.length,
      size,
      forward: null,
      resolved: null,
      marks: {},
    };
    this.leaves.push(leaf);
    return leaf;
  }

  /** A product of terms, major to minor. Factors of size one are nobody's channel and are left out. */
  product(factors: readonly TermNode[]): TermNode {
    const parts = factors.filter((f) => !isOne(f.size));
    if (parts.length === 1) return parts[0]!;
    if (parts.length === 0) return factors[0] ?? this.frozenLeaf(1, 'a size of one');
    const product: ProductNode = {
      kind: 'product',
      parts,
      size: productOf(parts.map((p) => p.size)),
      forward: null,
      resolved: null,
      marks: {},
    };
    this.products.push(product);
    return product;
  }

  /** A concatenation of terms. */
  sum(terms: readonly TermNode[]): TermNode {
    const parts = terms.filter((t) => !isZero(t.size));
    if (parts.length === 1) return parts[0]!;
    if (parts.length === 0) return terms[0] ?? this.frozenLeaf(0, 'an empty axis');
    const size = sumOf(parts.map((p) => p.size));
    if (size === null) throw new RangeError('a sum mixes numbers and multiples of the batch');
    return { kind: 'sum', parts, size, forward: null, resolved: null, marks: {} };
  }

  frozenLeaf(size: Dim, message: string): LeafNode {
    const leaf = this.leaf(size);
    this.mark(leaf, 'frozen', message);
    return leaf;
  }

  /**
   * Marks every leaf under a term, with today's reason unless it carries the mark already.
   * @param message Why, in words; as a function where most terms carry the mark, so that the words are seldom needed.
   */
  mark(term: TermNode, mark: Mark, message: string | (() => string) = this.why.message): void {
    if (find(term).marks[mark] !== undefined) return;
    this.#markWith(term, mark, { ...this.why, message: typeof message === 'string' ? message : message() });
  }

  #markWith(term: TermNode, mark: Mark, why: Why): void {
    const stack: TermNode[] = [term];
    while (stack.length > 0) {
      const top = find(stack.pop()!);
      if (top.marks[mark] !== undefined) continue;
      top.marks[mark] = why;
      if (top.kind === 'leaf') this.events.push({ kind: mark, leaf: top.id, why });
      else stack.push(...top.parts);
    }
  }

  /** Makes two terms of equal size one axis. */
  unify(a: TermNode, b: TermNode): void {
    const pending: [TermNode, TermNode][] = [[a, b]];
    while (pending.length > 0) {
      const [left, right] = pending.pop()!;
      const x = find(left);
      const y = find(right);
      if (x === y) continue;
      if (!sameSize(x.size, y.size)) throw new RangeError('axes of different sizes were unified');
      if (x.kind === 'leaf') this.#bind(x, y);
      else if (y.kind === 'leaf') this.#bind(y, x);
      else if (x.kind === 'product' && y.kind === 'product') this.#unifyProducts(x, y, pending);
      else this.#unifySums(x, y, pending);
    }
  }

  #bind(leaf: LeafNode, to: TermNode): void {
    leaf.forward = to;
    this.events.push({
      kind: 'joined',
      leaf: leaf.id,
      with: to.kind === 'leaf' ? [to.id] : leavesOf(to, 16).map((l) => l.id),
      why: this.why,
    });
    for (const mark of MARKS) {
      const why = leaf.marks[mark];
      if (why !== undefined) this.#markWith(to, mark, why);
    }
  }

  #unifyProducts(a: ProductNode, b: ProductNode, pending: [TermNode, TermNode][]): void {
    // Worked from the end of reversed lists, so that a split puts its second half back in place.
    const as = flatParts(a, 'product').reverse();
    const bs = flatParts(b, 'product').reverse();
    while (as.length > 0 && bs.length > 0) {
      const x = takeFlat(as, 'product');
      const y = takeFlat(bs, 'product');
      const common = gcd(x.size, y.size);
      if (isOne(common)) {
        // All of both, matched factors too: so it does not matter which axis met which first.
        for (const whole of [a, b]) {
          this.mark(whole, 'frozen', 'its factors have no common factor with those of the axis it meets');
        }
        break;
      }
      const [x1, x2] = this.#splitFactor(x, common);
      const [y1, y2] = this.#splitFactor(y, common);
      pending.push([x1, y1]);
      if (x2 !== null) as.push(x2);
      if (y2 !== null) bs.push(y2);
    }
    (a as TermNode).forward = b;
  }

  /** A term as `(outer rest)` with an outer factor of the given size; `[term, null]` if that is all of it. */
  #splitFactor(term: TermNode, outer: Dim): [TermNode, TermNode | null] {
    if (sameSize(term.size, outer)) return [term, null];
    const first = this.leaf(outer);
    const second = this.leaf(quotient(term.size, outer));
    const product = this.product([first, second]);
    if (term.kind === 'leaf') this.#forwardSplit(term, product, [first, second]);
    else this.unify(term, product);
    return [first, second];
  }

  #forwardSplit(leaf: LeafNode, to: TermNode, parts: readonly LeafNode[]): void {
    leaf.forward = to;
    this.events.push({ kind: 'split', leaf: leaf.id, into: parts.map((p) => p.id), why: this.why });
    for (const mark of MARKS) {
      const why = leaf.marks[mark];
      if (why !== undefined) this.#markWith(to, mark, why);
    }
  }

  #unifySums(a: TermNode, b: TermNode, pending: [TermNode, TermNode][]): void {
    const as = flatParts(a, 'sum').reverse();
    const bs = flatParts(b, 'sum').reverse();
    while (as.length > 0 && bs.length > 0) {
      const x = takeFlat(as, 'sum');
      const y = takeFlat(bs, 'sum');
      if (x === y) continue;
      const order = compareSizes(x.size, y.size);
      if (order === null) {
        for (const whole of [a, b]) {
          this.mark(whole, 'frozen', 'its segments are not aligned with those of the axis it meets');
        }
        break;
      }
      if (order === 0) pending.push([x, y]);
      else if (order < 0) {
        const [y1, y2] = this.split(y, x.size as number);
        pending.push([x, y1]);
        bs.push(y2);
      } else {
        const [x1, x2] = this.split(x, y.size as number);
        pending.push([x1, y]);
        as.push(x2);
      }
    }
    if (find(a) !== find(b)) find(a).forward = find(b);
  }

  /**
   * Cuts a term at position `at` (0 < at < size) into two terms; the term becomes their sum.
   * A cut inside a product splits its outer factor first, and inside the inner factors both.
   */
  split(term: TermNode, at: number): [TermNode, TermNode] {
    const top = find(term);
    if (top.kind === 'leaf') {
      const first = this.leaf(at);
      const second = this.leaf((top.size as number) - at);
      this.#forwardSplit(top, this.sum([first, second]), [first, second]);
      return [first, second];
    }
    if (top.kind === 'sum') {
      const parts = flatParts(top, 'sum');
      let offset = 0;
      let i = 0;
      while (offset + (parts[i]!.size as number) <= at) offset += parts[i++]!.size as number;
      if (offset === at) return [this.sum(parts.slice(0, i)), this.sum(parts.slice(i))];
      const [first, second] = this.split(parts[i]!, at - offset);
      return [this.sum([...parts.slice(0, i), first]), this.sum([second, ...parts.slice(i + 1)])];
    }
    return this.#splitProduct(top, at);
  }

  #splitProduct(product: ProductNode, at: number): [TermNode, TermNode] {
    const [outer, ...innerParts] = flatParts(product, 'product') as [TermNode, ...TermNode[]];
    const inner = this.product(innerParts);
    const outerSize = outer.size as number;
    const innerSize = inner.size as number;
    const row = Math.floor(at / innerSize);
    const column = at % innerSize;
    const pieces = this.#cut(outer, column === 0 ? [row] : [row, row + 1]);
    let halves: [TermNode, TermNode];
    if (column === 0) {
      halves = [this.product([pieces[0]!, inner]), this.product([pieces[1]!, inner])];
    } else {
      const [head, tail] = this.split(inner, column);
      const before = row > 0 ? [this.product([pieces[0]!, inner])] : [];
      const after = row + 1 < outerSize ? [this.product([pieces[pieces.length - 1]!, inner])] : [];
      // The row that is cut has an outer factor of size one, which therefore can't go.
      const middle = pieces[row > 0 ? 1 : 0]!;
      this.mark(middle, 'frozen', 'an axis is cut inside this row of a product');
      halves = [this.sum([...before, head]), this.sum([tail, ...after])];
    }
    if (product.forward === null) product.forward = this.sum(halves);
    return halves;
  }

  /** Cuts a term at several ascending positions; positions 0 and size make no piece. */
  #cut(term: TermNode, positions: readonly number[]): TermNode[] {
    const pieces: TermNode[] = [];
    let rest: TermNode = term;
    let offset = 0;
    for (const position of positions) {
      if (position === offset || position === offset + (rest.size as number)) continue;
      const [first, second] = this.split(rest, position - offset);
      pieces.push(first);
      offset = position;
      rest = second;
    }
    return [...pieces, rest];
  }

  /** The segment `[begin, begin + size)` of a term. */
  segment(term: TermNode, begin: number, size: number): TermNode {
    const total = find(term).size as number;
    const rest =
      begin === 0 ? term : begin === total ? this.frozenLeaf(0, 'an empty axis') : this.split(term, begin)[1];
    if (size === 0) return this.frozenLeaf(0, 'an empty axis');
    return size === total - begin ? rest : this.split(rest, size)[0];
  }
}

/** Takes the next representative from a reversed list; one that became composed in the meantime is laid flat. */
function takeFlat(reversed: TermNode[], kind: 'sum' | 'product'): TermNode {
  const top = find(reversed.pop()!);
  if (top.kind !== kind) return top;
  const parts = flatParts(top, kind);
  for (let i = parts.length - 1; i > 0; i--) reversed.push(parts[i]!);
  return parts[0]!;
}
