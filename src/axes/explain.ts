/**
 * Why an axis is coupled or frozen: the shortest chain of unions and splits from the axis asked for to the mark that
 * decides, each with the node and the line of the rule that made it.
 */
import type { Graph, ValueId } from '../ir/graph.js';
import { fail } from '../diagnostics/diagnostic.js';
import type { AxisAnalysis, Space } from './analysis.js';
import { termLeaves } from './analysis.js';
import type { Why } from './terms.js';
import type { AxisEvent } from './unify.js';

export interface Explanation {
  readonly space: Space | null;
  readonly leaf: number;
  readonly size: number;
  readonly status: 'prunable' | 'frozen' | 'mixes' | 'keep';
  /** From the axis asked for to the reason, or (for prunable ones) all that was joined. */
  readonly chain: readonly { readonly what: string; readonly why: Why }[];
  /** Parameter dimensions that share the axis: `name[dim]`. */
  readonly parameters: readonly string[];
}

/**
 * Explains an axis: a channel space by its id, or a dimension of a parameter or of a node's result, `name[dim]`.
 * @throws DiagnosticError where there is no such axis.
 */
export function explainAxis(graph: Graph, analysis: AxisAnalysis, axis: string): Explanation[] {
  const { value, dim } = findDimension(graph, analysis, axis);
  const term = analysis.terms.get(value)![dim]!;
  const named = analysis.spaces.find((space) => space.id === axis);
  const leaves = named === undefined ? [...new Set(termLeaves(term))] : [named.leaf];
  return leaves.map((leaf) => explainLeaf(graph, analysis, value, dim, leaf));
}

function findDimension(graph: Graph, analysis: AxisAnalysis, axis: string): { value: ValueId; dim: number } {
  const space = analysis.spaces.find((s) => s.id === axis);
  if (space !== undefined) return space.parameters[0]!;
  const match = /^%?(.*)\[(\d+)\](?:#\d+)?$/.exec(axis);
  const name = match?.[1];
  const dim = Number(match?.[2]);
  const value =
    name === undefined
      ? undefined
      : (Object.entries(graph.parameters).find(([, parameter]) => parameter.name === name)?.[0] ??
        graph.nodes.find((node) => node.id === name || node.source.name === name)?.results[0] ??
        [...graph.inputs, ...graph.outputs].find((port) => port.name === name)?.value);
  if (value !== undefined && analysis.terms.get(value)?.[dim] !== undefined) return { value, dim };
  return fail({
    code: 'E303',
    message: `there is no axis ${axis}`,
    help:
      'Name a channel space as `espalier groups` prints it, or a dimension of a parameter, a node or an input: ' +
      `\`name[dimension]\`. For example: ${analysis.spaces
        .slice(0, 3)
        .map((s) => s.id)
        .join(', ')}.`,
  });
}

function explainLeaf(
  graph: Graph,
  analysis: AxisAnalysis,
  value: ValueId,
  dim: number,
  leaf: number,
): Explanation {
  const space = analysis.spaces.find((s) => s.leaf === leaf) ?? null;
  const events = analysis.history.events.filter((event) =>
    analysis.history.finalLeaves(event.leaf).includes(leaf),
  );
  const marks = (['frozen', 'mixes', 'keep'] as const).map((kind) =>
    events.find((event) => event.kind === kind),
  );
  const decisive = marks.find((event) => event !== undefined && isDecisive(event, space));
  const start = analysis.history
    .firstLeaves(value, dim)
    .filter((first) => analysis.history.finalLeaves(first).includes(leaf));
  const couplings = events.filter((event) => event.kind === 'joined' || event.kind === 'split');
  const path =
    decisive === undefined ? couplings : [...shortestPath(couplings, start, decisive.leaf), decisive];
  return {
    space,
    leaf,
    size: space?.size ?? 0,
    status: decisive === undefined ? 'prunable' : (decisive.kind as 'frozen' | 'mixes' | 'keep'),
    chain: path.map((event) => ({ what: event.kind, why: event.why })),
    parameters: (space?.parameters ?? []).map(({ value: v, dim: d }) => `${graph.parameters[v]!.name}[${d}]`),
  };
}

/** A `keep` that yielded does not decide. */
const isDecisive = (event: AxisEvent, space: Space | null): boolean =>
  space === null || event.kind !== 'keep' || space.keep.length > 0;

/** The events that lead from one of the starting leaves to a goal, breadth first. */
function shortestPath(couplings: readonly AxisEvent[], start: readonly number[], goal: number): AxisEvent[] {
  const neighbours = new Map<number, { readonly to: number; readonly event: AxisEvent }[]>();
  const connect = (from: number, to: number, event: AxisEvent): void => {
    const list = neighbours.get(from) ?? [];
    neighbours.set(from, list);
    list.push({ to, event });
  };
  for (const event of couplings) {
    for (const other of event.kind === 'joined' ? event.with : event.kind === 'split' ? event.into : []) {
      connect(event.leaf, other, event);
      connect(other, event.leaf, event);
    }
  }
  const cameBy = new Map<number, { readonly from: number; readonly event: AxisEvent } | null>(
    start.map((l) => [l, null]),
  );
  const queue = [...start];
  for (let head = 0; head < queue.length && !cameBy.has(goal); head++) {
    for (const { to, event } of neighbours.get(queue[head]!) ?? []) {
      if (cameBy.has(to)) continue;
      cameBy.set(to, { from: queue[head]!, event });
      queue.push(to);
    }
  }
  const path: AxisEvent[] = [];
  for (let at = cameBy.get(goal); at !== null && at !== undefined; at = cameBy.get(at.from))
    path.unshift(at.event);
  return path;
}
