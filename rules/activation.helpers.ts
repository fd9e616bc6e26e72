import * as tf from '@tensorflow/tfjs-core';

/**
 * PReLU in few kernels. Where no slope is above one, it is the larger one of x and its product with the slopes; else the
 * negative part is added once more, times what its slope is beyond one.
 */
export function prelu<T extends tf.Tensor>(x: T, slopes: tf.Tensor): T {
  if (!slopesRise(slopes)) return tf.maximum<T>(x, tf.mul(x, slopes));
  return tf.add<T>(x, tf.mul(tf.minimum(x, 0), tf.sub(slopes, 1)));
}

/** Whether a slope is above one; weights are looked at once. */
export function slopesRise(slopes: tf.Tensor): boolean {
  const known = risingSlopes.get(slopes);
  if (known !== undefined) return known;
  const rise = slopes.dataSync().some((slope) => slope > 1);
  risingSlopes.set(slopes, rise);
  return rise;
}

/** The slopes that were looked at. */
export const risingSlopes = new WeakMap<tf.Tensor, boolean>();
