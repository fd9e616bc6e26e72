import * as tf from '@tensorflow/tfjs-core';

/** A periodic activation whose frequency every channel learns: x + sin²(alpha·x) / alpha. */
export function snake<T extends tf.Tensor>(x: T, alpha: tf.Tensor, epsilon: number): T {
  const wave = tf.square(tf.sin(tf.mul(x, alpha)));
  return tf.add<T>(x, tf.div(wave, tf.add(alpha, epsilon)));
}
