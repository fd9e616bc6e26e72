/**
 * Axis terms: what a dimension is made of. `Leaf(size) | Sum(terms) | Product(terms)`.
 *
 * While a graph is walked, terms are mutable nodes that a union-find forwards to each other; nothing outside
 * `src/axes` sees them. Sizes never change: a term and what it is forwarded to are always equally long.
 */
import type { Dim, RulePlace } from '../ir/graph.js';

/** Why something was done to an axis: the node being walked and the line of the rule that asked for it. */
export interface Why {
  readonly message: string;
  /** The graph node, if it was done for one. */
  readonly node: string | null;
  readonly rule: RulePlace | null;
}

/** The marks an axis can carry. */
export type Mark = 'frozen' | 'keep' | 'mixes';

interface TermBase {
  readonly size: Dim;
  /** What this term has been unified with; null for a representative. */
  forward: TermNode | null;
  /** What it is when the walk is over. */
  resolved: Term | null;
  /** The first reason for each mark. On sums and products: everything below carries it. */
  readonly marks: { [M in Mark]?: Why };
}

export interface LeafNode extends TermBase {
  readonly kind: 'leaf';
  readonly id: number;
}

export interface SumNode extends TermBase {
  readonly kind: 'sum';
  readonly parts: readonly TermNode[];
}

export interface ProductNode extends TermBase {
  readonly kind: 'product';
  /** Major to minor. */
  readonly parts: readonly TermNode[];
}

export type TermNode = LeafNode | SumNode | ProductNode;

/** A term after inference: immutable, with leaves numbered in the order in which they first appear. */
export type Term =
  | { readonly kind: 'leaf'; readonly leaf: number; readonly size: Dim }
  | { readonly kind: 'sum'; readonly terms: readonly Term[]; readonly size: Dim }
  | { readonly kind: 'product'; readonly factors: readonly Term[]; readonly size: Dim };

/** What a term is made of; a leaf of nothing. */
export function partsOf(term: Term): readonly Term[] {
  return term.kind === 'leaf' ? [] : term.kind === 'sum' ? term.terms : term.factors;
}

/** The representative of a term; shortens the path to it. */
export function find(term: TermNode): TermNode {
  let root = term;
  while (root.forward !== null) root = root.forward;
  let step = term;
  while (step.forward !== null) {
    const next: TermNode = step.forward;
    step.forward = root === step ? null : root;
    step = next;
  }
  return root;
}

/** The representative parts of a sum (or of a product), nested ones of the same kind laid flat, in order. */
export function flatParts(term: TermNode, kind: 'sum' | 'product'): TermNode[] {
  const flat: TermNode[] = [];
  const stack: TermNode[] = [term];
  while (stack.length > 0) {
    const top = find(stack.pop()!);
    if (top.kind !== kind) flat.push(top);
    else for (let i = top.parts.length - 1; i >= 0; i--) stack.push(top.parts[i]!);
  }
  return flat;
}

/** All leaves under a term (or the first of them), each once a place. */
export function leavesOf(term: TermNode, most = Infinity): LeafNode[] {
  const leaves: LeafNode[] = [];
  const stack: TermNode[] = [term];
  while (stack.length > 0 && leaves.length < most) {
    const top = find(stack.pop()!);
    if (top.kind === 'leaf') leaves.push(top);
    else for (let i = top.parts.length - 1; i >= 0; i--) stack.push(top.parts[i]!);
  }
  return leaves;
}
