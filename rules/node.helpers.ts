import * as tf from '@tensorflow/tfjs-core';
import { tensorTypes, type RecordableAttribute, type TensorFlowBinding } from './recorded.helpers.js';

/** An activation that a kernel of TensorFlow applies to what it computed. */
export interface NativeActivation {
  readonly activation?: keyof typeof nativeActivations;
  readonly leakyreluAlpha?: number;
}

/** The names that TensorFlow has for activations. */
export const nativeActivations = { relu: 'Relu', relu6: 'Relu6', elu: 'Elu', leakyrelu: 'LeakyRelu' };

/** What a convolution by weights does in one kernel. */
export interface NativeConvolution extends NativeActivation {
  readonly x: tf.Tensor4D;
  /** Weights, which don't change: in a graph kernels keep a copy. */
  readonly filter: tf.Tensor4D;
  readonly strides: [number, number];
  readonly pad: 'same' | 'valid' | tf.backend_util.ExplicitPadding;
  readonly dilations?: [number, number];
  readonly bias: tf.Tensor1D;
  /** No kernel of oneDNN. */
  readonly own?: boolean;
}

/** tf.fused.conv2d as one kernel: tfjs-node convolves, adds the bias and activates one after the other. */
export function nativeConv2d(options: NativeConvolution): tf.Tensor4D {
  return convolveByOneDnn(options, { BiasAdd: options.bias }, () => convolveByTensorFlow(options));
}

/** The same with a tensor that is added before the activation, which is not leaky. */
export function nativeConv2dAndSum(
  options: NativeConvolution & { readonly summand: tf.Tensor4D },
): tf.Tensor4D {
  const { x, filter, bias, summand, activation, ...others } = options;
  const otherwise = (): tf.Tensor4D =>
    tf.tidy(() => {
      const convolved = convolveByTensorFlow({ x, filter, bias, ...others });
      return activated(nativeBinary('AddV2', convolved, summand, tf.add), activation);
    });
  return convolveByOneDnn(options, { BiasAdd: bias, Add: summand }, otherwise);
}

/** By a kernel of oneDNN, where that is worth it and may be. */
export function convolveByOneDnn(
  options: NativeConvolution,
  added: Readonly<Record<string, tf.Tensor>>,
  otherwise: () => tf.Tensor4D,
): tf.Tensor4D {
  const { x, filter, activation, own } = options;
  const summands = Object.values(added);
  // Windows of several pixels are gathered first by TensorFlow's own kernel, which takes longer than it computes. Sums are
  // added, and activated, by further kernels.
  const isLong = filter.shape[0] * filter.shape[1] > 1;
  const isInThree = summands.length > 1 && activation !== undefined;
  const least = isLong ? 2e5 : isInThree ? 3e5 : 1e6;
  return nativeOpInGraphs(
    '_MklNativeFusedConv2D',
    () => [
      ...windowAttributes(options),
      ...fusedAttributes(options, Object.keys(added)),
      ['TArgs', 'TYPE', summands.map(() => 1)],
      constantWeights,
    ],
    () => [x, filter, ...summands],
    otherwise,
    !own && productsOf(options) >= least,
  );
}

/** By TensorFlow's own kernel, which adds nothing but the bias. */
export function convolveByTensorFlow(options: NativeConvolution): tf.Tensor4D {
  const { x, filter, bias } = options;
  return nativeOp(
    '_FusedConv2D',
    () => [floats, ...windowAttributes(options), ...fusedAttributes(options), ['TArgs', 'TYPE', [1]]],
    [x, filter, bias],
    () => tf.fused.conv2d(options),
  );
}

