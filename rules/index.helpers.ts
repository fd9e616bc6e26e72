import * as tf from '@tensorflow/tfjs-core';

/** `tf.gather` with batch axes, as one gather from all rows, for backends whose kernel reads the first sample's alone. */
export function gatherInBatches(
  x: tf.Tensor,
  indices: tf.Tensor,
  axis: number,
  batchDims: number,
): tf.Tensor {
  const batch = x.shape.slice(0, batchDims);
  const [between, after] = [x.shape.slice(batchDims, axis), x.shape.slice(axis + 1)];
  const [samples, size] = [batch.reduce((a, b) => a * b, 1), x.shape[axis]!];
  const axes = x.shape.map((_, i) => i);
  const first = tf.transpose(x, [
    ...axes.slice(0, batchDims),
    axis,
    ...axes.slice(batchDims).filter((i) => i !== axis),
  ]);
  const starts = tf.reshape(tf.mul(tf.range(0, samples, 1, 'int32'), tf.scalar(size, 'int32')), [samples, 1]);
  const places = tf.add(tf.reshape(tf.cast(indices, 'int32'), [samples, -1]), starts);
  const rows = tf.reshape(first, [samples * size, ...between, ...after]);
  const found = tf.gather(rows, tf.reshape(places, [-1]) as tf.Tensor1D);
  const many = indices.shape.slice(batchDims);
  const gathered = tf.reshape(found, [...batch, ...many, ...between, ...after]);
  if (between.length === 0) return gathered;
  const order = gathered.shape.map((_, i) => i);
  const [start, end] = [batchDims + many.length, batchDims + many.length + between.length];
  return tf.transpose(gathered, [
    ...order.slice(0, batchDims),
    ...order.slice(start, end),
    ...order.slice(batchDims, start),
    ...order.slice(end),
  ]);
}
