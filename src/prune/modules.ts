/** How many channels go into and come out of every module, read off the axes of its parameters. */
import type { AxisAnalysis } from '../axes/analysis.js';
import type { Keep } from '../axes/indices.js';
import { partsOf, type Term } from '../axes/terms.js';
import { type Graph, type Node, operandValues, type ValueId } from '../ir/graph.js';
import { type LeafSizes, termSize } from './polynomial.js';

/** Null where the module has no such channels, such as the input of an embedding table. */
export interface ModuleChannels {
  readonly in_channels: number | null;
  readonly raw_in_channels: number | null;
  readonly out_channels: number | null;
  readonly raw_out_channels: number | null;
}

/** The module that a parameter belongs to: its name without the last part. */
export function moduleOf(parameter: string): string {
  const slash = parameter.lastIndexOf('/');
  const end = slash >= 0 ? slash : parameter.lastIndexOf('.');
  return end > 0 ? parameter.slice(0, end) : parameter;
}

/** What the channels of a module are made of; null where it has none. */
export interface ModuleTerms {
  readonly input: Term | null;
  readonly output: Term | null;
}

/**
 * The channels of all modules with parameters, in the order in which they run. What goes in is the last dimension of
 * a data operand that has an axis in common with the parameter, what comes out is the same of the result. A module of
 * several nodes takes in what its first takes and gives what its last gives.
 */
export function moduleTerms(graph: Graph, analysis: AxisAnalysis): ReadonlyMap<string, ModuleTerms> {
  const ends = new Map<string, ModuleTerms>();
  const origins = parametersBehind(graph);
  for (const node of graph.nodes) {
    if (origins.has(node.id)) continue; // computed from parameters alone
    for (const value of operandValues(node)) {
      const { input, output } = channelTerms(node, value, analysis, origins);
      for (const parameter of origins.get(value) ?? []) {
        const module = moduleOf(graph.parameters[parameter]!.name);
        const known = ends.get(module);
        ends.set(module, { input: known?.input ?? input, output: output ?? known?.output ?? null });
      }
    }
  }
  return ends;
}

/** How many channels the modules have, before and after pruning. */
export function moduleChannels(
  graph: Graph,
  analysis: AxisAnalysis,
  keep: Keep,
): ReadonlyMap<string, ModuleChannels> {
  const sizes: LeafSizes = new Map([...keep].map(([leaf, kept]) => [leaf, kept.length]));
  const size = (term: Term | null, at: LeafSizes): number | null =>
    term === null ? null : termSize(term, at);
  return new Map(
    [...moduleTerms(graph, analysis)].map(([module, { input, output }]) => [
      module,
      {
        in_channels: size(input, sizes),
        raw_in_channels: size(input, new Map()),
        out_channels: size(output, sizes),
        raw_out_channels: size(output, new Map()),
      },
    ]),
  );
}

function channelTerms(
  node: Node,
  parameter: ValueId,
  analysis: AxisAnalysis,
  origins: ReadonlyMap<ValueId, unknown>,
): ModuleTerms {
  const own = new Set<number>();
  for (const term of analysis.terms.get(parameter)!) collectLeaves(term, own);
  const shared = (value: ValueId): Term | null =>
    analysis.terms.get(value)!.findLast((term) => touches(term, own)) ?? null;
  const first = (values: readonly ValueId[]): Term | null =>
    values.map(shared).find((term) => term !== null) ?? null;
  const data = operandValues(node).filter((value) => !origins.has(value));
  return { input: first(data), output: first(node.results) };
}

function collectLeaves(term: Term, leaves: Set<number>): void {
  if (term.kind === 'leaf') leaves.add(term.leaf);
  else for (const part of partsOf(term)) collectLeaves(part, leaves);
}

/** Whether a term has one of these leaves. */
function touches(term: Term, leaves: ReadonlySet<number>): boolean {
  if (term.kind === 'leaf') return leaves.has(term.leaf);
  return partsOf(term).some((part) => touches(part, leaves));
}

/** For every value that is computed from parameters alone: these parameters. */
export function parametersBehind(graph: Graph): ReadonlyMap<ValueId, readonly ValueId[]> {
  const origins = new Map<ValueId, readonly ValueId[]>(Object.keys(graph.parameters).map((id) => [id, [id]]));
  for (const node of graph.nodes) {
    const operands = operandValues(node);
    if (!operands.every((value) => origins.has(value))) continue;
    const behind = [...new Set(operands.flatMap((value) => origins.get(value)!))];
    for (const result of node.results) origins.set(result, behind);
  }
  return origins;
}
