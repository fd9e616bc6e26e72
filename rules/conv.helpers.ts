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
  let spread = x;
  stride.forEach((step, i) => {
    const axis = i + 1;
    const size = spread.shape[axis]!;
    const after = spread.shape.slice(axis + 1).reduce((a, b) => a * b, 1);
    const apart = tf.pad(tf.reshape(spread, [-1, size, 1, after]), [
      [0, 0],
      [0, 0],
      [0, step - 1],
      [0, 0],
    ]);
    const wide: [number, number, number, number, number] = [...spread.shape];
    wide[axis] = size * step;
    const last = [...wide];
    last[axis] = (size - 1) * step + 1;
    spread = tf.slice(tf.reshape<tf.Rank.R5>(apart, wide), [0, 0, 0, 0, 0], last);
  });
  const [d, h, w] = filter.shape;
  const around = [d, h, w].map((size): [number, number] => [size - 1, size - 1]);
  const turned = tf.transpose(tf.reverse(filter, [0, 1, 2]), [0, 1, 2, 4, 3]);
  return tf.conv3d(tf.pad(spread, [[0, 0], ...around, [0, 0]]), turned, 1, 'valid');
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

/** What tf.fused.conv2d and tf.fused.depthwiseConv2d are told, and one kernel of TensorFlow can do. */
export interface FusedConvolution {
  readonly x: tf.Tensor4D;
  readonly filter: tf.Tensor4D;
  readonly strides: [number, number];
  readonly pad: 'same' | 'valid' | tf.backend_util.ExplicitPadding;
  readonly dilations?: [number, number];
  readonly bias: tf.Tensor1D;
  /** Added before the activation, which then is not leaky. */
  readonly summand?: tf.Tensor4D;
  readonly activation?: 'relu' | 'relu6' | 'elu' | 'leakyrelu';
  readonly leakyreluAlpha?: number;
}

/** tf.fused.conv2d as one kernel: tfjs-node convolves, adds the bias and activates one after the other. */
export function fusedConv2d(options: FusedConvolution): tf.Tensor4D {
  const { filter } = options;
  return isConvolvedFaster(windowsOf(options) * filter.size, filter.shape[0] * filter.shape[1] === 1)
    ? convolveByOneDnn(options)
    : convolveByTensorFlow(options);
}

/** Whether oneDNN is faster with so many products of a window of one element, or of others. */
export function isConvolvedFaster(products: number, isPointwise: boolean): boolean {
  return isOneDnnFaster(
    products,
    isPointwise ? [1, 1, 32, 64] : [3, 3, 32, 32],
    convolveByOneDnn,
    convolveByTensorFlow,
  );
}

/** By a kernel of oneDNN, which adds a summand as well. */
export function convolveByOneDnn(options: FusedConvolution): tf.Tensor4D {
  const { x, filter, bias, summand } = options;
  const added = summand === undefined ? [bias] : [bias, summand];
  return nativeOp(
    '_MklNativeFusedConv2D',
    [
      ...windowAttributes(options),
      ...fusedAttributes(options),
      oneDnnLabel,
      ['TArgs', 'TYPE', added.map(() => nativeFloat)],
    ],
    [x, filter, ...added],
    () => convolveByTensorFlow(options),
  );
}

/** By TensorFlow's own kernel, and what is added by another. */
export function convolveByTensorFlow(options: FusedConvolution): tf.Tensor4D {
  const { x, filter, bias, summand } = options;
  if (summand !== undefined) {
    return tf.tidy(() => {
      const { summand: _, activation: __, ...convolution } = options;
      return activated(nativeSum(convolveByTensorFlow(convolution), summand), options);
    });
  }
  return nativeOp(
    '_FusedConv2D',
    [...windowAttributes(options), ...fusedAttributes(options), ['TArgs', 'TYPE', [nativeFloat]]],
    [x, filter, bias],
    () => tf.fused.conv2d(options),
  );
}

/** tf.fused.depthwiseConv2d as one kernel, where that is faster, or TensorFlow's own does not move its window so. */
export function fusedDepthwiseConv2d(options: FusedConvolution): tf.Tensor4D {
  const { filter, strides, dilations = [1, 1] } = options;
  const isOwn = strides[0] === strides[1] && Math.max(...dilations) === 1;
  const products = windowsOf(options) * filter.size;
  return !isOwn ||
    isOneDnnFaster(products, [3, 3, 32, 1], convolveDepthwiseByOneDnn, convolveDepthwiseByTensorFlow)
    ? convolveDepthwiseByOneDnn(options)
    : convolveDepthwiseByTensorFlow(options);
}

