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

/** Normalises every group of channels of an image to mean 0 and variance 1, then scales and shifts. */
export function groupNorm(
  x: tf.Tensor4D,
  gamma: tf.Tensor1D | undefined,
  beta: tf.Tensor1D | undefined,
  groups: number,
  epsilon: number,
): tf.Tensor4D {
  const [n, h, w, c] = x.shape;
  const grouped = tf.reshape(x, [n, h, w, groups, c / groups]);
  const { mean, variance } = tf.moments(grouped, [1, 2, 4], true);
  const standard = tf.mul(tf.sub(grouped, mean), tf.rsqrt(tf.add(variance, epsilon)));
  const normalised = tf.reshape<tf.Rank.R4>(standard, x.shape);
  const scaled = gamma === undefined ? normalised : tf.mul<tf.Tensor4D>(normalised, gamma);
  return beta === undefined ? scaled : tf.add<tf.Tensor4D>(scaled, beta);
}
