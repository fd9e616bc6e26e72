/** How weights are stored: as the model's own files have them, where that takes fewer bytes than their numbers. */
import type { Parameter, ValueId, WeightStore } from '../ir/graph.js';
import type { Factor, PackedData } from '../ir/packed.js';
import { concreteShape } from './batch.js';
import type { StoredDType, StoredTensor } from './safetensors.js';

/** A weight under the name that the module reads it by. */
export interface NamedWeight {
  readonly id: ValueId;
  readonly parameter: Parameter;
  readonly name: string;
}

export interface StoredWeights {
  readonly tensors: readonly (readonly [string, StoredTensor])[];
  /** For packed weights that are more than half floats: how they are read, as JSON. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly packed: PackedWeights;
}

/** What kinds of packed weights there are. */
export interface PackedWeights {
  /** The types that they are stored in. */
  readonly dtypes: ReadonlySet<PackedDType>;
  /** Whether the file says how some of them are read. */
  readonly isDescribed: boolean;
}

export type PackedDType = Exclude<StoredDType, Parameter['dtype']>;

/** As the file says it: `stored * scale + min`, or half floats without these; then times factors. */
export interface Packing {
  readonly scale?: number;
  readonly min?: number;
  readonly times: readonly { readonly name: string; readonly length: number; readonly run: number }[];
}

/** @param pack whether weights may be packed */
export function storeWeights(
  named: readonly NamedWeight[],
  weights: WeightStore,
  pack: boolean,
): StoredWeights {
  const taken = new Set(named.map(({ name }) => name));
  const tensors: (readonly [string, StoredTensor])[] = [];
  const metadata = new Map<string, string>();
  const packed = new Set<PackedDType>();
  for (const { name, parameter } of named) {
    const shape = concreteShape(parameter.shape, 1);
    const small =
      pack && parameter.dtype === 'float32' ? worthPacking(weights.packed?.(parameter.name)) : null;
    if (small === null) {
      tensors.push([name, { ...parameter, shape, data: weights.get(parameter.name) }]);
      continue;
    }
    const dtype = storedType(small);
    const times = small.factors.map(({ data, run }, i) => {
      const factor = freeName(`${name}/factor${i === 0 ? '' : i}`, taken);
      tensors.push([factor, { dtype: 'float32', shape: [data.length], data }]);
      return { name: factor, length: data.length, run };
    });
    const { coding } = small;
    const packing: Packing =
      coding.kind === 'affine' ? { scale: coding.scale, min: coding.min, times } : { times };
    tensors.push([name, { dtype, shape, data: small.codes }]);
    if (needsWords(small)) metadata.set(name, JSON.stringify(packing));
    packed.add(dtype);
  }
  return {
    tensors,
    metadata: Object.fromEntries(metadata),
    packed: { dtypes: packed, isDescribed: metadata.size > 0 },
  };
}

function storedType({ codes, coding }: PackedData): PackedDType {
  if (coding.kind === 'float16') return 'float16';
  return codes instanceof Uint8Array ? 'uint8' : 'uint16';
}

/** Whether the file has to say how a packed weight is read: half floats are what they are. */
const needsWords = ({ coding, factors }: PackedData): boolean =>
  coding.kind === 'affine' || factors.length > 0;

/** About what the header says of a packed weight and of a factor. */
const wordsOfOne = 120;

/** Packed data that is smaller than its numbers, with all that has to be said about it. */
function worthPacking(packed: PackedData | null | undefined): PackedData | null {
  if (packed === null || packed === undefined) return null;
  // Infinities and what is no number have bits of their own, for which modules have no code.
  if (packed.coding.kind === 'float16' && packed.codes.some((half) => (half & 0x7c00) === 0x7c00))
    return null;
  const { codes, factors } = packed;
  const words = needsWords(packed) ? wordsOfOne : 0;
  const bytes = codes.byteLength + words + sum(factors, ({ data }) => data.byteLength + wordsOfOne);
  return bytes < 4 * codes.length ? packed : null;
}

function sum(factors: readonly Factor[], of: (factor: Factor) => number): number {
  return factors.reduce((total, factor) => total + of(factor), 0);
}

function freeName(base: string, taken: Set<string>): string {
  let name = base;
  for (let count = 2; taken.has(name); count++) name = `${base}#${count}`;
  taken.add(name);
  return name;
}
