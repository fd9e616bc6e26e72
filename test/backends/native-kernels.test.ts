/** What emitted modules ask of TensorFlow itself: one kernel where `tf` takes several, and the same without it. */
import type * as tfjs from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { runnableHelpers, type HelperFunction } from '../../src/emit/helpers.js';
import { loadBackend, type Tf } from '../../src/emit/tf.js';
import { noPlace } from '../helper-calls.js';
import { rules } from './rule-cases.js';

interface Attribute {
  readonly name: string;
  readonly value: unknown;
}

interface Backend extends tfjs.KernelBackend {
  isUsingGpuDevice: boolean;
  binding: object;
  executeSingleOutput(
    name: string,
    attributes: readonly Attribute[],
    inputs: readonly tfjs.TensorInfo[],
  ): tfjs.Tensor;
}

let tf: Tf;
let call: (name: string, ...args: readonly unknown[]) => tfjs.Tensor;
let made: tfjs.Tensor[];

beforeAll(async () => {
  tf = await loadBackend('node-gpu');
});

/** Helpers remember what is missing: those of a test are their own. */
beforeEach(() => {
  const helper = runnableHelpers(new Map(rules.helpers), tf);
  call = (name, ...args) => (helper(name, noPlace) as HelperFunction)(...args) as tfjs.Tensor;
  made = [];
});

afterEach(() => {
  vi.restoreAllMocks();
  tf.dispose(made);
});

const backend = (): Backend => tf.backend() as Backend;

function random<R extends tfjs.Rank>(shape: tfjs.ShapeMap[R], seed: number): tfjs.Tensor<R> {
  const tensor = tf.randomNormal<R>(shape, 0, 1, 'float32', seed);
  made.push(tensor);
  return tensor;
}

function values(tensor: tfjs.Tensor): Float32Array {
  const data = tensor.dataSync<'float32'>();
  tensor.dispose();
  return data;
}

interface Ran {
  readonly result: Float32Array;
  /** The operations of TensorFlow, in order. */
  readonly operations: string[];
  readonly attributes: Readonly<Record<string, unknown>>[];
}

/** Runs a computation by the kernels that a graph would have. It must leave nothing behind. */
function runAsGraph(compute: () => tfjs.Tensor): Ran {
  const { binding } = backend();
  const recordInstead = (name: string, attributes: readonly Attribute[], inputs: tfjs.TensorInfo[]) => {
    expect(attributes).toContainEqual(expect.objectContaining({ name: 'is_filter_const', value: true }));
    // Outside of graphs kernels would take the weights of one test for those of others.
    const changed = attributes.map((one) =>
      one.name === 'is_filter_const' ? { ...one, value: false } : one,
    );
    return backend().executeSingleOutput(name, changed, inputs);
  };
  backend().binding = Object.create(binding, { recordInstead: { value: recordInstead } }) as object;
  try {
    return run(compute);
  } finally {
    backend().binding = binding;
  }
}

/** Runs a computation, which must leave nothing behind. */
function run(compute: () => tfjs.Tensor): Ran {
  const before = tf.memory().numTensors;
  const execute = vi.spyOn(backend(), 'executeSingleOutput');
  const result = values(tf.tidy(compute));
  expect(tf.memory().numTensors).toBe(before);
  const { calls } = execute.mock;
  const ran = {
    result,
    operations: calls.map(([name]) => name),
    attributes: calls.map(([, given]) => Object.fromEntries(given.map(({ name, value }) => [name, value]))),
  };
  execute.mockRestore();
  return ran;
}

function expectEqual(a: Float32Array, b: Float32Array): void {
  expect(a.length).toBe(b.length);
  const largest = b.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const difference = a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
  expect(difference).toBeLessThan(1e-5 * largest);
}

interface Convolution {
  readonly x: tfjs.Tensor4D;
  readonly filter: tfjs.Tensor4D;
  readonly bias: tfjs.Tensor1D;
  readonly strides: [number, number];
  readonly pad: [[number, number], [number, number], [number, number], [number, number]];
}

