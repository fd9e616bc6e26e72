/** What axis inference found, as immutable data: resolved terms, channel spaces, ends of masks. */
import type { RuleSet } from '../lang/ast.js';
import type { Graph, ValueId } from '../ir/graph.js';
import { isOne } from '../ir/sizes.js';
import type { MaskEnd, Walk } from './infer.js';
import { find, flatParts, leavesOf, partsOf, type Term, type TermNode, type Why } from './terms.js';
import type { AxisEvent } from './unify.js';
import { markNonZero } from './zeros.js';

/** A dimension of a value. */
export interface ValueDim {
  readonly value: ValueId;
  readonly dim: number;
}

/** A set of channels that are pruned together: a leaf that reaches a parameter. */
export interface Space {
  /** The first parameter dimension that shows it: `conv1/kernel[3]`, with `#k` if that dimension holds several. */
  readonly id: string;
  readonly leaf: number;
  readonly size: number;
  /** Why it can't be pruned; empty where it can. */
  readonly frozen: readonly Why[];
  /** Pruned only on request. */
  readonly keep: readonly Why[];
  /** Pruned only if asked for: values would change. */
  readonly mixes: readonly Why[];
  /** Dimensions of parameters that its channels own. */
  readonly parameters: readonly ValueDim[];
}

export interface AxisAnalysis {
  /** One term a dimension. */
  readonly terms: ReadonlyMap<ValueId, readonly Term[]>;
  readonly spaces: readonly Space[];
  /** The terms of the axes that a node's rule names, by node; resolved when first asked for. */
  readonly nodeAxes: Pick<ReadonlyMap<string, ReadonlyMap<string, readonly Term[]>>, 'get'>;
  /** Where masks are multiplied in. */
  readonly ends: readonly MaskEnd[];
  /** Dimensions of all values that share a leaf; computed when first asked for. */
  membersOf(leaf: number): readonly ValueDim[];
  /** What happened to leaves, and the final leaves that each of the events' leaves became. */
  readonly history: AxisHistory;
}

export interface AxisHistory {
  readonly events: readonly AxisEvent[];
  /** The final leaves that an event's leaf became. */
  finalLeaves(leaf: number): readonly number[];
  /** The leaves, as events number them, that a dimension had when its value was made. */
  firstLeaves(value: ValueId, dim: number): readonly number[];
}

/** Resolves the state of a finished walk. */
export function analyse(graph: Graph, rules: RuleSet, walk: Walk): AxisAnalysis {
  const order = new Map<number, number>();
  const resolve = (node: TermNode): Term => {
    const top = find(node);
    if (top.resolved !== null) return top.resolved;
    let term: Term;
    if (top.kind === 'leaf') {
      const leaf = order.get(top.id) ?? order.size;
      order.set(top.id, leaf);
      term = { kind: 'leaf', leaf, size: top.size };
    } else if (top.kind === 'sum') term = { kind: 'sum', terms: top.parts.map(resolve), size: top.size };
    else term = { kind: 'product', factors: top.parts.map(resolve), size: top.size };
    top.resolved = term;
    return term;
  };

  markNonZero(graph, rules, walk);
  const yielded = yieldingKeeps(graph, walk);

  const terms = new Map<ValueId, readonly Term[]>();
  for (const [value, nodes] of walk.terms) terms.set(value, nodes.map(resolve));
  const nodeAxes = new Map<string, ReadonlyMap<string, readonly Term[]>>();
  const axesOf = (node: string): ReadonlyMap<string, readonly Term[]> | undefined => {
    const known = nodeAxes.get(node);
    const axes = walk.nodeAxes.get(node);
    if (known !== undefined || axes === undefined) return known;
    const resolvedAxes = new Map([...axes].map(([name, nodes]) => [name, nodes.map(resolve)]));
    nodeAxes.set(node, resolvedAxes);
    return resolvedAxes;
  };

  let members: Map<number, ValueDim[]> | null = null;
  return {
    terms,
    nodeAxes: { get: axesOf },
    spaces: channelSpaces(graph, walk, order, yielded),
    ends: walk.ends.flatMap((end) => end.dims.map((dim) => ({ ...dim, node: end.node.id }))),
    membersOf: (leaf) => {
      members ??= collectMembers(terms);
      return members.get(leaf) ?? [];
    },
    history: {
      events: walk.unifier.events,
      finalLeaves: (leaf) => leavesOf(walk.unifier.leaves[leaf]!).flatMap((l) => order.get(l.id) ?? []),
      firstLeaves: (value, dim) => originalLeaves(walk.terms.get(value)?.[dim]),
    },
  };
}