/** tf.fused.depthwiseConv2d as one kernel, without padding by numbers and leaky activations. */
export function nativeDepthwiseConv2d(
  options: Omit<NativeConvolution, 'pad' | 'bias'> & {
    readonly pad: 'same' | 'valid';
    readonly bias?: tf.Tensor1D;
  },
): tf.Tensor4D {
  const { x, filter, bias, strides, pad, dilations, activation, own } = options;
  // TensorFlow's own kernel does not move its window in other ways.
  const hasOwn = strides[0] === strides[1] && dilations === undefined;
  const otherwise = (): tf.Tensor4D => {
    const convolved = nativeOp(
      hasOwn ? 'DepthwiseConv2dNative' : '_MklNativeDepthwiseConv2dNative',
      () => [floats, ...windowAttributes(options), ...(hasOwn ? [] : [oneDnn])],
      [x, filter],
      () => tf.depthwiseConv2d(x, filter, strides, pad, 'NHWC', dilations),
    );
    // The kernel that adds any two adds these in less time than that for biases.
    const sum = bias === undefined ? convolved : nativeBinary('AddV2', convolved, bias, tf.add);
    return activated(sum, activation);
  };
  return tf.tidy(() =>
    nativeOpInGraphs(
      '_MklNativeFusedDepthwiseConv2dNative',
      () => [...windowAttributes(options), ...fusedAttributes(options), constantWeights],
      () => [x, filter, bias ?? tf.zeros([filter.shape[2] * filter.shape[3]])],
      otherwise,
      !hasOwn || (!own && productsOf(options) >= 5e4),
    ),
  );
}

/** tf.fused.matMul as one kernel: tfjs-node multiplies, adds the bias and activates one after the other. */
export function nativeDense(
  options: NativeActivation & {
    readonly x: tf.Tensor2D;
    /** They don't change: in a graph kernels keep a copy. */
    readonly weights: tf.Tensor2D;
    readonly bias: tf.Tensor1D;
    readonly own?: boolean;
  },
): tf.Tensor2D {
  const { x, weights, bias, activation, leakyreluAlpha, own } = options;
  const inputs = [x, weights, bias];
  const otherwise = (): tf.Tensor2D =>
    nativeOp<tf.Tensor2D>(
      '_FusedMatMul',
      () => [floats, ...fusedAttributes(options)],
      inputs,
      () => tf.fused.matMul({ a: x, b: weights, bias, activation, leakyreluAlpha }) as tf.Tensor2D,
    );
  return nativeOpInGraphs(
    '_MklNativeFusedMatMul',
    () => [...fusedAttributes(options), constantWeights],
    () => inputs,
    otherwise,
    !own && x.size * bias.size >= 4e6,
  );
}

/**
 * tf.prelu in two kernels or four, instead of six. Where no slope is above one, it is the larger one of x and its product
 * with the slopes; else the sum of its positive part and the product of the negative one.
 * @param slopes one a channel
 */
export function nativePrelu(x: tf.Tensor4D, slopes: tf.Tensor1D): tf.Tensor4D {
  return tf.tidy(() =>
    slopesRise(slopes)
      ? nativeBinary('AddV2', tf.relu(x), scaledByChannel(tf.minimum(x, 0), slopes), tf.add)
      : nativeBinary('Maximum', x, scaledByChannel(x, slopes), tf.maximum),
  );
}

/** Channels by a number each. */
export function scaledByChannel(x: tf.Tensor4D, factors: tf.Tensor1D): tf.Tensor4D {
  // Of many numbers a convolution of single pixels is faster, which computes with all threads.
  return x.size < 5e4
    ? nativeBinary('Mul', x, factors, tf.mul)
    : nativeDepthwiseConv2d({
        x,
        filter: tf.reshape(factors, [1, 1, -1, 1]),
        strides: [1, 1],
        pad: 'valid',
      });
}

/** Whether a slope is above one; weights are looked at once. */
export function slopesRise(slopes: tf.Tensor): boolean {
  const known = risingSlopes.get(slopes.dataId);
  if (known !== undefined) return known;
  const rise = slopes.dataSync().some((slope) => slope > 1);
  risingSlopes.set(slopes.dataId, rise);
  return rise;
}

/** The slopes that were looked at. */
export const risingSlopes = new WeakMap<object, boolean>();