/** A convolution, small enough for TensorFlow's own kernel, or so large that it is oneDNN's. */
function convolution(side: number): Convolution {
  return {
    x: random<tfjs.Rank.R4>([1, side, side, 8], 1),
    filter: random<tfjs.Rank.R4>([3, 3, 8, 16], 2),
    bias: random<tfjs.Rank.R1>([16], 3),
    strides: [2, 2],
    pad: [
      [0, 0],
      [1, 1],
      [1, 1],
      [0, 0],
    ],
  };
}

describe.each([
  ['few products', 8, '_FusedConv2D'],
  ['many products', 192, '_MklNativeFusedConv2D'],
])('a convolution of %s', (_, side, kernel) => {
  it.each(['relu', 'relu6', 'elu', 'leakyrelu', undefined] as const)(
    'is one kernel, with %s',
    (activation) => {
      const leakyreluAlpha = activation === 'leakyrelu' ? 0.3 : undefined;
      const options = { ...convolution(side), activation, leakyreluAlpha };
      const { result, operations } = runAsGraph(() => call('nativeConv2d', options));
      expect(operations).toEqual([kernel]);
      expectEqual(result, values(tf.fused.conv2d(options)));
    },
  );

  it.each(['relu', 'relu6', 'elu', undefined] as const)('adds a summand before %s', (activation) => {
    const options = convolution(side);
    const summand = random([1, side / 2, side / 2, 16], 4);
    const { result, operations } = runAsGraph(() =>
      call('nativeConv2dAndSum', { ...options, summand, activation }),
    );
    expect(operations[0]).toBe(kernel);
    const sum = tf.tidy(() => {
      const added = tf.add(tf.fused.conv2d(options), summand);
      return activation === undefined ? added : tf[activation](added);
    });
    expectEqual(result, values(sum));
  });
});

it.each([
  ['relu', ['_MklNativeFusedConv2D']],
  [undefined, ['_FusedConv2D', 'AddV2']],
] as const)(
  'a convolution of pixels is oneDNN’s from fewer products on where %s follows a sum',
  (activation, kernels) => {
    const x = random<tfjs.Rank.R4>([1, 20, 20, 32], 1);
    const filter = random<tfjs.Rank.R4>([1, 1, 32, 32], 2);
    const bias = random<tfjs.Rank.R1>([32], 3);
    const convolved = { x, filter, bias, strides: [1, 1] as [number, number], pad: 'valid' as const };
    const { result, operations } = runAsGraph(() =>
      call('nativeConv2dAndSum', { ...convolved, summand: x, activation }),
    );
    expect(operations).toEqual(kernels);
    const sum = tf.tidy(() => tf.add<tfjs.Tensor>(tf.fused.conv2d(convolved), x));
    expectEqual(result, values(activation === undefined ? sum : tf.tidy(() => tf.relu(sum))));
    tf.dispose(sum);
  },
);

describe.each([
  ['few products', 8, 'DepthwiseConv2dNative'],
  ['many products', 96, '_MklNativeFusedDepthwiseConv2dNative'],
])('a depthwise convolution of %s', (_, side, kernel) => {
  it.each(['relu', 'relu6', 'elu', undefined] as const)('computes the same, with %s', (activation) => {
    const filter = random<tfjs.Rank.R4>([3, 3, 8, 2], 5);
    const strides: [number, number] = [1, 1];
    const options = { ...convolution(side), filter, strides, pad: 'same' as const, activation };
    for (const given of [options, { ...options, bias: undefined }]) {
      const { result, operations } = runAsGraph(() => call('nativeDepthwiseConv2d', given));
      expect(operations[0]).toBe(kernel);
      expectEqual(result, values(tf.fused.depthwiseConv2d(given)));
    }
  });
});