/** The leaves of a term as it was made, whatever it has been unified with since. */
function originalLeaves(term: TermNode | undefined): number[] {
  if (term === undefined) return [];
  return term.kind === 'leaf' ? [term.id] : term.parts.flatMap(originalLeaves);
}

function collectMembers(terms: ReadonlyMap<ValueId, readonly Term[]>): Map<number, ValueDim[]> {
  const members = new Map<number, ValueDim[]>();
  for (const [value, dims] of terms) {
    dims.forEach((term, dim) => {
      for (const leaf of new Set(termLeaves(term))) {
        const list = members.get(leaf) ?? [];
        members.set(leaf, list);
        list.push({ value, dim });
      }
    });
  }
  return members;
}

/** The leaves of a resolved term, in order. */
export function termLeaves(term: Term): number[] {
  if (term.kind === 'leaf') return [term.leaf];
  return partsOf(term).flatMap(termLeaves);
}

/** Leaves marked `keep` that may go all the same: in no product with them is there anything else to prune. */
function yieldingKeeps(graph: Graph, walk: Walk): Set<number> {
  if (!walk.unifier.leaves.some((leaf) => leaf.marks.keep !== undefined)) return new Set();
  const owned = new Set<number>();
  for (const value of Object.keys(graph.parameters)) {
    for (const term of walk.terms.get(value) ?? []) for (const leaf of leavesOf(term)) owned.add(leaf.id);
  }
  const canGo = (term: TermNode): boolean =>
    leavesOf(term).some(
      (l) =>
        owned.has(l.id) &&
        l.marks.frozen === undefined &&
        l.marks.keep === undefined &&
        l.marks.mixes === undefined &&
        !isOne(l.size),
    );
  const held = new Set<number>();
  for (const product of walk.unifier.products) {
    const factors = flatParts(product, 'product');
    const free = factors.map(canGo);
    factors.forEach((factor, i) => {
      if (!free.some((can, j) => can && j !== i)) return;
      for (const leaf of leavesOf(factor)) if (leaf.marks.keep !== undefined) held.add(leaf.id);
    });
  }
  return new Set(
    walk.unifier.leaves.flatMap((leaf) =>
      leaf.forward === null && leaf.marks.keep !== undefined && !held.has(leaf.id) ? [leaf.id] : [],
    ),
  );
}

function channelSpaces(
  graph: Graph,
  walk: Walk,
  order: ReadonlyMap<number, number>,
  yielded: ReadonlySet<number>,
): Space[] {
  const spaces = new Map<number, { space: Omit<Space, 'parameters'>; parameters: ValueDim[] }>();
  const reason = (why: Why | undefined): Why[] => (why === undefined ? [] : [why]);
  for (const [value, { name }] of Object.entries(graph.parameters)) {
    (walk.terms.get(value) ?? []).forEach((term, dim) => {
      const leaves = leavesOf(term);
      leaves.forEach((leaf, k) => {
        if (typeof leaf.size !== 'number' || leaf.size === 0) return;
        let entry = spaces.get(leaf.id);
        if (entry === undefined) {
          const { frozen, keep, mixes } = leaf.marks;
          entry = {
            space: {
              id: leaves.length === 1 ? `${name}[${dim}]` : `${name}[${dim}]#${k}`,
              leaf: order.get(leaf.id)!,
              size: leaf.size,
              frozen: reason(frozen),
              keep: yielded.has(leaf.id) ? [] : reason(keep),
              mixes: reason(mixes),
            },
            parameters: [],
          };
          spaces.set(leaf.id, entry);
        }
        const last = entry.parameters[entry.parameters.length - 1];
        if (last?.value !== value || last.dim !== dim) entry.parameters.push({ value, dim });
      });
    });
  }
  return [...spaces.values()].map(({ space, parameters }) => ({ ...space, parameters }));
}
