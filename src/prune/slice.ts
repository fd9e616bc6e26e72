/** Slicing of weights: what is left of every parameter when channels are removed. */
import type { AxisAnalysis } from '../axes/analysis.js';
import type { Keep } from '../axes/indices.js';
import { fail } from '../diagnostics/diagnostic.js';
import type { Graph, Parameter, TensorData, WeightStore } from '../ir/graph.js';
import { keptOfParameters, type KeptDims } from './kept.js';
import { dataOf } from './weights.js';

/**
 * A store with the sliced weights of a graph. Each weight is sliced when it is asked for and not held on to, so that
 * a model's weights are never in memory twice.
 * @param graph as it was before pruning
 */
export function sliceWeights(
  graph: Graph,
  weights: WeightStore,
  analysis: AxisAnalysis,
  keep: Keep,
): WeightStore {
  const slices = new Map<string, { readonly parameter: Parameter; readonly kept: KeptDims }>();
  for (const [value, kept] of keptOfParameters(graph, analysis, keep)) {
    const parameter = graph.parameters[value]!;
    const other = slices.get(parameter.name);
    if (other !== undefined && !sameDims(other.kept, kept)) slicedTwice(parameter.name);
    if (kept.some((list) => list !== null)) slices.set(parameter.name, { parameter, kept });
    else if (other === undefined) slices.set(parameter.name, { parameter, kept });
  }
  return {
    has: (name) => weights.has(name),
    get: (name) => {
      const slice = slices.get(name);
      if (slice === undefined) return weights.get(name);
      const { data, shape } = dataOf(slice.parameter, weights);
      return sliceTensor(data, shape, slice.kept);
    },
  };
}

/**
 * Gathers the kept indices of every dimension at once, in one pass over what is kept. Returns the data itself where
 * all of it is kept.
 */
export function sliceTensor(data: TensorData, shape: readonly number[], kept: KeptDims): TensorData {
  const last = kept.findLastIndex((list) => list !== null);
  if (last < 0) return data;
  const sizes = shape.map((size, dim) => kept[dim]?.length ?? size);
  const result = sameKind(data, product(sizes));
  const strides = shape.map((_, dim) => product(shape.slice(dim + 1)));
  // everything after the last sliced dimension is copied in runs
  const run = strides[last]!;
  let written = 0;
  const copy = (dim: number, offset: number): void => {
    const list = kept[dim] ?? null;
    const stride = strides[dim]!;
    for (let i = 0; i < sizes[dim]!; i++) {
      const from = offset + (list === null ? i : list[i]!) * stride;
      if (dim < last) copy(dim + 1, from);
      else if (run === 1) result[written++] = data[from]!;
      else {
        result.set(data.subarray(from, from + run), written);
        written += run;
      }
    }
  };
  copy(0, 0);
  return result;
}

function sameKind(data: TensorData, length: number): TensorData {
  if (data instanceof Float32Array) return new Float32Array(length);
  return data instanceof Int32Array ? new Int32Array(length) : new Uint8Array(length);
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((a, b) => a * b, 1);
}

function sameDims(a: KeptDims, b: KeptDims): boolean {
  return (
    a.length === b.length &&
    a.every((list, dim) => {
      const other = b[dim]!;
      if (list === null || other === null) return list === other;
      return list.length === other.length && list.every((index, i) => index === other[i]);
    })
  );
}

function slicedTwice(name: string): never {
  return fail({
    code: 'E412',
    message: `different channels of the weight "${name}" are kept in two places`,
    where: `parameter "${name}"`,
    why: 'Two parameters of the graph share this weight, but their axes were not unified.',
    help: 'This is an error in the compiler; please report it with the model.',
  });
}