it('a dilated depthwise convolution, and unequal steps, are oneDNN’s, however small', async () => {
  const x = random<tfjs.Rank.R4>([1, 8, 8, 8], 1);
  const filter = random<tfjs.Rank.R4>([3, 3, 8, 1], 2);
  const bias = random<tfjs.Rank.R1>([8], 3);
  const ways = [{ strides: [1, 1], dilations: [2, 2] }, { strides: [2, 1] }] as {
    strides: [number, number];
    dilations?: [number, number];
  }[];
  for (const way of ways) {
    const { result, operations } = runAsGraph(() =>
      call('nativeDepthwiseConv2d', { x, filter, bias, pad: 'same', ...way }),
    );
    expect(operations).toEqual(['_MklNativeFusedDepthwiseConv2dNative']);
    // TensorFlow's own kernel for processors has neither: JavaScript computes what is expected.
    const inputs = [x, filter, bias].map((tensor) => ({ data: tensor.dataSync(), shape: tensor.shape }));
    await tf.setBackend('cpu');
    const expected = tf.tidy(() => {
      const [image, weights, added] = inputs.map(({ data, shape }) => tf.tensor(data, shape));
      const { strides, dilations } = way;
      return tf
        .add(
          tf.depthwiseConv2d(
            image as tfjs.Tensor4D,
            weights as tfjs.Tensor4D,
            strides,
            'same',
            'NHWC',
            dilations,
          ),
          added!,
        )
        .dataSync<'float32'>();
    });
    await tf.setBackend('tensorflow');
    expectEqual(result, expected);
  }
});

it.each([
  ['few products', 8, '_FusedMatMul'],
  ['many products', 8192, '_MklNativeFusedMatMul'],
])('a dense layer of %s is one kernel', (_, rows, kernel) => {
  const [x, weights] = [random<tfjs.Rank.R2>([rows, 64], 6), random<tfjs.Rank.R2>([64, 96], 7)];
  const bias = random<tfjs.Rank.R1>([96], 8);
  for (const activation of ['relu', undefined] as const) {
    const { result, operations } = runAsGraph(() => call('nativeDense', { x, weights, bias, activation }));
    expect(operations).toEqual([kernel]);
    expectEqual(result, values(tf.fused.matMul({ a: x, b: weights, bias, activation })));
  }
});

it.each([
  ['none above one', -1, 1, 8, ['Mul', 'Maximum']],
  ['some above one', 0.5, 1.5, 8, ['Relu', 'Minimum', 'Mul', 'AddV2']],
  [
    'none above one, and many numbers',
    -1,
    1,
    96,
    ['Reshape', '_MklNativeFusedDepthwiseConv2dNative', 'Maximum'],
  ],
])('learnt slopes: %s', (_, low, high, side, kernels) => {
  const x = random([1, side, side, 32], 9);
  const slopes = tf.randomUniform([32], low, high, 'float32', 10);
  made.push(slopes);
  const { result, operations } = runAsGraph(() => call('nativePrelu', x, slopes));
  expect(operations).toEqual(kernels);
  // To the last bit: networks that amplify rounding have the same kernels.
  const [numbers, factors] = [values(x), values(slopes)];
  expect(result).toEqual(numbers.map((number, i) => (number > 0 ? number : number * factors[i % 32]!)));
});

it('mean pooling is one kernel', () => {
  const x = random<tfjs.Rank.R4>([2, 9, 9, 4], 11);
  for (const pad of ['same', 'valid'] as const) {
    const { result, operations } = run(() => call('nativeAvgPool', x, [3, 3], [2, 2], pad));
    expect(operations).toEqual(['_MklNativeAvgPool']);
    expectEqual(result, values(tf.avgPool(x, [3, 3], [2, 2], pad)));
  }
});

it('channels come last by oneDNN’s kernel', () => {
  const x = random([2, 3, 5, 7], 12);
  const { result, operations } = run(() => call('nativeChannelsLast', x));
  expect(operations).toEqual(['_MklTranspose']);
  expectEqual(result, values(tf.transpose(x, [0, 2, 3, 1])));
});

