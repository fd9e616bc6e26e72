/** Made-up data for cases: seeded by names, so that a case computes the same every time. */
import type { NamedTensor } from '../import/source-graph.js';
import type { Graph, TensorData, TensorType, ValueId, WeightStore } from '../ir/graph.js';
import type { NumberRange } from '../ir/statements.js';
import { concreteShape } from '../emit/batch.js';
import { newTensorData, overlayWeights } from '../ir/weights.js';
import { random } from '../prune/random.js';

/** The batch size that cases run with. */
export const caseBatch = 2;

/** More elements than a case needs. */
const mostElements = 1 << 22;

export type Ranges = ReadonlyMap<ValueId, NumberRange>;

/** The literals of a case, and made-up data for the other parameters. */
export function caseWeights(graph: Graph, literals: WeightStore, ranges: Ranges): WeightStore {
  const data = new Map<string, TensorData>();
  for (const [id, parameter] of Object.entries(graph.parameters)) {
    if (literals.has(parameter.name)) continue;
    data.set(parameter.name, madeUp(parameter, ranges.get(id), parameter.name).data);
  }
  return overlayWeights(literals, data);
}

export function caseInputs(graph: Graph, ranges: Ranges): Record<string, NamedTensor> {
  return Object.fromEntries(
    graph.inputs.map(({ name, value }) => [
      name,
      madeUp(graph.values[value]!, ranges.get(value), `input ${name}`),
    ]),
  );
}

/** Numbers in a range, uniformly: -1 to 1 unless the case says otherwise, 0 to 2 for whole numbers. */
function madeUp({ dtype, shape }: TensorType, range: NumberRange | undefined, seed: string): NamedTensor {
  const sizes = concreteShape(shape, caseBatch);
  const count = sizes.reduce((product, size) => product * size, 1);
  if (count > mostElements) throw new RangeError(`${String(count)} elements are too many for a case`);
  const data = newTensorData(dtype, count);
  const next = random(seed);
  const { low, high } =
    range ?? (dtype === 'float32' ? { low: -1, high: 1 } : { low: 0, high: dtype === 'bool' ? 1 : 2 });
  for (let i = 0; i < count; i++) {
    data[i] = dtype === 'float32' ? low + next() * (high - low) : low + Math.floor(next() * (high - low + 1));
  }
  return { dtype, shape: sizes, data };
}

/** How far two results are apart, relative to the largest value of the first; null where one is not finite. */
export function relativeDifference(expected: TensorData, actual: TensorData): number | null {
  let scale = 0;
  let difference = 0;
  for (let i = 0; i < expected.length; i++) {
    scale = Math.max(scale, Math.abs(expected[i]!));
    difference = Math.max(difference, Math.abs(expected[i]! - actual[i]!));
    if (!Number.isFinite(expected[i]!) || !Number.isFinite(actual[i]!)) return null;
  }
  return difference === 0 ? 0 : difference / scale;
}
