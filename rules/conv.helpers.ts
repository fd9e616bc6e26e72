import * as tf from '@tensorflow/tfjs-core';

/** Grouped convolution: every group of input channels has its own kernel. TensorFlow.js convolves one group at a time. */
export function groupedConv2d(
  groups: number,
  options: Parameters<typeof tf.fused.conv2d<tf.Tensor4D>>[0],
): tf.Tensor4D {
  const { x, filter, bias, preluActivationWeights } = options;
  const filters = tf.split<tf.Tensor4D>(filter, groups, 3);
  const biases = bias === undefined ? [] : tf.split(bias, groups);
  const slopes = preluActivationWeights === undefined ? [] : tf.split(preluActivationWeights, groups);
  const outputs = tf.split<tf.Tensor4D>(x, groups, 3).map((input, g) =>
    tf.fused.conv2d({
      ...options,
      x: input,
      filter: filters[g]!,
      bias: biases[g],
      preluActivationWeights: slopes[g],
    }),
  );
  return tf.concat(outputs, 3);
}

/** Grouped transposed convolution: every group of input channels has its own kernel. */
export function groupedConv2dTranspose(
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  groups: number,
  shape: [number, number, number, number],
  stride: [number, number],
  pad: Parameters<typeof tf.conv2dTranspose>[4],
): tf.Tensor4D {
  const [n, h, w, c] = shape;
  const filters = tf.split<tf.Tensor4D>(filter, groups, 3);
  const outputs = tf
    .split<tf.Tensor4D>(x, groups, 3)
    .map((input, g) => tf.conv2dTranspose(input, filters[g]!, [n, h, w, c / groups], stride, pad));
  return tf.concat(outputs, 3);
}

/** Padding side by side, which the kernels of tf.fused.depthwiseConv2d take and its typings leave out. */
export function explicitPadding(pad: number[][]): 'valid' {
  return pad as unknown as 'valid';
}

/** A dilation by shifted images, for backends whose kernel takes no maximum to be negative. */
export function dilateByShifts(
  images: tf.Tensor4D,
  kernel: tf.Tensor3D,
  strides: [number, number],
  padding: [number, number][],
  dilations: [number, number],
): tf.Tensor4D {
  const padded = tf.pad(images, [[0, 0], ...padding, [0, 0]], -Infinity);
  const [n, h, w, c] = padded.shape;
  const [kh, kw] = kernel.shape;
  // How far a window's first element goes.
  const height = h - (kh - 1) * dilations[0];
  const width = w - (kw - 1) * dilations[1];
  const shifted = Array.from({ length: kh * kw }, (_, k) => {
    const [i, j] = [Math.floor(k / kw), k % kw];
    const [top, left] = [i * dilations[0], j * dilations[1]];
    const part = tf.stridedSlice(
      padded,
      [0, top, left, 0],
      [n, top + height, left + width, c],
      [1, ...strides, 1],
    );
    return tf.add<tf.Tensor4D>(part, tf.slice(kernel, [i, j, 0], [1, 1, c]));
  });
  return shifted.reduce((largest, part) => tf.maximum(largest, part));
}
