/** Predictions on node after the first: the kernels of that one, as a graph of TensorFlow. */
import { readFileSync } from 'node:fs';
import type * as tfjs from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { tolerance } from '../../src/cases/check-numbers.js';
import { caseInputs, relativeDifference } from '../../src/cases/data.js';
import type { ReadCase } from '../../src/cases/outcome.js';
import { DiagnosticError } from '../../src/diagnostics/diagnostic.js';
import { runnableHelpers, type HelperRunner } from '../../src/emit/helpers.js';
import { emitModule } from '../../src/emit/module.js';
import { loadEmitted } from '../../src/emit/run-module.js';
import { loadBackend, type Tf } from '../../src/emit/tf.js';
import { parseGraph } from '../../src/ir/parse.js';
import { mapWeights } from '../../src/ir/weights.js';
import { noPlace, type Predictor } from '../helper-calls.js';
import { caseFiles, casesOf, rules } from './rule-cases.js';

interface Backend extends tfjs.KernelBackend {
  isUsingGpuDevice: boolean;
  binding: object;
  getNumOfSavedModels(): number;
  tensorMap: { get(dataId: object): { values?: unknown } };
  loadSavedModelMetaGraph(folder: string, tags: string): number;
  runSavedModel(
    graph: number,
    inputs: readonly tfjs.Tensor[],
    names: readonly object[],
    outputs: readonly string[],
  ): tfjs.Tensor[];
}

let tf: Tf;
let weights: tfjs.Tensor2D;
let helper: HelperRunner;
let RecordedGraphs: {
  new (weights: readonly tfjs.Tensor[], largest?: number): Predictor;
  keep(weight: tfjs.Tensor): void;
};
let recorded: Predictor;
let elsewhere: tfjs.Tensor;

beforeAll(async () => {
  tf = await loadBackend('node-gpu');
});

const backend = (): Backend => tf.backend() as Backend;
const graphs = (): number => backend().getNumOfSavedModels();

/**
 * Cases that stay kernels: TensorFlow.js reads indices, does not tell types, or nothing is computed. Of plain gather and
 * expand_dims, passes make others.
 */
const notGraphs: Readonly<Record<string, readonly string[]>> = {
  'conv.cases': ['depthwise_conv2d with dilation and unequal steps, which node has no kernel for'],
  'index.cases': [
    'gather from a table is an embedding: its rows are fixed, its columns are channels',
    'gather with the batch in common',
    'search_sorted',
    'bincount and dense_bincount',
    "gather of every sample's own rows, along an axis behind others",
  ],
  'node.cases': [
    'depthwise padding in numbers, after and before, and too much of it',
    'slices of a table, found by numbers that are given',
    'one more axis is another shape',
  ],
  'shape.cases': [
    'expand_dims and squeeze: an axis of size one comes and goes',
    'the shape of a tensor fixes what it tells',
  ],
};

describe('every operation', () => {
  it.each(caseFiles)('%s', async (file) => {
    const different: string[] = [];
    const kernels: string[] = [];
    for (const [title, read] of casesOf(file)) {
      const result = await predictTwice(read);
      if (result === null) continue;
      if (result.graphs === 0) kernels.push(title);
      for (const [name, { data }] of Object.entries(result.first)) {
        const difference = relativeDifference(data, result.second[name]!.data);
        if (difference === null || difference > tolerance)
          different.push(`${title}: ${name} by ${difference}`);
      }
    }
    expect(different).toEqual([]);
    expect(kernels).toEqual(notGraphs[file] ?? []);
  });
});

/** Null for what node has no kernel for. */
async function predictTwice({ graph, weights, ranges }: ReadCase) {
  try {
    const module = await emitModule(graph, weights, rules, { backend: 'node-gpu', trainable: false });
    const model = await loadEmitted(module, 'node-gpu');
    const inputs = caseInputs(graph, ranges);
    const [first, second] = [await model.predict(inputs), await model.predict(inputs)];
    const count = graphs();
    model.dispose();
    expect(graphs()).toBe(0);
    return { first, second, graphs: count };
  } catch (error) {
    if (error instanceof DiagnosticError) return null;
    throw error;
  }
}