it('kernels of TensorFlow itself are called for any number of products, where that is asked for', () => {
  const options = { ...convolution(192), activation: 'relu6' as const };
  const images = random<tfjs.Rank.R4>([1, 96, 96, 32], 26);
  const filter = random<tfjs.Rank.R4>([3, 3, 32, 1], 27);
  const bias = random<tfjs.Rank.R1>([32], 29);
  const depthwise = { x: images, filter, bias, strides: [1, 1] as [number, number], pad: 'same' as const };
  const [rows, weights] = [random<tfjs.Rank.R2>([4096, 64], 30), random<tfjs.Rank.R2>([64, 32], 31)];
  const cases: [string, unknown[], string[], () => tfjs.Tensor][] = [
    ['nativeConv2d', [{ ...options, own: true }], ['_FusedConv2D'], () => tf.fused.conv2d(options)],
    [
      'nativeDepthwiseConv2d',
      [{ ...depthwise, own: true }],
      ['DepthwiseConv2dNative', 'AddV2'],
      () => tf.fused.depthwiseConv2d(depthwise),
    ],
    [
      'nativeDense',
      [{ x: rows, weights, bias, own: true }],
      ['_FusedMatMul'],
      () => tf.fused.matMul({ a: rows, b: weights, bias }),
    ],
    [
      'nativeAvgPool',
      [images, [3, 3], [1, 1], 'same', true],
      ['AvgPool'],
      () => tf.avgPool(images, [3, 3], [1, 1], 'same'),
    ],
  ];
  for (const [name, given, kernels, expected] of cases) {
    const { result, operations } = runAsGraph(() => call(name, ...given));
    expect(operations).toEqual(kernels);
    expectEqual(result, values(tf.tidy(expected)));
  }
});

it('kernels of TensorFlow itself are called outside of graphs, which keep no weights in another order', () => {
  const options = { ...convolution(192), activation: 'relu6' as const };
  const { result, operations } = run(() => call('nativeConv2d', options));
  expect(operations).toEqual(['_FusedConv2D']);
  expectEqual(result, values(tf.fused.conv2d(options)));
});

it('on a GPU it is what TensorFlow.js makes of it', () => {
  const options = { ...convolution(192), activation: 'relu6' as const };
  const { isUsingGpuDevice } = backend();
  backend().isUsingGpuDevice = true;
  try {
    const { operations } = run(() => call('nativeConv2d', options));
    expect(operations).toEqual(['Conv2D', 'Add', 'Relu6']);
  } finally {
    backend().isUsingGpuDevice = isUsingGpuDevice;
  }
});

it('so it is where the binding passes no lists of texts on, which is tried once a kernel', () => {
  const options = { ...convolution(192), activation: 'relu6' as const };
  const execute = backend().executeSingleOutput.bind(backend());
  const tried: string[] = [];
  vi.spyOn(backend(), 'executeSingleOutput').mockImplementation((name, attributes, inputs) => {
    tried.push(name);
    const texts = attributes.some(({ value }) => Array.isArray(value) && typeof value[0] === 'string');
    if (texts) throw new Error('A string was expected');
    return execute(name, attributes, inputs);
  });
  const expected = values(tf.fused.conv2d(options));
  tried.length = 0;
  expectEqual(values(call('nativeConv2d', options)), expected);
  expect(tried).toEqual(['_FusedConv2D', 'Conv2D', 'Add', 'Relu6']);
  tried.length = 0;
  expectEqual(values(call('nativeConv2d', options)), expected);
  expect(tried).toEqual(['Conv2D', 'Add', 'Relu6']);
});

it('what is wrong with the operands is told, and nothing else is switched off by it', () => {
  const options = convolution(192);
  const wrong = { ...options, filter: random<tfjs.Rank.R4>([3, 3, 5, 16], 23) };
  expect(() => call('nativeConv2d', wrong)).toThrow(/depth of input/);
  expect(run(() => call('nativeConv2d', options)).operations).toEqual(['_FusedConv2D']);
});
