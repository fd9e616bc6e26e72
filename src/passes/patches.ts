/** The difference between two graphs, as immer patches: what a pass did. */
import { castDraft, enablePatches, produceWithPatches, setAutoFreeze, type Patch } from 'immer';
import type { Graph } from '../ir/graph.js';
import { sameType } from '../ir/types.js';

enablePatches();
// Graphs are read-only by their types; freezing every object of one after each pass takes longer than most passes.
setAutoFreeze(false);

export interface Recorded {
  /** Equal to the graph after the pass; what the pass left alone is shared with the graph before. */
  readonly graph: Graph;
  readonly patches: readonly Patch[];
}

/**
 * Records the way from one graph to another in one transaction: many small ones cost a copy each.
 * Values and parameters are patched one by one; the list of nodes is replaced as a whole, since patches of an array
 * after an insertion would shift every node behind it. `changedNodes` tells which nodes differ.
 */
export function recordPatches(before: Graph, after: Graph): Recorded {
  if (before === after) return { graph: before, patches: [] };
  const [graph, patches] = produceWithPatches(before, (draft) => {
    if (draft.name !== after.name) draft.name = after.name;
    if (!sameItems(before.inputs, after.inputs)) draft.inputs = castDraft(after.inputs);
    if (!sameItems(before.outputs, after.outputs)) draft.outputs = castDraft(after.outputs);
    if (!sameItems(before.nodes, after.nodes)) draft.nodes = castDraft(after.nodes);
    const values = difference(before.values, after.values, sameType);
    for (const id of values.removed) Reflect.deleteProperty(draft.values, id);
    for (const id of values.set) draft.values[id] = castDraft(after.values[id]!);
    const parameters = difference(
      before.parameters,
      after.parameters,
      (a, b) => a === b || (a.name === b.name && sameType(a, b)),
    );
    for (const id of parameters.removed) Reflect.deleteProperty(draft.parameters, id);
    for (const id of parameters.set) draft.parameters[id] = castDraft(after.parameters[id]!);
  });
  return { graph, patches };
}

/** The nodes that only one of two graphs has, each in its order. */
export function changedNodes(
  before: Graph,
  after: Graph,
): { removed: Graph['nodes']; added: Graph['nodes'] } {
  const old = new Set(before.nodes);
  const now = new Set(after.nodes);
  return {
    removed: before.nodes.filter((node) => !now.has(node)),
    added: after.nodes.filter((node) => !old.has(node)),
  };
}

function sameItems<T>(a: readonly T[], b: readonly T[]): boolean {
  return a === b || (a.length === b.length && a.every((item, index) => item === b[index]));
}

function difference<T>(
  before: Readonly<Record<string, T>>,
  after: Readonly<Record<string, T>>,
  same: (a: T, b: T) => boolean,
): { removed: string[]; set: string[] } {
  if (before === after) return { removed: [], set: [] };
  return {
    removed: Object.keys(before).filter((id) => !Object.hasOwn(after, id)),
    set: Object.keys(after).filter((id) => !Object.hasOwn(before, id) || !same(before[id]!, after[id]!)),
  };
}
