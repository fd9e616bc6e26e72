import * as tf from '@tensorflow/tfjs-core';

/** Normalises over some axes to mean 0 and variance 1, then scales and shifts. */
export function layerNorm<T extends tf.Tensor>(
  x: T,
  gamma: tf.Tensor | undefined,
  beta: tf.Tensor | undefined,
  axes: number[],
  epsilon: number,
): T {
  const { mean, variance } = tf.moments(x, axes, true);
  const normalised = tf.mul<T>(tf.sub(x, mean), tf.rsqrt(tf.add(variance, epsilon)));
  const scaled = gamma === undefined ? normalised : tf.mul<T>(normalised, gamma);
  return beta === undefined ? scaled : tf.add<T>(scaled, beta);
}

/** Normalises every group of channels to mean 0 and variance 1 over a sample, then scales and shifts. */
export function groupNorm<T extends tf.Tensor>(
  x: T,
  gamma: tf.Tensor1D | undefined,
  beta: tf.Tensor1D | undefined,
  groups: number,
  epsilon: number,
): T {
  const [n, c] = [x.shape[0]!, x.shape[x.rank - 1]!];
  const grouped = tf.reshape(x, [n, -1, groups, c / groups]);
  const { mean, variance } = tf.moments(grouped, [1, 3], true);
  const standard = tf.mul(tf.sub(grouped, mean), tf.rsqrt(tf.add(variance, epsilon)));
  const normalised = tf.reshape(standard, x.shape) as T;
  const scaled = gamma === undefined ? normalised : tf.mul<T>(normalised, gamma);
  return beta === undefined ? scaled : tf.add<T>(scaled, beta);
}