/** By a kernel of oneDNN, which does not know padding by numbers, and leaves leaky activations to another. */
export function convolveDepthwiseByOneDnn(options: FusedConvolution): tf.Tensor4D {
  const { x, filter, bias, pad } = options;
  if (typeof pad !== 'string') return convolveDepthwiseByTensorFlow(options);
  if (options.activation === 'leakyrelu') {
    return tf.tidy(() => {
      const { activation: _, leakyreluAlpha: __, ...convolution } = options;
      return activated(convolveDepthwiseByOneDnn(convolution), options);
    });
  }
  return nativeOp(
    '_MklNativeFusedDepthwiseConv2dNative',
    [...windowAttributes(options), ...fusedAttributes(options), oneDnnLabel],
    [x, filter, bias],
    () => convolveDepthwiseByTensorFlow(options),
  );
}

/** By TensorFlow's own kernel, then the bias and the activation. */
export function convolveDepthwiseByTensorFlow(options: FusedConvolution): tf.Tensor4D {
  const { x, filter, bias, pad, strides, dilations = [1, 1] } = options;
  if (Math.max(...dilations) > 1 || typeof pad !== 'string') {
    return tf.fused.depthwiseConv2d({
      ...options,
      pad: typeof pad === 'string' ? pad : explicitPadding(pad),
    });
  }
  return tf.tidy(() => {
    const convolved = nativeOp<tf.Tensor4D>(
      'DepthwiseConv2dNative',
      [...windowAttributes(options), ['T', 'TYPE', nativeFloat]],
      [x, filter],
      () => tf.depthwiseConv2d(x, filter, strides, pad),
    );
    return activated(nativeSum(convolved, bias), options);
  });
}

/** A sum as TensorFlow computes it, without what TensorFlow.js does around it. */
export function nativeSum(x: tf.Tensor4D, y: tf.Tensor): tf.Tensor4D {
  return nativeOp('AddV2', [['T', 'TYPE', nativeFloat]], [x, y], () => tf.add(x, y));
}

/** The activation of a convolution. */
export function activated(
  x: tf.Tensor4D,
  { activation, leakyreluAlpha = 0.2 }: Pick<FusedConvolution, 'activation' | 'leakyreluAlpha'>,
): tf.Tensor4D {
  if (activation === undefined) return tf.clone(x);
  const attributes: NativeAttribute[] = [['T', 'TYPE', nativeFloat]];
  if (activation === 'leakyrelu') attributes.push(['alpha', 'FLOAT', leakyreluAlpha]);
  return nativeOp(nativeActivations[activation], attributes, [x], () =>
    activation === 'leakyrelu' ? tf.leakyRelu(x, leakyreluAlpha) : tf[activation](x),
  );
}

/** How many times a window is laid on the images, about. */
export function windowsOf({ x, strides }: Pick<FusedConvolution, 'x' | 'strides'>): number {
  const [images, height, width] = x.shape;
  return (images * height * width) / (strides[0] * strides[1]);
}

/** By how many milliseconds TensorFlow's own kernel is faster, for a small and a larger number of products. */
export type Lead = readonly { readonly products: number; readonly milliseconds: number }[];

/** By the shape of a filter that stands for others. */
export const leads = new Map<string, Lead>();

/**
 * Whether oneDNN computes so many products faster than TensorFlow's own kernel does. That depends on the processor, with
 * and without AVX-512 for one, and on the size: a call of oneDNN takes a while before it begins. So both are timed at two
 * sizes, once a process, in some milliseconds; between them, and beyond, time is taken to be linear.
 * @param shape of a filter to time them with
 */
export function isOneDnnFaster(
  products: number,
  shape: [number, number, number, number],
  oneDnn: (options: FusedConvolution) => tf.Tensor4D,
  own: (options: FusedConvolution) => tf.Tensor4D,
): boolean {
  if (processorBackend() === null) return false;
  const kind = `${shape}`;
  if (!leads.has(kind))
    leads.set(
      kind,
      [4, 28].map((side) => timedLead(side, shape, oneDnn, own)),
    );
  const [small, large] = leads.get(kind)!;
  const slope = (large!.milliseconds - small!.milliseconds) / (large!.products - small!.products);
  return small!.milliseconds + slope * (products - small!.products) < 0;
}