/** tf.avgPool, without the copy that it makes of the result. */
export function nativeAvgPool(
  x: tf.Tensor4D,
  window: [number, number],
  strides: [number, number],
  pad: 'same' | 'valid',
  own = false,
): tf.Tensor4D {
  const attributes: NativeAttribute[] = [
    floats,
    ['ksize', 'INT', [1, ...window, 1]],
    ...windowAttributes({ strides, pad }),
  ];
  return nativeOp(
    own ? 'AvgPool' : '_MklNativeAvgPool',
    () => (own ? attributes : [...attributes, oneDnn]),
    [x],
    () => tf.avgPool(x, window, strides, pad),
  );
}

/** tf.maxPool by a kernel of oneDNN, where there is enough to compare: it takes a while to begin. */
export function nativeMaxPool(
  x: tf.Tensor4D,
  window: [number, number],
  strides: [number, number],
  pad: 'same' | 'valid',
): tf.Tensor4D {
  return nativeOpInGraphs(
    '_MklNativeMaxPool',
    () => [['ksize', 'INT', [1, ...window, 1]], ...windowAttributes({ strides, pad })],
    () => [x],
    () => tf.maxPool(x, window, strides, pad),
    x.size >= 2e4,
  );
}

/** An image with its channels last, by the kernel that is fast with few channels. */
export function nativeChannelsLast(x: tf.Tensor4D): tf.Tensor4D {
  const perm = [0, 2, 3, 1];
  return tf.tidy(() =>
    nativeOp(
      '_MklTranspose',
      () => [floats, oneDnn],
      [x, tf.tensor1d(perm, 'int32')],
      () => tf.transpose(x, perm),
    ),
  );
}

/** tf.gather, without a look at the indices. */
export function nativeGather<T extends tf.Tensor>(
  x: T,
  indices: tf.Tensor,
  axis: number,
  batchDims: number,
): T {
  return tf.tidy(() =>
    nativeOp<T>(
      'GatherV2',
      () => [
        ['batch_dims', 'INT', batchDims],
        ['Tparams', 'TYPE', tensorTypes[x.dtype as keyof typeof tensorTypes]],
        ['Tindices', 'TYPE', 3],
        ['Taxis', 'TYPE', 3],
      ],
      [x, indices, tf.scalar(axis, 'int32')],
      () => tf.gather(x, indices, axis, batchDims),
    ),
  );
}

/** A kernel of two operands, without what TensorFlow.js does around it. */
export function nativeBinary<T extends tf.Tensor>(
  name: string,
  x: T,
  y: tf.Tensor,
  otherwise: (x: tf.Tensor, y: tf.Tensor) => tf.Tensor,
): T {
  return nativeOp(
    name,
    () => [floats],
    [x, y],
    () => otherwise(x, y) as T,
  );
}

/** An activation that has no slope. */
export function activated(x: tf.Tensor4D, activation: NativeActivation['activation']): tf.Tensor4D {
  if (activation === undefined || activation === 'leakyrelu') return tf.clone(x);
  return nativeOp(
    nativeActivations[activation],
    () => [floats],
    [x],
    () => tf[activation](x),
  );
}

/** How many products a convolution sums up, about. */
export function productsOf({
  x,
  filter,
  strides,
}: Pick<NativeConvolution, 'x' | 'filter' | 'strides'>): number {
  const [images, height, width] = x.shape;
  return (images * height * width * filter.size) / (strides[0] * strides[1]);
}

/** How a convolution of TensorFlow moves its window. */
export function windowAttributes({
  strides,
  dilations,
  pad,
}: Pick<NativeConvolution, 'strides' | 'dilations' | 'pad'>): NativeAttribute[] {
  const attributes: NativeAttribute[] = [['strides', 'INT', [1, ...strides, 1]]];
  if (dilations !== undefined) attributes.push(['dilations', 'INT', [1, ...dilations, 1]]);
  return typeof pad === 'string'
    ? [...attributes, ['padding', 'STRING', pad.toUpperCase()]]
    : [...attributes, ['padding', 'STRING', 'EXPLICIT'], ['explicit_paddings', 'INT', pad.flat()]];
}

