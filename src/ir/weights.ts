/** Weight stores: where the data of parameters lives. */
import { fail } from '../diagnostics/diagnostic.js';
import type { DType, TensorData, WeightStore } from './graph.js';
import type { PackedData } from './packed.js';

/** A store over a map; the map is not copied. */
export function mapWeights(data: ReadonlyMap<string, TensorData>): WeightStore {
  return {
    has: (name) => data.has(name),
    get: (name) => data.get(name) ?? noSuchWeight(name),
  };
}

/** A weight that is added to a store. */
interface AddedWeight {
  readonly data: TensorData;
  readonly packed: PackedData | null;
}

/** A store that answers from `added` first, then from `base`. Layers don't stack up: see {@link WeightLayer}. */
export function overlayWeights(
  base: WeightStore,
  added: ReadonlyMap<string, TensorData>,
  packed: ReadonlyMap<string, PackedData> = new Map(),
): WeightStore {
  if (added.size === 0) return base;
  const weights = new Map(
    [...added].map(([name, data]): [string, AddedWeight] => [
      name,
      { data, packed: packed.get(name) ?? null },
    ]),
  );
  if (base instanceof WeightLayer) return new WeightLayer(base.below, new Map([...base.added, ...weights]));
  return new WeightLayer(base, weights);
}

/** Copied on write, flat: however many passes add weights, a look-up asks two stores at most. */
class WeightLayer implements WeightStore {
  constructor(
    readonly below: WeightStore,
    readonly added: ReadonlyMap<string, AddedWeight>,
  ) {}
  has(name: string): boolean {
    return this.added.has(name) || this.below.has(name);
  }
  get(name: string): TensorData {
    return this.added.get(name)?.data ?? this.below.get(name);
  }
  packed(name: string): PackedData | null {
    const added = this.added.get(name);
    return added === undefined ? (this.below.packed?.(name) ?? null) : added.packed;
  }
}

/** The typed array that holds `size` elements of an element type. */
export function newTensorData(dtype: DType, size: number): TensorData {
  if (dtype === 'float32') return new Float32Array(size);
  return dtype === 'int32' ? new Int32Array(size) : new Uint8Array(size);
}

function noSuchWeight(name: string): never {
  return fail({
    code: 'E810',
    message: `there is no weight ${JSON.stringify(name)}`,
    why: 'A parameter of the graph refers to data by this name, and the weight store has none.',
    help: 'In a case file the data is made up; elsewhere it comes from the model file, which may be incomplete.',
  });
}
