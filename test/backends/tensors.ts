/** Tensors on their way to another process or a browser, and back. */
import type { NamedTensors } from '../../src/import/source-graph.js';
import { compareOutputs } from '../../src/verify/compare.js';

export interface PlainTensor {
  readonly dtype: 'float32' | 'int32' | 'bool';
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

export function plain(tensors: NamedTensors): Record<string, PlainTensor> {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { dtype, shape, data }]) => [
      name,
      { dtype, shape, data: Array.from(data) },
    ]),
  );
}

const arrays = { float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const;

export function named(tensors: Readonly<Record<string, PlainTensor>>): NamedTensors {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { dtype, shape, data }]) => [
      name,
      { dtype, shape, data: new arrays[dtype](data) },
    ]),
  );
}

/** The largest difference of any output, of its scale; infinite where one is not finite, so that nothing was compared. */
export function largestDifference(expected: NamedTensors, actual: NamedTensors): number {
  const differences = compareOutputs(expected, actual).map(({ difference }) => difference);
  return Math.max(...differences.map(({ relative, notFinite }) => (notFinite > 0 ? Infinity : relative)));
}
