import * as tf from '@tensorflow/tfjs-core';

/** Transforms every image on its own: of several at once the cpu backend gets all but the first wrong. */
export function transformImages(
  images: tf.Tensor4D,
  transforms: tf.Tensor2D,
  interpolation: 'nearest' | 'bilinear',
  fill: 'constant' | 'reflect' | 'wrap' | 'nearest',
  outside: number,
  size: [number, number],
): tf.Tensor4D {
  const several = transforms.shape[0] > 1;
  const transformed = tf.unstack(images).map((image, i) => {
    const transform = several ? tf.slice2d(transforms, [i, 0], [1, 8]) : transforms;
    return tf.image.transform(tf.expandDims(image), transform, interpolation, fill, outside, size);
  });
  return tf.concat(transformed);
}
