import * as tf from '@tensorflow/tfjs-core';
import { wasmKernels } from './wasm-kernels.helpers.js';

/** What a convolution by weights does in one kernel. */
export interface SimdConvolution {
  readonly x: tf.Tensor4D;
  readonly filter: tf.Tensor4D;
  readonly bias: tf.Tensor1D;
  /** What is added before the activation. */
  readonly summand?: tf.Tensor4D;
  /** What negative results are multiplied by, one a channel. */
  readonly slopes?: tf.Tensor1D;
  readonly strides: [number, number];
  readonly pad: 'same' | 'valid' | tf.backend_util.ExplicitPadding;
  readonly dilations?: [number, number];
  readonly activation?: 'relu' | 'relu6';
}

/** What the kernels' WebAssembly exports: wasm-kernels.assembly.ts. Tensors are addresses. */
export interface SimdExports {
  conv2d(...tensorsSizesAndLimits: number[]): void;
  conv2dScratch(kernelHeight: number, kernelWidth: number, channels: number, outs: number): number;
}

/** What the wasm backend has besides what all have. */
export interface WasmBackend extends tf.KernelBackend {
  readonly wasm: {
    readonly asm?: { readonly memory?: { readonly buffer: ArrayBufferLike } };
    _malloc(bytes: number): number;
    _free(address: number): void;
  };
  readonly dataIdMap: { get(dataId: tf.TensorInfo['dataId']): { readonly memoryOffset: number } };
  makeOutput(shape: number[], dtype: 'float32'): tf.TensorInfo;
}

/** A convolution by a kernel of our own; by TensorFlow.js's where there are threads, or no SIMD. */
export function simdConv2d(options: SimdConvolution): tf.Tensor4D {
  const { x, filter, bias, summand, slopes, activation, ...window } = options;
  if (simdExports() === null) return convolveByTensorFlowJs(options);
  if (tf.getKernel('SimdConv2D', 'wasm') === undefined) {
    tf.registerKernel({ kernelName: 'SimdConv2D', backendName: 'wasm', kernelFunc: simdConv2dKernel });
  }
  const inputs = Object.entries({ x, filter, bias, summand, slopes }).filter(
    ([, tensor]) => tensor !== undefined,
  );
  return tf.engine().runKernel('SimdConv2D', Object.fromEntries(inputs) as tf.NamedTensorMap, {
    ...window,
    low: activation === undefined ? -Infinity : 0,
    high: activation === 'relu6' ? 6 : Infinity,
  });
}

/** The same kernel by kernel. */
export function convolveByTensorFlowJs(options: SimdConvolution): tf.Tensor4D {
  const { summand, slopes, activation, ...convolution } = options;
  return tf.tidy(() => {
    const convolved = tf.fused.conv2d(convolution);
    const sum = summand === undefined ? convolved : tf.add(convolved, summand);
    const sloped = slopes === undefined ? sum : tf.prelu(sum, slopes);
    return (activation === undefined ? sloped : tf[activation](sloped)) as tf.Tensor4D;
  });
}

/** Convolves in the memory of the backend. */
export function simdConv2dKernel({ inputs, attrs, backend }: Parameters<tf.KernelFunc>[0]): tf.TensorInfo {
  const { wasm, dataIdMap } = backend as WasmBackend;
  const {
    strides,
    pad,
    dilations = [1, 1],
    low,
    high,
  } = attrs as unknown as SimdConvolution & Record<'low' | 'high', number>;
  const [x, filter] = [inputs.x!.shape, inputs.filter!.shape] as [number, number, number, number][];
  const { outShape, padInfo } = tf.backend_util.computeConv2DInfo(
    x!,
    filter!,
    strides,
    dilations,
    pad,
    'floor',
  );
  const result = (backend as WasmBackend).makeOutput(outShape, 'float32');
  const exports = simdExports()!;
  const scratch = wasm._malloc(exports.conv2dScratch(...filter!));
  const tensors = [inputs.x, inputs.filter, inputs.bias, inputs.summand, inputs.slopes, result];
  exports.conv2d(
    ...tensors.map((tensor) => (tensor === undefined ? 0 : dataIdMap.get(tensor.dataId).memoryOffset)),
    scratch,
    ...x!,
    filter![0],
    filter![1],
    ...strides,
    ...dilations,
    padInfo.top,
    padInfo.left,
    ...outShape.slice(1),
    low,
    high,
  );
  wasm._free(scratch);
  return result;
}

/** The kernels in the memory of the current backend; null where that is not wasm with SIMD and without threads. */
export function simdExports(): SimdExports | null {
  const { wasm } = tf.backend() as Partial<WasmBackend>;
  const memory = wasm?.asm?.memory;
  if (!(memory?.buffer instanceof ArrayBuffer)) return null;
  let known = simdInstances.get(memory);
  if (known === undefined) {
    try {
      const { atob, WebAssembly } = globalThis as unknown as WasmGlobals;
      const bytes = Uint8Array.from(atob(wasmKernels), (byte) => byte.charCodeAt(0));
      known = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } }).exports;
    } catch {
      known = null;
    }
    simdInstances.set(memory, known);
  }
  return known;
}

/** By the memory that they compute in. */
export const simdInstances = new WeakMap<object, SimdExports | null>();

/** What is needed of what browsers and Node.js have, whose types not every project has. */
export interface WasmGlobals {
  atob(base64: string): string;
  readonly WebAssembly: {
    readonly Module: new (bytes: Uint8Array) => object;
    readonly Instance: new (module: object, imports: object) => { readonly exports: SimdExports };
  };
}
