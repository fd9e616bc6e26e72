/**
 * Sums of products of dimension sizes, as functions of how many channels every space keeps. Searching a target
 * evaluates them hundreds of times, so equal products are counted together and constants are multiplied out once.
 */
import { partsOf, type Term } from '../axes/terms.js';
import type { Dim } from '../ir/graph.js';

/** Channels kept, by leaf; a leaf that is not in it keeps its size. */
export type LeafSizes = ReadonlyMap<number, number>;

/** A size as a number: the batch counts as 1. */
export function perExample(dim: Dim): number {
  return typeof dim === 'number' ? dim : dim.batch;
}

/**
 * The length of a dimension when leaves have the given sizes; the batch counts as 1.
 * @param known composed terms whose length has been computed: a concatenation of concatenations shares its parts
 */
export function termSize(term: Term, sizes: LeafSizes, known = new Map<Term, number>()): number {
  if (term.kind === 'leaf') return sizes.get(term.leaf) ?? perExample(term.size);
  let size = known.get(term);
  if (size === undefined) {
    size =
      term.kind === 'sum'
        ? term.terms.reduce((sum, part) => sum + termSize(part, sizes, known), 0)
        : term.factors.reduce((product, part) => product * termSize(part, sizes, known), 1);
    known.set(term, size);
  }
  return size;
}

/** Builds and evaluates a sum of products of terms. */
export class Polynomial {
  private constant = 0;
  /** Distinct factors: leaves that vary, and sums with such a leaf. */
  private readonly factors: Term[] = [];
  private readonly factorOf = new Map<string, number>();
  /** Composed terms that are known to vary, or not to. */
  private readonly constants = new Map<Term, boolean>();
  private readonly monomials = new Map<
    string,
    { coefficient: number; readonly factors: readonly number[] }
  >();

  /** @param varies whether a leaf can lose channels; all others are constants */
  constructor(private readonly varies: (leaf: number) => boolean) {}

  /** Adds the product of the terms. */
  add(terms: readonly Term[]): void {
    let coefficient = 1;
    const factors: number[] = [];
    const pending = [...terms];
    while (pending.length > 0) {
      const term = pending.pop()!;
      if (term.kind === 'product') pending.push(...term.factors);
      else if (this.isConstant(term)) coefficient *= termSize(term, unchanged);
      else factors.push(this.factor(term));
    }
    if (factors.length === 0) {
      this.constant += coefficient;
      return;
    }
    factors.sort((a, b) => a - b);
    const key = factors.join(' ');
    const monomial = this.monomials.get(key);
    if (monomial === undefined) this.monomials.set(key, { coefficient, factors });
    else monomial.coefficient += coefficient;
  }

  evaluate(sizes: LeafSizes): number {
    const known = new Map<Term, number>();
    const values = this.factors.map((term) => termSize(term, sizes, known));
    let total = this.constant;
    for (const { coefficient, factors } of this.monomials.values()) {
      let product = coefficient;
      for (const factor of factors) product *= values[factor]!;
      total += product;
    }
    return total;
  }

  /**
   * By leaf, how fast the total grows with it at its full size: the derivative times the size, which is what losing all
   * of it would save if the total were linear in it.
   */
  slopes(): Map<number, number> {
    const known = new Map<Term, number>();
    const values = this.factors.map((term) => termSize(term, unchanged, known));
    // A product grows in proportion to each of its factors, a sum to each part by its share.
    const growth = new Map<Term, number>();
    const grow = (term: Term, by: number): unknown => growth.set(term, (growth.get(term) ?? 0) + by);
    for (const { coefficient, factors } of this.monomials.values()) {
      const product = factors.reduce((all, factor) => all * values[factor]!, coefficient);
      for (const factor of factors) grow(this.factors[factor]!, product);
    }
    const slopes = new Map<number, number>();
    for (const term of outermostFirst(this.factors)) {
      const by = growth.get(term) ?? 0;
      if (by === 0) continue;
      if (term.kind === 'product') for (const factor of term.factors) grow(factor, by);
      else if (term.kind === 'sum') {
        const size = termSize(term, unchanged, known);
        for (const part of term.terms) grow(part, (by * termSize(part, unchanged, known)) / size);
      } else if (this.varies(term.leaf)) slopes.set(term.leaf, (slopes.get(term.leaf) ?? 0) + by);
    }
    return slopes;
  }

  private isConstant(term: Term): boolean {
    if (term.kind === 'leaf') return !this.varies(term.leaf);
    let constant = this.constants.get(term);
    if (constant === undefined) {
      constant = partsOf(term).every((part) => this.isConstant(part));
      this.constants.set(term, constant);
    }
    return constant;
  }

  private factor(term: Term): number {
    const key = this.key(term);
    const known = this.factorOf.get(key);
    if (known !== undefined) return known;
    const index = this.factors.length;
    this.factors.push(term);
    this.factorOf.set(key, index);
    return index;
  }

  /** Equal for terms of equal structure. */
  private key(term: Term): string {
    if (term.kind === 'leaf') return `${term.leaf}`;
    const [parts, sign] = term.kind === 'sum' ? [term.terms, '+'] : [term.factors, '*'];
    return `(${parts.map((part) => this.key(part)).join(sign)})`;
  }
}

const unchanged: LeafSizes = new Map();

/** All parts of some terms, each before its own parts: a concatenation of concatenations shares them. */
function outermostFirst(terms: readonly Term[]): Term[] {
  const found = new Set<Term>();
  const visit = (term: Term): void => {
    if (found.has(term)) return;
    for (const part of partsOf(term)) visit(part);
    found.add(term);
  };
  terms.forEach(visit);
  return [...found].reverse();
}
