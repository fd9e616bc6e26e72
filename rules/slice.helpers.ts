import * as tf from '@tensorflow/tfjs-core';

/** tf.pad one axis after another, as three axes each: of more than four, kernels on a GPU know nothing. */
export function padAxes<T extends tf.Tensor>(
  x: T,
  pads: readonly (readonly [number, number])[],
  value = 0,
): T {
  return pads.reduce<T>((padded, [before, after], axis) => {
    if (before === 0 && after === 0) return padded;
    const { shape } = padded;
    const size = shape[axis]!;
    const [outer, inner] = [shape.slice(0, axis), shape.slice(axis + 1)];
    const three = [outer, inner].map((sizes) => sizes.reduce((product, length) => product * length, 1));
    const flat = tf.reshape<tf.Rank.R3>(padded, [three[0]!, size, three[1]!]);
    const wide = tf.pad(
      flat,
      [
        [0, 0],
        [before, after],
        [0, 0],
      ],
      value,
    );
    return tf.reshape(wide, [...outer, before + size + after, ...inner]) as T;
  }, x);
}
