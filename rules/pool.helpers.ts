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