/** What graphs get their inputs and keep their weights by. */
const holding = new Set(['Placeholder', 'VarHandleOp', 'AssignVariableOp', '_ReadVariablesOp']);

/** The kernels of every graph that is given to TensorFlow from now on, which lacks some. */
function kernelsOfLoaded(isMissing: (name: string) => boolean = () => false): string[][] {
  const load = backend().loadSavedModelMetaGraph.bind(backend());
  const operations: string[][] = [];
  vi.spyOn(backend(), 'loadSavedModelMetaGraph').mockImplementation((folder, tags) => {
    const text = readFileSync(`${folder}/saved_model.pbtxt`, 'utf8');
    const names = [...text.matchAll(/name: "(?!ready")\w+" op: "(\w+)"/g)].map(([, name]) => name!);
    operations.push(names.filter((name) => !holding.has(name)));
    if (names.some(isMissing)) throw new Error('Op type not registered');
    return load(folder, tags);
  });
  return operations;
}

describe('a graph', () => {
  beforeEach(() => {
    helper = runnableHelpers(new Map(rules.helpers), tf);
    weights = tf.randomNormal([4, 3]);
    RecordedGraphs = helper('RecordedGraphs', noPlace) as unknown as typeof RecordedGraphs;
    recorded = new RecordedGraphs([weights]);
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
    recorded.dispose();
    weights.dispose();
    expect(graphs()).toBe(0);
  });

  const model = (x: tfjs.Tensor2D): tfjs.Tensor2D => tf.relu(tf.matMul(x, weights));
  /** Predicts, and compares with `expected`. */
  function predict(rows: number, run = model, expected = run): void {
    const before = tf.memory().numTensors;
    const x = tf.randomNormal<tfjs.Rank.R2>([rows, 4]);
    const y = recorded.predict([x], run);
    const wanted = tf.tidy(() => expected(x));
    expect(relativeDifference(wanted.dataSync(), y.dataSync())).toBeLessThan(1e-6);
    tf.dispose([x, y, wanted]);
    expect(tf.memory().numTensors).toBe(before);
  }

  it('is there from the second prediction on, and runs no kernel by itself', () => {
    predict(2);
    expect(graphs()).toBe(0);
    for (let i = 0; i < 3; i++) {
      const run = vi.fn(model);
      predict(2, run, model);
      expect(run).not.toHaveBeenCalled();
    }
    expect(graphs()).toBe(1);
  });

  it('keeps its weights, whatever they are of: every run but the first takes the inputs alone', () => {
    const [whole, truth] = [tf.tensor1d([1, -2, 3], 'int32'), tf.tensor1d([true, false, true])];
    const others = tf.fill<tfjs.Rank.R2>([2, 3], -7);
    recorded = new RecordedGraphs([weights, whole, truth, others]);
    const run = (x: tfjs.Tensor2D): tfjs.Tensor2D =>
      tf.where(truth, tf.mul(model(x), tf.cast(whole, 'float32')), others);
    const runs = vi.spyOn(backend(), 'runSavedModel');
    for (let i = 0; i < 3; i++) predict(2, run);
    expect(runs.mock.calls.map(([, inputs]) => inputs.length)).toEqual([4, 1, 1]);
    tf.dispose([whole, truth, others]);
  });

  it('is made for each of four shapes that come again', () => {
    for (const rows of [1, 2, 3, 4, 5, 6, 7, 8]) predict(rows);
    expect(graphs()).toBe(0);
    for (let round = 0; round < 3; round++) for (const rows of [5, 6, 7, 8, 9]) predict(rows);
    expect(graphs()).toBe(4);
  });

  it('has the names of several outputs', () => {
    const x = tf.randomNormal<tfjs.Rank.R2>([2, 4]);
    const run = (y: tfjs.Tensor2D): Record<string, tfjs.Tensor> => ({ 'a/b': model(y), c: tf.neg(y) });
    const [first, second] = [recorded.predict([x], run), recorded.predict([x], run)];
    expect(Object.keys(second)).toEqual(['a/b', 'c']);
    for (const name of ['a/b', 'c']) expect(second[name]!.dataSync()).toEqual(first[name]!.dataSync());
    expect(graphs()).toBe(1);
    tf.dispose([x, first, second]);
  });

  it('has whole numbers, truth values and infinities in it', () => {
    const run = (x: tfjs.Tensor2D): tfjs.Tensor2D =>
      tf.where(
        tf.logicalAnd(tf.greater(x, 0), tf.tensor1d([true, false, true, true])),
        tf.add(x, tf.cast(tf.tensor1d([1, -2, 3, 2 ** 31 - 1], 'int32'), 'float32')),
        tf.maximum(tf.tile(tf.tensor2d([[-Infinity, 1e-45, -0, 1e30]]), [2, 1]), x),
      );
    for (let i = 0; i < 2; i++) predict(2, run);
    expect(graphs()).toBe(1);
  });

  it.each<[string, (x: tfjs.Tensor2D) => tfjs.Tensor2D]>([
    ['numbers that were computed are read', (x) => tf.mul(model(x), model(x).dataSync().length)],
    ['numbers of the input are read', (x) => tf.mul(model(x), tf.scalar(x.dataSync()[0]!))],
    ['a tensor comes from elsewhere', (x) => tf.add(model(x), elsewhere)],
    ['a constant is large', (x) => tf.add(model(x), tf.sum(tf.tensor1d(new Float32Array(2 ** 17))))],
    ['an output is not computed', () => tf.tensor2d([[1, 2]])],
  ])('is not made where %s', (_, run) => {
    // Computed, so that it is in TensorFlow's memory already.
    elsewhere = tf.neg(tf.scalar(-2));
    for (let i = 0; i < 3; i++) predict(2, run);
    expect(graphs()).toBe(0);
    elsewhere.dispose();
  });

  it('is not made where TensorFlow refuses it, which is tried once', () => {
    const load = vi.spyOn(backend(), 'loadSavedModelMetaGraph').mockImplementation(() => {
      throw new Error('no');
    });
    for (let i = 0; i < 5; i++) predict(2);
    expect(load).toHaveBeenCalledTimes(1);
  });

  it('is not made on a GPU, nor where there is no way to a file', () => {
    const { isUsingGpuDevice } = backend();
    backend().isUsingGpuDevice = true;
    try {
      for (let i = 0; i < 3; i++) predict(2);
    } finally {
      backend().isUsingGpuDevice = isUsingGpuDevice;
    }
    vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined as never);
    for (let i = 0; i < 3; i++) predict(2);
    expect(graphs()).toBe(0);
  });

  it('leaves the binding as it was, also where a kernel fails', () => {
    const { binding } = backend();
    const x = tf.zeros<tfjs.Rank.R2>([2, 5]);
    for (let i = 0; i < 2; i++) expect(() => recorded.predict([x], model)).toThrow();
    expect(backend().binding).toBe(binding);
    x.dispose();
  });

  it('tells inputs apart, though they were one tensor at first', () => {
    const [x, y] = [tf.randomNormal<tfjs.Rank.R2>([2, 4]), tf.randomNormal<tfjs.Rank.R2>([2, 4])];
    const run = (a: tfjs.Tensor2D, b: tfjs.Tensor2D): tfjs.Tensor2D => tf.sub(model(a), model(b));
    const copy = tf.clone(x);
    for (const [a, b] of [
      [x, x],
      [x, copy],
      [x, y],
      [y, x],
      [x, x],
    ] as const) {
      const result = recorded.predict([a, b], run);
      const expected = tf.tidy(() => run(a, b));
      expect(result.dataSync()).toEqual(expected.dataSync());
      tf.dispose([result, expected]);
    }
    expect(graphs()).toBe(1);
    tf.dispose([x, y, copy]);
  });

  it('tells of tensors that are gone, and is there for others', () => {
    const x = tf.zeros<tfjs.Rank.R2>([2, 4]);
    x.dispose();
    for (let i = 0; i < 3; i++) {
      expect(() => recorded.predict([x], model)).toThrow('Tensor is disposed');
      predict(2);
    }
    expect(graphs()).toBe(1);
  });

  it('is freed where it is, whatever backend was chosen since', async () => {
    for (let i = 0; i < 2; i++) predict(2);
    expect(graphs()).toBe(1);
    await loadBackend('cpu');
    try {
      recorded.dispose();
    } finally {
      await tf.setBackend('tensorflow');
    }
    expect(graphs()).toBe(0);
  });

  it('leaves the numbers of weights to TensorFlow', async () => {
    const weight = tf.tensor([1, 2, 3]);
    const held = (): unknown => backend().tensorMap.get(weight.dataId).values ?? null;
    expect(held()).not.toBeNull();
    RecordedGraphs.keep(weight);
    expect(held()).toBeNull();
    expect([...weight.dataSync()]).toEqual([1, 2, 3]);
    weight.dispose();
    await loadBackend('cpu');
    try {
      // Which has nothing to be left to.
      tf.tidy(() => RecordedGraphs.keep(tf.scalar(1)));
    } finally {
      await tf.setBackend('tensorflow');
    }
  });

  it.each([
    ['TF_ONEDNN_THREADPOOL_USE_CALLER_THREAD', '1', 'it is made', () => void new RecordedGraphs([])],
    ['TF_NUM_INTEROP_THREADS', '-1', 'it is there', () => [2, 2].forEach((rows) => predict(rows))],
  ])('asks for kernels on the calling thread: %s is %s once %s, unless it was set', (name, value, _, act) => {
    for (const [given, becomes] of [
      [undefined, value],
      ['0', '0'],
    ]) {
      vi.stubEnv(name, given);
      act();
      expect(process.env[name]).toBe(becomes);
      recorded.dispose();
    }
  });

  it('has the kernels that ran, where TensorFlow lacks those that are faster in graphs', () => {
    const filter = tf.randomNormal<tfjs.Rank.R4>([3, 3, 16, 16]);
    const bias = tf.zeros<tfjs.Rank.R1>([16]);
    const module = new RecordedGraphs([filter, bias]);
    const x = tf.randomNormal<tfjs.Rank.R4>([1, 48, 48, 16]);
    const operations = kernelsOfLoaded((name) => name.startsWith('_Mkl'));
    for (let i = 0; i < 5; i++) {
      const options = { filter, bias, strides: [1, 1], pad: 'same' };
      const run = (image: tfjs.Tensor4D): tfjs.Tensor4D =>
        helper('nativeConv2d', noPlace)({ ...options, x: image }) as tfjs.Tensor4D;
      module.predict([x], run).dispose();
    }
    expect(operations).toEqual([['_MklNativeFusedConv2D'], ['_FusedConv2D']]);
    expect(graphs()).toBe(1);
    module.dispose();
    tf.dispose([x, filter, bias]);
  });

  it.each([
    ['oneDNN of many numbers', 64, '_MklNativeMaxPool'],
    ['TensorFlow of few numbers', 8, 'MaxPool'],
  ])('has the largest of windows by a kernel of %s', (_, side, kernel) => {
    const operations = kernelsOfLoaded();
    const x = tf.randomNormal<tfjs.Rank.R4>([2, side, side, 8]);
    for (const pad of ['same', 'valid'] as const) {
      const module = new RecordedGraphs([]);
      const pool = (image: tfjs.Tensor4D): tfjs.Tensor =>
        helper('nativeMaxPool', noPlace)(image, [3, 3], [2, 2], pad) as tfjs.Tensor;
      const [first, second] = [module.predict([x], pool), module.predict([x], pool)];
      expect(second.dataSync()).toEqual(first.dataSync());
      module.dispose();
      tf.dispose([first, second]);
    }
    x.dispose();
    expect(operations).toEqual([[kernel], [kernel]]);
  });

  it('keeps the weights of each convolution', () => {
    const filters = [1, 2].map((seed) =>
      tf.randomNormal<tfjs.Rank.R4>([3, 3, 16, 16], 0, 1, 'float32', seed),
    );
    const bias = tf.zeros<tfjs.Rank.R1>([16]);
    const module = new RecordedGraphs([...filters, bias]);
    const x = tf.randomNormal<tfjs.Rank.R4>([1, 48, 48, 16]);
    const convolve =
      ([first, second]: ((x: tfjs.Tensor4D, filter: tfjs.Tensor4D) => tfjs.Tensor4D)[]) =>
      (images: tfjs.Tensor4D): tfjs.Tensor =>
        tf.add(first!(images, filters[0]!), second!(images, filters[1]!));
    const native = (image: tfjs.Tensor4D, filter: tfjs.Tensor4D): tfjs.Tensor4D =>
      helper(
        'nativeConv2d',
        noPlace,
      )({ x: image, filter, bias, strides: [1, 1], pad: 'same' }) as tfjs.Tensor4D;
    const plain = (image: tfjs.Tensor4D, filter: tfjs.Tensor4D): tfjs.Tensor4D =>
      tf.conv2d(image, filter, [1, 1], 'same');
    const expected = tf.tidy(() => convolve([plain, plain])(x));
    for (let i = 0; i < 4; i++) {
      const y = module.predict([x], convolve([native, native]));
      expect(relativeDifference(expected.dataSync(), y.dataSync())).toBeLessThan(1e-6);
      y.dispose();
    }
    expect(graphs()).toBe(1);
    module.dispose();
    tf.dispose([x, bias, expected, ...filters]);
  });
});

