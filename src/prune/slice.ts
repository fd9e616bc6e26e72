/** Slicing of weights: what is left of every parameter when channels are removed. */
import type { AxisAnalysis } from '../axes/analysis.js';
import type { Keep } from '../axes/indices.js';
import { fail } from '../diagnostics/diagnostic.js';
import type { Graph, Parameter, TensorData, WeightStore } from '../ir/graph.js';
import type { PackedData } from '../ir/packed.js';
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
    packed: (name) => {
      const packed = weights.packed?.(name) ?? null;
      const slice = slices.get(name);
      if (packed === null || slice === undefined) return packed;
      // Factors would have to be sliced with it; there are none before constants are folded.
      if (packed.factors.length > 0) return null;
      const { shape } = slice.parameter;
      return { ...packed, codes: sliceTensor(packed.codes, shape as readonly number[], slice.kept) };
    },
  };
}

/**
 * Gathers the kept indices of every dimension at once, in one pass over what is kept. Returns the data itself where
 * all of it is kept.
 */
export function sliceTensor(data: TensorData, shape: readonly number[], kept: KeptDims): TensorData;
export function sliceTensor(data: Codes, shape: readonly number[], kept: KeptDims): Codes;
export function sliceTensor(
  data: TensorData | Codes,
  shape: readonly number[],
  kept: KeptDims,
): TensorData | Codes {
  const last = kept.findLastIndex((list) => list !== null);
  if (last < 0) return data;
  const result = sameKind(data, product(shape.map((size, dim) => kept[dim]?.length ?? size)));
  // A row is what lies along the last sliced dimension; each of its indices has a run of elements.
  const run = product(shape.slice(last + 1));
  const rows = keptRows(shape.slice(0, last), kept, shape[last]! * run);
  const along = kept[last]!;
  if (run < longRun) gatherRows(data, rows, elementsOf(along, run), result);
  else copyRuns(data, rows, along, run, result);
  return result;
}

/** Shorter runs are copied faster element by element than by a call. */
const longRun = 32;

/** Where the rows start whose indices in all dimensions before are kept. */
function keptRows(sizes: readonly number[], kept: KeptDims, length: number): readonly number[] {
  let rows: number[] = [0];
  sizes.forEach((size, dim) => {
    const list = kept[dim] ?? Array.from({ length: size }, (_, i) => i);
    rows = rows.flatMap((row) => list.map((index) => row * size + index));
  });
  return rows.map((row) => row * length);
}

/** Every element of the runs of some indices. */
function elementsOf(indices: readonly number[], run: number): Int32Array {
  const elements = new Int32Array(indices.length * run);
  let at = 0;
  for (const index of indices) for (let i = 0; i < run; i++) elements[at++] = index * run + i;
  return elements;
}

/** The same elements of every row. Four rows at once: reads from memory that don't wait for each other. */
function gatherRows(
  data: TensorData | Codes,
  rows: readonly number[],
  elements: Int32Array,
  result: TensorData | Codes,
): void {
  const width = elements.length;
  let row = 0;
  for (; row + 3 < rows.length; row += 4) {
    const [r0, r1, r2, r3] = [rows[row]!, rows[row + 1]!, rows[row + 2]!, rows[row + 3]!];
    const to = row * width;
    const [second, third, fourth] = [to + width, to + 2 * width, to + 3 * width];
    for (let i = 0; i < width; i++) {
      const element = elements[i]!;
      result[to + i] = data[r0 + element]!;
      result[second + i] = data[r1 + element]!;
      result[third + i] = data[r2 + element]!;
      result[fourth + i] = data[r3 + element]!;
    }
  }
  for (; row < rows.length; row++) {
    for (let i = 0; i < width; i++) result[row * width + i] = data[rows[row]! + elements[i]!]!;
  }
}

/** The runs of the same indices of every row. */
function copyRuns(
  data: TensorData | Codes,
  rows: readonly number[],
  indices: readonly number[],
  run: number,
  result: TensorData | Codes,
): void {
  let written = 0;
  for (const row of rows) {
    for (const index of indices) {
      const from = row + index * run;
      result.set(data.subarray(from, from + run), written);
      written += run;
    }
  }
}

type Codes = PackedData['codes'];

function sameKind(data: TensorData | Codes, length: number): TensorData | Codes {
  if (data instanceof Float32Array) return new Float32Array(length);
  if (data instanceof Int32Array) return new Int32Array(length);
  return data instanceof Uint16Array ? new Uint16Array(length) : new Uint8Array(length);
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
