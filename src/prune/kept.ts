/** Which indices of every parameter's dimensions are kept. */
import type { AxisAnalysis } from '../axes/analysis.js';
import { type Keep, keptIndices } from '../axes/indices.js';
import type { Graph, ValueId } from '../ir/graph.js';

/** For every dimension the kept indices, or null for all. */
export type KeptDims = readonly (readonly number[] | null)[];

/** The kept indices of all parameters. */
export function keptOfParameters(
  graph: Graph,
  analysis: AxisAnalysis,
  keep: Keep,
): ReadonlyMap<ValueId, KeptDims> {
  return new Map(
    Object.entries(graph.parameters).map(([value, { shape }]) => {
      // a parameter that no node reads has no terms, and stays whole
      const terms = analysis.terms.get(value);
      return [value, terms?.map((term) => keptIndices(term, keep)) ?? shape.map(() => null)];
    }),
  );
}
