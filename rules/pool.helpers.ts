import * as tf from '@tensorflow/tfjs-core';

/** Max pooling that also tells where in the flattened image each maximum was. */
export function maxPoolWithArgmax(
  x: tf.Tensor4D,
  window: [number, number],
  stride: [number, number],
  pad: 'valid' | 'same',
  batchInIndex: boolean,
): [tf.Tensor, tf.Tensor] {
  const { result, indexes } = tf.maxPoolWithArgmax(x, window, stride, pad, batchInIndex);
  return [result!, indexes!];
}

/** The largest value of each window of a volume: of each plane, then of each column of them. */
export function maxPool3dByPlanes(
  x: tf.Tensor5D,
  window: [number, number, number],
  stride: [number, number, number],
  pad: 'valid' | 'same',
): tf.Tensor5D {
  const [n, d, h, w, c] = x.shape;
  const planes = tf.reshape<tf.Rank.R4>(x, [n * d, h, w, c]);
  const largest = tf.maxPool(planes, [window[1], window[2]], [stride[1], stride[2]], pad);
  const [, oh, ow] = largest.shape;
  const columns = tf.reshape<tf.Rank.R4>(largest, [n, d, oh * ow, c]);
  const found = tf.maxPool(columns, [window[0], 1], [stride[0], 1], pad);
  return tf.reshape<tf.Rank.R5>(found, [n, found.shape[1], oh, ow, c]);
}