/** What is added, and activating, as fused kernels are told. */
export function fusedAttributes(
  { activation, leakyreluAlpha }: NativeActivation,
  sums = ['BiasAdd'],
): NativeAttribute[] {
  const attributes: NativeAttribute[] = [
    ['num_args', 'INT', sums.length],
    ['fused_ops', 'STRING', activation === undefined ? sums : [...sums, nativeActivations[activation]]],
  ];
  if (leakyreluAlpha !== undefined) attributes.push(['leakyrelu_alpha', 'FLOAT', leakyreluAlpha]);
  return attributes;
}

/** An attribute of an operation of TensorFlow. Element types are numbers: 1 is float32, 3 is int32. */
export type NativeAttribute = readonly [
  name: string,
  kind: 'TYPE' | 'INT' | 'FLOAT' | 'BOOL' | 'STRING',
  value: number | boolean | string | readonly (number | string)[],
];

/** What the backend of Node.js has besides what all have. */
export interface NativeBackend {
  readonly isUsingGpuDevice: boolean;
  readonly binding: TensorFlowBinding & Readonly<Record<`TF_ATTR_${NativeAttribute[1]}`, number>>;
  executeSingleOutput(name: string, attributes: readonly object[], inputs: readonly tf.Tensor[]): tf.Tensor;
}

/** What most are of. */
export const floats: NativeAttribute = ['T', 'TYPE', 1];

/** Chooses a kernel of oneDNN. */
export const oneDnn: NativeAttribute = ['_kernel', 'STRING', 'MklNameChangeOp'];

/** Operations that this TensorFlow, or the binding to it, turned out not to have. */
export const missingOps = new Set<string>();

/**
 * One kernel of TensorFlow itself, for what takes several through `tf`, which `otherwise` computes: on a GPU, whose
 * kernels are others, and where the operation is not there, so that it fails where the same works through `tf`.
 */
export function nativeOp<T extends tf.Tensor>(
  name: string,
  attributes: () => readonly NativeAttribute[],
  inputs: readonly tf.Tensor[],
  otherwise: () => T,
): T {
  const { binding, isUsingGpuDevice } = tf.backend() as tf.KernelBackend & Partial<NativeBackend>;
  if (binding === undefined || isUsingGpuDevice || missingOps.has(name)) return otherwise();
  try {
    const given = givenAttributes(binding, attributes());
    return (tf.backend() as unknown as NativeBackend).executeSingleOutput(name, given, inputs) as T;
  } catch {
    const result = otherwise();
    missingOps.add(name);
    return result;
  }
}

/** In a graph a kernel of oneDNN keeps a copy of such weights in the order that suits it. */
export const constantWeights: NativeAttribute = ['is_filter_const', 'BOOL', true];

/**
 * One kernel of oneDNN in a graph. Outside of graphs it would order weights in every call, or has results besides.
 * @param isWorthIt whether there is enough to compute: it takes a while to begin
 */
export function nativeOpInGraphs<T extends tf.Tensor>(
  name: string,
  attributes: () => readonly NativeAttribute[],
  inputs: () => readonly tf.Tensor[],
  otherwise: () => T,
  isWorthIt: boolean,
): T {
  const { binding } = tf.backend() as tf.KernelBackend & Partial<NativeBackend>;
  if (!isWorthIt || binding?.recordInstead === undefined) return otherwise();
  const given = givenAttributes(binding, [floats, ...attributes(), oneDnn]);
  return binding.recordInstead(name, given, inputs(), otherwise);
}

/** Attributes as the binding takes them. */
export function givenAttributes(
  binding: NativeBackend['binding'],
  attributes: readonly NativeAttribute[],
): RecordableAttribute[] {
  return attributes.map(([name, kind, value]) => ({ name, type: binding[`TF_ATTR_${kind}`], value }));
}
