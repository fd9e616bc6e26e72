/** Which indices of every parameter's dimensions are kept. */
import type { AxisAnalysis } from '../axes/analysis.js';
import { type Keep, keptIndices } from '../axes/indices.js';
import type { Term } from '../axes/terms.js';
import type { Graph, ValueId } from '../ir/graph.js';

/** For every dimension the kept indices, or null for all. */
export type KeptDims = readonly (readonly number[] | null)[];

/** The kept indices of all parameters. Dimensions of the same axis share their list. */
export function keptOfParameters(
  graph: Graph,
  analysis: AxisAnalysis,
  keep: Keep,
): ReadonlyMap<ValueId, KeptDims> {
  const lists = new Map<Term, readonly number[] | null>();
  const listOf = (term: Term): readonly number[] | null => {
    const known = lists.get(term);
    if (known !== undefined) return known;
    const list = keptIndices(term, keep);
    lists.set(term, list);
    return list;
  };
  return new Map(
    Object.keys(graph.parameters).map((value) => [value, analysis.terms.get(value)!.map(listOf)]),
  );
}
