/** What emitted modules ask of TensorFlow itself: one kernel where `tf` takes several, and the same without it. */
import type * as tfjs from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, expect, it, vi } from 'vitest';
import { runnableHelpers, type HelperFunction } from '../../src/emit/helpers.js';
import { loadBackend, type Tf } from '../../src/emit/tf.js';
import { rules } from './rule-cases.js';

interface Backend extends tfjs.KernelBackend {
  isUsingGpuDevice: boolean;
  executeSingleOutput(
    name: string,
    attributes: readonly { readonly value: unknown }[],
    inputs: readonly tfjs.TensorInfo[],
  ): tfjs.Tensor;
}

const noPlace = { file: '', start: 0, end: 0 };
const fusedKernels = ['_MklNativeFusedConv2D', '_FusedConv2D'];

let tf: Tf;
let fusedConv2d: HelperFunction;
let options: object;
let expected: Float32Array;

beforeAll(async () => {
  tf = await loadBackend('node-gpu');
  // Its own helpers remember what is missing.
  const helper = await runnableHelpers(new Map(rules.helpers), tf);
  fusedConv2d = helper('fusedConv2d', noPlace);
  options = {
    x: tf.randomNormal([1, 8, 8, 3], 0, 1, 'float32', 1),
    filter: tf.randomNormal([3, 3, 3, 8], 0, 1, 'float32', 2),
    bias: tf.randomNormal([8], 0, 1, 'float32', 3),
    strides: [2, 2],
    dilations: [1, 1],
    pad: [
      [0, 0],
      [1, 1],
      [1, 1],
      [0, 0],
    ],
    activation: 'relu6',
  };
  // Which kernel is faster here is found out by the first convolution.
  tf.dispose(fusedConv2d(options) as tfjs.Tensor);
  expected = values(tf.fused.conv2d(options as Parameters<typeof tf.fused.conv2d>[0]));
});

afterEach(() => vi.restoreAllMocks());

const backend = (): Backend => tf.backend() as Backend;

function values(tensor: tfjs.Tensor): Float32Array {
  const data = tensor.dataSync<'float32'>();
  tensor.dispose();
  return data;
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  return Math.max(...a.map((value, i) => Math.abs(value - b[i]!)));
}

/** The operations of TensorFlow that a computation runs; it gives what was expected, and leaves nothing behind. */
function operationsOf(compute: () => unknown): string[] {
  const before = tf.memory().numTensors;
  const execute = vi.spyOn(backend(), 'executeSingleOutput');
  const result = values(tf.tidy(() => compute() as tfjs.Tensor));
  expect(largestDifference(result, expected)).toBeLessThan(1e-5);
  expect(tf.memory().numTensors).toBe(before);
  return execute.mock.calls.map(([name]) => name);
}

it('a convolution with bias and activation is one kernel', () => {
  const [kernel, ...others] = operationsOf(() => fusedConv2d(options));
  expect(fusedKernels).toContain(kernel);
  expect(others).toEqual([]);
});

it.each([
  ['convolveByOneDnn', ['_MklNativeFusedConv2D']],
  ['convolveByTensorFlow', ['_FusedConv2D']],
])('whichever is faster, they compute the same: %s', async (name, kernels) => {
  const helper = await runnableHelpers(new Map(rules.helpers), tf);
  expect(operationsOf(() => helper(name, noPlace)(options))).toEqual(kernels);
});

it.each(['relu', 'relu6', 'elu', undefined])('with a sum and %s too', async (activation) => {
  const helper = await runnableHelpers(new Map(rules.helpers), tf);
  const summand = tf.randomNormal([1, 4, 4, 8], 0, 1, 'float32', 4);
  const [first, second] = ['convolveByOneDnn', 'convolveByTensorFlow'].map((name) =>
    values(helper(name, noPlace)({ ...options, summand, activation }) as tfjs.Tensor),
  );
  summand.dispose();
  expect(largestDifference(first!, second!)).toBeLessThan(1e-5);
});

it.each(['relu', 'relu6', 'elu', 'leakyrelu', undefined])(
  'and so do those of single channels, with %s',
  async (activation) => {
    const helper = await runnableHelpers(new Map(rules.helpers), tf);
    const filter = tf.randomNormal([3, 3, 3, 1], 0, 1, 'float32', 5);
    const bias = tf.randomNormal([3], 0, 1, 'float32', 6);
    const leakyreluAlpha = activation === 'leakyrelu' ? 0.3 : undefined;
    const [first, second] = ['convolveDepthwiseByOneDnn', 'convolveDepthwiseByTensorFlow'].map((name) =>
      values(
        helper(
          name,
          noPlace,
        )({ ...options, filter, bias, pad: 'same', activation, leakyreluAlpha }) as tfjs.Tensor,
      ),
    );
    tf.dispose([filter, bias]);
    expect(largestDifference(first!, second!)).toBeLessThan(1e-5);
  },
);

it('on a GPU it is what TensorFlow.js makes of it', () => {
  const { isUsingGpuDevice } = backend();
  backend().isUsingGpuDevice = true;
  try {
    expect(operationsOf(() => fusedConv2d(options))).toEqual(['Conv2D', 'Add', 'Relu6']);
  } finally {
    backend().isUsingGpuDevice = isUsingGpuDevice;
  }
});

it('so it is where the binding passes no lists of texts on, which is tried once', () => {
  const execute = backend().executeSingleOutput.bind(backend());
  vi.spyOn(backend(), 'executeSingleOutput').mockImplementation((name, attributes, inputs) => {
    const texts = attributes.some(({ value }) => Array.isArray(value) && typeof value[0] === 'string');
    if (texts) throw new Error('A string was expected');
    return execute(name, attributes, inputs);
  });
  const first = operationsOf(() => fusedConv2d(options));
  expect(first.slice(-3)).toEqual(['Conv2D', 'Add', 'Relu6']);
  expect(fusedKernels).toEqual(expect.arrayContaining(first.slice(0, -3)));
  const again = operationsOf(() => fusedConv2d(options));
  expect(again.slice(first.length)).toEqual(['Conv2D', 'Add', 'Relu6']);
});

it('what is wrong with the operands is told, and nothing else is switched off by it', async () => {
  const helper = await runnableHelpers(new Map(rules.helpers), tf);
  const fresh = helper('fusedConv2d', noPlace);
  expect(() => fresh({ ...options, filter: tf.zeros([3, 3, 5, 8]) })).toThrow(/depth of input/);
  expect(fusedKernels).toContain(operationsOf(() => fresh(options)).at(-1));
});