describe('a large batch', () => {
  const largest = 2 ** 23;
  let parts: number[];
  beforeEach(() => {
    helper = runnableHelpers(new Map(rules.helpers), tf);
    weights = tf.randomNormal([4, 3]);
    RecordedGraphs = helper('RecordedGraphs', noPlace) as unknown as typeof RecordedGraphs;
    parts = [];
  });
  afterEach(() => {
    weights.dispose();
    expect(graphs()).toBe(0);
  });

  const project = (x: tfjs.Tensor2D, more: tfjs.Tensor2D): tfjs.Tensor2D => {
    parts.push(x.shape[0]);
    return tf.add(tf.matMul(x, weights), more);
  };

  /** Predicts of random inputs three times, by kernels and by graphs, and compares. */
  function predictRows(rows: number, predictor: Predictor): void {
    const before = tf.memory().numTensors;
    const x = tf.randomNormal<tfjs.Rank.R2>([rows, 4]);
    const more = tf.randomNormal<tfjs.Rank.R2>([rows, 3]);
    const wanted = tf.tidy(() => project(x, more));
    parts = [];
    for (let i = 0; i < 3; i++) {
      const y = predictor.predict([x, more], project);
      expect(y.shape).toEqual([rows, 3]);
      expect(relativeDifference(wanted.dataSync(), y.dataSync())).toBeLessThan(1e-6);
      y.dispose();
    }
    tf.dispose([x, more, wanted]);
    expect(tf.memory().numTensors).toBe(before);
  }

  it.each([
    [4, [4]],
    [5, [3, 2]],
    [10, [4, 2]],
    [16, [4]],
  ])('of %i examples, of which 4 take 32 MiB, is computed in parts', (rows, shapes) => {
    const predictor = new RecordedGraphs([weights], largest);
    predictRows(rows, predictor);
    // Kernels run once for each shape, and write down its graph.
    expect(parts).toEqual(shapes);
    expect(graphs()).toBe(shapes.length);
    predictor.dispose();
  });

  it('is computed one by one where one example takes more', () => {
    const predictor = new RecordedGraphs([weights], 2 ** 27);
    predictRows(3, predictor);
    expect(parts).toEqual([1]);
    predictor.dispose();
  });

  it('is computed at once on a GPU, and where examples depend on others', () => {
    const { isUsingGpuDevice } = backend();
    backend().isUsingGpuDevice = true;
    try {
      predictRows(10, new RecordedGraphs([weights], largest));
    } finally {
      backend().isUsingGpuDevice = isUsingGpuDevice;
    }
    expect(parts).toEqual([10, 10, 10]);
    const predictor = new RecordedGraphs([weights]);
    predictRows(10, predictor);
    expect(parts).toEqual([10]);
    predictor.dispose();
  });

  it('has several outputs joined by their names', () => {
    const predictor = new RecordedGraphs([weights], largest);
    const x = tf.randomNormal<tfjs.Rank.R2>([6, 4]);
    const run = (part: tfjs.Tensor2D) => ({ 'a/b': tf.neg(part), c: tf.matMul(part, weights) });
    const expected = tf.tidy(() => run(x));
    for (let i = 0; i < 2; i++) {
      const result = predictor.predict([x], run);
      for (const name of ['a/b', 'c'] as const) {
        expect(result[name].shape).toEqual(expected[name].shape);
        expect(relativeDifference(expected[name].dataSync(), result[name].dataSync())).toBeLessThan(1e-6);
      }
      tf.dispose(result);
    }
    tf.dispose([x, expected]);
    predictor.dispose();
  });

  it('is computed in parts by modules whose examples are independent', async () => {
    const module = async (output: string) => {
      const { graph } = parseGraph(
        `graph "images" {
  input %x "x": float32[N,112,112,3]
  param %k "k": float32[3,3,3,64]
  %a = conv2d(%x, %k) { pad: 'same' }
  %b = relu(%a)
  %y = mean(%b) { over: [1, 2] }
  ${output}
}`,
        rules,
      );
      const k = Float32Array.from({ length: 27 * 64 }, (_, i) => Math.sin(i));
      return emitModule(graph, mapWeights(new Map([['k', k]])), rules, {
        backend: 'node-gpu',
        trainable: false,
      });
    };
    const independent = await module('output "y": %y');
    expect(independent.modelTs).toContain(`new RecordedGraphs(tensors, ${112 * 112 * 64 * 4});`);
    const shared = await module(
      '%z = mean(%y) { over: [0], keep_dims: true }\n  %o = sub(%y, %z)\n  output "y": %o',
    );
    expect(shared.modelTs).toContain('new RecordedGraphs(tensors);');

    const model = await loadEmitted(independent, 'node-gpu');
    const image = 112 * 112 * 3;
    const data = Float32Array.from({ length: 12 * image }, (_, i) => Math.cos(i / 50));
    for (let round = 0; round < 2; round++) {
      const all = await model.predict({ x: { dtype: 'float32', shape: [12, 112, 112, 3], data } });
      expect(all['y']!.shape).toEqual([12, 64]);
      for (const at of [0, 5, 6, 11]) {
        const one = data.slice(at * image, (at + 1) * image);
        const alone = await model.predict({ x: { dtype: 'float32', shape: [1, 112, 112, 3], data: one } });
        const among = all['y']!.data.slice(at * 64, (at + 1) * 64);
        expect(relativeDifference(alone['y']!.data, among)).toBeLessThan(1e-6);
      }
    }
    model.dispose();
  });
});
