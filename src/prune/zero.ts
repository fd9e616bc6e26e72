/** Weights with all that pruning removes set to zero: the other way to see what a pruned network must compute. */
import type { AxisAnalysis } from '../axes/analysis.js';
import type { Keep } from '../axes/indices.js';
import type { Graph, TensorData, WeightStore } from '../ir/graph.js';
import { overlayWeights } from '../ir/weights.js';
import { keptOfParameters, type KeptDims } from './kept.js';

/** The weights of an unpruned graph, zero wherever an index of some dimension is not kept. */
export function zeroWeights(
  graph: Graph,
  weights: WeightStore,
  analysis: AxisAnalysis,
  keep: Keep,
): WeightStore {
  const zeroed = new Map<string, TensorData>();
  for (const [value, kept] of keptOfParameters(graph, analysis, keep)) {
    if (kept.every((list) => list === null)) continue;
    const { name, shape } = graph.parameters[value]!;
    zeroed.set(name, zeroTensor(weights.get(name), shape as readonly number[], kept));
  }
  return overlayWeights(weights, zeroed);
}

function zeroTensor(data: TensorData, shape: readonly number[], kept: KeptDims): TensorData {
  const sets = kept.map((list) => (list === null ? null : new Set(list)));
  const stays = (index: number): boolean => {
    let rest = index;
    for (let dim = shape.length - 1; dim >= 0; dim--) {
      if (sets[dim]?.has(rest % shape[dim]!) === false) return false;
      rest = Math.floor(rest / shape[dim]!);
    }
    return true;
  };
  return data.map((value, index) => (stays(index) ? value : 0));
}
