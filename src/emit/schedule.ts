/**
 * The order of statements: topological, each group of nodes in one piece wherever the data flow allows it, and depth
 * first, so that a branch is read to its end before the next one starts.
 */
import { operandValues, type Graph, type Node } from '../ir/graph.js';
import type { Group } from './scopes.js';

/** A function's statements: nodes, and calls of the functions inside. */
export interface Piece {
  readonly group: Group;
  readonly items: Item[];
}
export type Item =
  { readonly kind: 'node'; readonly node: Node } | { readonly kind: 'piece'; readonly piece: Piece };

interface GroupState {
  readonly group: Group;
  readonly parent: GroupState | null;
  readonly depth: number;
  /** Values from outside that are not computed yet. */
  waiting: number;
  /** What can run now, last first: nodes, and groups inside that have all they need. */
  readonly ready: (Node | GroupState)[];
  /** Groups inside that have nodes that can run, though not all they need. */
  readonly partial: GroupState[];
}

/** Orders the nodes of a graph. A group whose parts depend on each other through another group comes in pieces. */
export function schedule(graph: Graph, root: Group, groupOf: ReadonlyMap<Node, Group>): Piece {
  const states = new Map<Group, GroupState>();
  const stateOf = (group: Group): GroupState => {
    const known = states.get(group);
    if (known !== undefined) return known;
    const parent = group.parent === null ? null : stateOf(group.parent);
    const state = { group, parent, depth: (parent?.depth ?? -1) + 1, waiting: 0, ready: [], partial: [] };
    states.set(group, state);
    return state;
  };
  const rootState = stateOf(root);
  const home = new Map(graph.nodes.map((node) => [node, stateOf(groupOf.get(node)!)]));
  const producers = new Map(graph.nodes.flatMap((node) => node.results.map((id) => [id, node] as const)));
  const consumers = new Map<Node, Node[]>(graph.nodes.map((node) => [node, []]));
  const waiting = new Map<Node, number>();
  for (const node of graph.nodes) {
    const sources = new Set(operandValues(node).flatMap((id) => producers.get(id) ?? []));
    waiting.set(node, sources.size);
    for (const source of sources) {
      consumers.get(source)!.push(node);
      for (const state of entered(home.get(source)!, home.get(node)!)) state.waiting++;
    }
  }

  const announce = (node: Node): void => {
    let state = home.get(node)!;
    state.ready.push(node);
    for (; state.parent !== null; state = state.parent) {
      const list = state.waiting === 0 ? state.parent.ready : state.parent.partial;
      list.push(state);
    }
  };
  const finish = (node: Node): void => {
    const state = home.get(node)!;
    const freed: Node[] = [];
    for (const consumer of consumers.get(node)!) {
      for (const inner of entered(state, home.get(consumer)!)) {
        if (--inner.waiting === 0) inner.parent!.ready.push(inner);
      }
      const left = waiting.get(consumer)! - 1;
      waiting.set(consumer, left);
      if (left === 0) freed.push(consumer);
    }
    // The last one pushed runs first: the one that came first in the model.
    freed.reverse().forEach(announce);
  };

  const run = (state: GroupState): Piece => {
    const piece: Piece = { group: state.group, items: [] };
    for (;;) {
      const next = state.ready.pop() ?? state.partial.pop();
      if (next === undefined) return piece;
      if ('results' in next) {
        piece.items.push({ kind: 'node', node: next });
        finish(next);
      } else {
        const inner = run(next);
        if (inner.items.length > 0) piece.items.push({ kind: 'piece', piece: inner });
      }
    }
  };

  [...graph.nodes].reverse().forEach((node) => {
    if (waiting.get(node) === 0) announce(node);
  });
  return run(rootState);
}

/** The groups that a value enters on its way from one group to another, innermost first. */
function entered(from: GroupState, to: GroupState): GroupState[] {
  const found: GroupState[] = [];
  let source = from;
  let target = to;
  while (source !== target) {
    const side = source.depth - target.depth;
    if (side <= 0) {
      found.push(target);
      target = target.parent!;
    }
    if (side >= 0) source = source.parent!;
  }
  return found;
}
