/** Moves tensors between plain data and the memory of a backend. */
import type { NamedTensor } from '../import/source-graph.js';
import type { TensorData } from '../ir/graph.js';
import type { Tensor, Tf } from './tf.js';

/** A tensor on the current backend; the caller disposes it. */
export function upload(tf: Tf, { data, shape, dtype }: NamedTensor): Tensor {
  return tf.tensor(data, [...shape], dtype);
}

/** A tensor as plain data; it stays in memory. */
export async function download(tensor: Tensor): Promise<NamedTensor> {
  const data = (await tensor.data()) as TensorData;
  return { dtype: tensor.dtype as NamedTensor['dtype'], shape: tensor.shape, data };
}