/** Times both kernels on an image. */
export function timedLead(
  side: number,
  shape: [number, number, number, number],
  oneDnn: (options: FusedConvolution) => tf.Tensor4D,
  own: (options: FusedConvolution) => tf.Tensor4D,
): Lead[number] {
  return tf.tidy(() => {
    const options: FusedConvolution = {
      x: tf.ones([1, side, side, shape[2]]),
      filter: tf.ones(shape),
      bias: tf.ones([shape[3] === 1 ? shape[2] : shape[3]]),
      strides: [1, 1],
      pad: 'same',
      activation: 'relu6',
    };
    const milliseconds = fastest(() => oneDnn(options)) - fastest(() => own(options));
    return { products: windowsOf(options) * options.filter.size, milliseconds };
  });
}

/** The shortest of a few times, in milliseconds. */
export function fastest(compute: () => void): number {
  const times = Array.from({ length: 3 }, () => {
    const start = tf.util.now();
    compute();
    return tf.util.now() - start;
  });
  return Math.min(...times);
}

/** How a convolution of TensorFlow moves its window. */
export function windowAttributes({ strides, dilations = [1, 1], pad }: FusedConvolution): NativeAttribute[] {
  const attributes: NativeAttribute[] = [
    ['data_format', 'STRING', 'NHWC'],
    ['strides', 'INT', [1, ...strides, 1]],
    ['dilations', 'INT', [1, ...dilations, 1]],
    ['padding', 'STRING', typeof pad === 'string' ? pad.toUpperCase() : 'EXPLICIT'],
  ];
  return typeof pad === 'string' ? attributes : [...attributes, ['explicit_paddings', 'INT', pad.flat()]];
}

/** TensorFlow's number for float32. */
export const nativeFloat = 1;

/** What a kernel of TensorFlow does after its products, by the names that tf.fused has for it. */
export const nativeActivations = { relu: 'Relu', relu6: 'Relu6', elu: 'Elu', leakyrelu: 'LeakyRelu' };

/** Chooses a kernel of oneDNN. */
export const oneDnnLabel: NativeAttribute = ['_kernel', 'STRING', 'MklNameChangeOp'];

/** Adding a bias and activating, as fused kernels are told. */
export function fusedAttributes(options: {
  readonly summand?: tf.Tensor;
  readonly activation?: keyof typeof nativeActivations;
  readonly leakyreluAlpha?: number;
}): NativeAttribute[] {
  const { summand, activation, leakyreluAlpha } = options;
  const sums = summand === undefined ? ['BiasAdd'] : ['BiasAdd', 'Add'];
  const attributes: NativeAttribute[] = [
    ['T', 'TYPE', nativeFloat],
    ['num_args', 'INT', sums.length],
    ['fused_ops', 'STRING', activation === undefined ? sums : [...sums, nativeActivations[activation]]],
  ];
  return leakyreluAlpha === undefined
    ? attributes
    : [...attributes, ['leakyrelu_alpha', 'FLOAT', leakyreluAlpha]];
}

/** An attribute of an operation of TensorFlow itself: its name, its kind, and its value; a type is an element type. */
export type NativeAttribute = readonly [
  name: string,
  kind: 'TYPE' | 'INT' | 'FLOAT' | 'BOOL' | 'STRING',
  value: number | boolean | string | readonly (number | string)[],
];

/** What the backend of Node.js has besides what all have. */
export interface NativeBackend {
  readonly isUsingGpuDevice: boolean;
  readonly binding: Readonly<Record<string, number>>;
  executeSingleOutput(name: string, attributes: readonly object[], inputs: readonly tf.Tensor[]): tf.Tensor;
}

/** The backend of Node.js, if it computes on the processor. */
export function processorBackend(): NativeBackend | null {
  const backend = tf.backend() as tf.KernelBackend & Partial<NativeBackend>;
  return backend.binding !== undefined && backend.isUsingGpuDevice === false
    ? (backend as NativeBackend & tf.KernelBackend)
    : null;
}

/** Operations that this TensorFlow, or the binding to it, turned out not to have. */
export const missingOps = new Set<string>();

/**
 * One kernel of TensorFlow itself, for what takes several through `tf`, which `otherwise` computes: on a GPU, whose
 * kernels are others, and where the operation is not there, so that it fails where the same works through `tf`.
 */
export function nativeOp<T extends tf.Tensor>(
  name: string,
  attributes: readonly NativeAttribute[],
  inputs: readonly tf.Tensor[],
  otherwise: () => T,
): T {
  const backend = processorBackend();
  if (backend === null || missingOps.has(name)) return otherwise();
  try {
    const given = attributes.map(([attribute, kind, value]) => ({
      name: attribute,
      type: backend.binding[`TF_ATTR_${kind}`],
      value,
    }));
    return backend.executeSingleOutput(name, given, inputs) as T;
  } catch {
    const result = otherwise();
    missingOps.add(name);
    return result;
  }
}
