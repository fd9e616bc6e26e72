/** Weights that a model computes from others, computed once. */
import { settledValues, withSettled } from '../import/settled.js';
import type { Graph, WeightStore } from '../ir/graph.js';
import { overlayWeights } from '../ir/weights.js';
import type { RuleSet } from '../lang/ast.js';
import { removeDead } from './dead.js';
import { foldConstants, type Folded } from './fold.js';

/**
 * The graph in which weights that a model computes from others are parameters, with their data.
 * @returns the same graph where there are none, or where one can't be computed here
 */
export async function settleWeights(graph: Graph, weights: WeightStore, rules: RuleSet): Promise<Folded> {
  const settled = settledValues(graph, rules);
  if (settled.size === 0) return { graph, weights };
  const after = removeDead(withSettled(graph, rules));
  const outputs = [...settled].map(([value, name]) => ({ name, value }));
  const made = removeDead({ ...graph, outputs });
  // A trace of the structure alone has channel spaces, and no numbers.
  if (Object.values(made.parameters).some(({ name }) => !weights.has(name))) return { graph: after, weights };
  const folded = await foldConstants(made, weights, { rules });
  const data = [...settled].map(([id, name]) => {
    const parameter = folded.graph.parameters[id];
    return parameter === undefined ? null : ([name, folded.weights.get(parameter.name)] as const);
  });
  const known = data.flatMap((entry) => (entry === null ? [] : [entry]));
  return known.length < data.length
    ? { graph, weights }
    : { graph: after, weights: overlayWeights(weights, new Map(known)) };
}
