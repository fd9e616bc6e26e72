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

/** Grouped convolution of volumes: every group of input channels has its own kernel. */
export function groupedConv3d(
  x: tf.Tensor5D,
  filter: tf.Tensor5D,
  groups: number,
  stride: [number, number, number],
  pad: 'valid' | 'same',
  dilations: [number, number, number],
): tf.Tensor5D {
  if (groups === 1) return tf.conv3d(x, filter, stride, pad, 'NDHWC', dilations);
  const filters = splitChannels(filter, groups);
  const outputs = splitChannels(x, groups).map((input, g) =>
    tf.conv3d(input, filters[g]!, stride, pad, 'NDHWC', dilations),
  );
  const [n, d, h, w, c] = outputs[0]!.shape;
  const rows = outputs.map((output) => tf.reshape<tf.Rank.R2>(output, [n * d * h * w, c]));
  return tf.reshape<tf.Rank.R5>(tf.concat(rows, 1), [n, d, h, w, groups * c]);
}

/** Parts of the last axis, cut from rows: of more than four axes, kernels on a GPU cut and join nothing. */
export function splitChannels(x: tf.Tensor5D, parts: number): tf.Tensor5D[] {
  const [n, d, h, w, c] = x.shape;
  const rows = tf.reshape<tf.Rank.R2>(x, [n * d * h * w, c]);
  return tf
    .split<tf.Tensor2D>(rows, parts, 1)
    .map((part) => tf.reshape<tf.Rank.R5>(part, [n, d, h, w, c / parts]));
}

/** A transposed convolution of volumes as a convolution of the volume with zeros between its elements. */
export function conv3dTransposeBySpreading(
  x: tf.Tensor5D,
  filter: tf.Tensor5D,
  stride: [number, number, number],
): tf.Tensor5D {
  const spread = stride.reduce((volumes, step, i) => spreadAxis(volumes, step, i + 1), x);
  const [d, h, w] = filter.shape;
  const around = [d, h, w].map((size): [number, number] => [size - 1, size - 1]);
  const turned = tf.transpose(tf.reverse(filter, [0, 1, 2]), [0, 1, 2, 4, 3]);
  return tf.conv3d(tf.pad(spread, [[0, 0], ...around, [0, 0]]), turned, 1, 'valid');
}

/** Padding side by side, which the kernels of tf.fused.depthwiseConv2d take and its typings leave out. */
export function explicitPadding(pad: number[][]): 'valid' {
  return pad as unknown as 'valid';
}

/** A depthwise convolution without dilation, by weights with zeros between them, and of equal steps, of which some count. */
export function plainDepthwiseConv2d(
  options: Omit<Parameters<typeof tf.fused.depthwiseConv2d<tf.Tensor4D>>[0], 'pad'> & {
    readonly filter: tf.Tensor4D;
    readonly strides: [number, number];
    readonly dilations: [number, number];
    readonly pad: number[][];
  },
): tf.Tensor4D {
  const { filter, strides, dilations, pad, ...others } = options;
  const isEqual = strides[0] === strides[1];
  const convolved = tf.fused.depthwiseConv2d({
    ...others,
    filter: spreadAxis(spreadAxis(filter, dilations[0], 0), dilations[1], 1),
    strides: isEqual ? strides : 1,
    pad: explicitPadding(pad),
  });
  return isEqual ? convolved : everyFew(everyFew(convolved, strides[0], 1), strides[1], 2);
}

/** Every so many rows or columns of images; gathered, since that has a gradient. */
export function everyFew(images: tf.Tensor4D, step: number, axis: 1 | 2): tf.Tensor4D {
  return tf.gather(images, tf.range(0, images.shape[axis], step, 'int32'), axis);
}

/** A tensor with zeros between the elements of an axis. */
export function spreadAxis<T extends tf.Tensor>(x: T, step: number, axis: number): T {
  if (step === 1) return x;
  const size = x.shape[axis]!;
  const after = x.shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const apart = tf.pad(tf.reshape(x, [-1, size, 1, after]), [
    [0, 0],
    [0, 0],
    [0, step - 1],
    [0, 0],
  ]);
  const wide = [...x.shape];
  wide[axis] = size * step;
  const last = [...wide];
  last[axis] = (size - 1) * step + 1;
  const begin = wide.map(() => 0);
  return tf.slice(tf.reshape(apart, wide), begin, last) as T;
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
