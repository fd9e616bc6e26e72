/** Predictions after the first, where kernels compute: those of the first one, called one after the other. */
import type * as tfjs from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { caseInputs } from '../../src/cases/data.js';
import type { ReadCase } from '../../src/cases/outcome.js';
import { DiagnosticError } from '../../src/diagnostics/diagnostic.js';
import { runnableHelpers } from '../../src/emit/helpers.js';
import { emitModule } from '../../src/emit/module.js';
import { loadEmitted } from '../../src/emit/run-module.js';
import { loadBackend, type Tf } from '../../src/emit/tf.js';
import { noPlace, type Predictor } from '../helper-calls.js';
import { caseFiles, casesOf, rules } from './rule-cases.js';

// Small networks are replayed too.
vi.mock(import('../../src/emit/backends.js'), async (importOriginal) => {
  const original = await importOriginal();
  for (const { predictor } of Object.values(original.moduleBackends))
    Object.assign(predictor ?? {}, { leastNodes: 0 });
  return original;
});

let tf: Tf;

/** What TensorFlow.js holds: tensors, and data of the backend, which may have no tensor. */
const held = (): [tensors: number, data: number] => [
  tf.memory().numTensors,
  (tf.backend() as tfjs.KernelBackend).numDataIds(),
];

/** Cases that compute nothing of their input. */
const notReplayed: Readonly<Record<string, readonly string[]>> = {
  'shape.cases': ['the shape of a tensor fixes what it tells: BatchMatMul'],
};

describe('every operation', () => {
  it.each(caseFiles)('%s', async (file) => {
    tf = await loadBackend('wasm');
    const different: string[] = [];
    for (const [title, read] of casesOf(file)) different.push(...(await compareReplay(title, read)));
    expect(different).toEqual(notReplayed[file] ?? []);
  });
});

/** Predicts three times. Kernels that wasm has not are errors. */
async function compareReplay(title: string, { graph, weights, ranges }: ReadCase): Promise<string[]> {
  const before = held();
  try {
    const module = await emitModule(graph, weights, rules, { backend: 'wasm', trainable: false });
    const model = await loadEmitted(module, 'wasm');
    const inputs = caseInputs(graph, ranges);
    const first = await model.predict(inputs);
    const between = held();
    const runs = vi.spyOn(tf.engine(), 'runKernel');
    const later = [await model.predict(inputs), await model.predict(inputs)];
    const kernels = runs.mock.calls.map(([name]) => name);
    runs.mockRestore();
    const after = held();
    model.dispose();
    expect(after, title).toEqual(between);
    expect(held(), title).toEqual(before);
    for (const again of later) expect(again, title).toEqual(first);
    return kernels.length > 0 ? [`${title}: ${[...new Set(kernels)].join(', ')}`] : [];
  } catch (error) {
    if (error instanceof DiagnosticError) return [];
    throw error;
  }
}

describe('a replay', () => {
  let weights: tfjs.Tensor2D;
  let replayed: Predictor;
  let elsewhere: tfjs.Tensor;
  let before: [number, number];

  beforeEach(async () => {
    tf = await loadBackend('wasm');
    before = held();
    const helper = runnableHelpers(new Map(rules.helpers), tf);
    const ReplayedKernels = helper('ReplayedKernels', noPlace) as unknown as new (
      weights: readonly tfjs.Tensor[],
    ) => Predictor;
    weights = tf.randomNormal([4, 3]);
    replayed = new ReplayedKernels([weights]);
  });
  afterEach(() => {
    vi.restoreAllMocks();
    replayed.dispose();
    weights.dispose();
    expect(held()).toEqual(before);
  });

  const model = (x: tfjs.Tensor2D): tfjs.Tensor2D => tf.relu(tf.matMul(x, weights));

  /** Predicts, compares with `expected`, and tells whether `run` ran. */
  function predict(rows: number, run = model, expected = run): boolean {
    const start = held();
    const x = tf.randomNormal<tfjs.Rank.R2>([rows, 4]);
    const spy = vi.fn(run);
    const y = replayed.predict([x], spy);
    const wanted = tf.tidy(() => expected(x));
    expect(y.shape).toEqual(wanted.shape);
    expect(y.dataSync()).toEqual(wanted.dataSync());
    tf.dispose([x, y, wanted]);
    if (spy.mock.calls.length === 0) expect(held()).toEqual(start);
    return spy.mock.calls.length > 0;
  }

  it('is what all predictions of a shape but the first are', () => {
    expect([2, 2, 2, 3, 3, 2].map((rows) => predict(rows))).toEqual([true, false, false, true, false, false]);
  });

  it('is there for the eight newest shapes', () => {
    for (let rows = 1; rows <= 9; rows++) predict(rows);
    expect([9, 2, 1].map((rows) => predict(rows))).toEqual([false, false, true]);
  });

  it('has the names of several outputs, lists of inputs, and results that share memory', () => {
    const x = tf.randomNormal<tfjs.Rank.R2>([2, 4]);
    const run = (y: tfjs.Tensor2D): Record<string, tfjs.Tensor> => {
      const [a, b] = tf.split(tf.concat([model(y), tf.neg(model(y))], 1), 2, 1);
      return { 'a/b': tf.reshape(a!, [6]), c: tf.reshape(tf.reshape(b!, [6]), [3, 2]), d: b! };
    };
    const [first, second] = [replayed.predict([x], run), replayed.predict([x], run)];
    expect(Object.keys(second)).toEqual(['a/b', 'c', 'd']);
    for (const name of Object.keys(first)) expect(second[name]!.dataSync()).toEqual(first[name]!.dataSync());
    tf.dispose([x, first, second]);
  });

  it('keeps what is made of numbers', () => {
    const run = (x: tfjs.Tensor2D): tfjs.Tensor2D =>
      tf.add(tf.mul(model(x), 2), tf.tensor1d([1, 2, Number(tf.scalar(3).dataSync()[0])]));
    expect([2, 2, 2].map((rows) => predict(rows, run))).toEqual([true, false, false]);
  });

  it.each<[string, (x: tfjs.Tensor2D) => tfjs.Tensor2D]>([
    ['numbers that were computed are read', (x) => tf.mul(model(x), model(x).dataSync()[0]!)],
    ['numbers of the input are read', (x) => tf.mul(model(x), tf.scalar(x.dataSync()[0]!))],
    ['a tensor comes from elsewhere', (x) => tf.add(model(x), elsewhere)],
    ['an output is not computed', () => tf.tensor2d([[1, 2]])],
  ])('is not made where %s', (_, run) => {
    elsewhere = tf.scalar(2);
    expect([2, 2, 2].map((rows) => predict(rows, run))).toEqual([true, true, true]);
    elsewhere.dispose();
  });

  it('ends where a result gets another shape', () => {
    const x = tf.zeros<tfjs.Rank.R1>([3], 'bool');
    // How many places it finds depends on numbers.
    const kernel = { ...tf.getKernel('Relu', 'wasm')!, kernelName: 'Odd' };
    let length = 3;
    kernel.kernelFunc = (call) =>
      tf.getKernel('Slice', 'wasm')!.kernelFunc({ ...call, attrs: { begin: [0], size: [length] } });
    tf.registerKernel(kernel);
    const run = vi.fn((y: tfjs.Tensor): tfjs.Tensor => tf.engine().runKernel('Odd', { x: y }));
    const lengths: number[] = [];
    for (length of [3, 3, 2, 3, 2]) {
      const y = replayed.predict([x], run);
      lengths.push(y.size);
      y.dispose();
    }
    expect(lengths).toEqual([3, 3, 2, 3, 2]);
    expect(run).toHaveBeenCalledTimes(4);
    tf.unregisterKernel('Odd', 'wasm');
    x.dispose();
  });

  it('leaves the engine as it was, also where a kernel fails, and nothing in memory', () => {
    const engine = tf.engine();
    const { runKernel, makeTensor, readSync } = engine;
    const x = tf.zeros<tfjs.Rank.R2>([2, 5]);
    for (let i = 0; i < 2; i++) expect(() => replayed.predict([x], model)).toThrow();
    expect([engine.runKernel, engine.makeTensor, engine.readSync]).toEqual([runKernel, makeTensor, readSync]);
    x.dispose();
    expect([predict(2), predict(2)]).toEqual([true, false]);
    const start = held();
    const kernel = vi.spyOn(tf.backend() as unknown as { makeOutput(): object }, 'makeOutput');
    const { makeOutput } = Object.getPrototypeOf(tf.backend()) as { makeOutput(...given: unknown[]): object };
    kernel.mockImplementationOnce((...given: unknown[]) => makeOutput.apply(tf.backend(), given));
    kernel.mockImplementationOnce(() => {
      throw new Error('full');
    });
    const y = tf.zeros<tfjs.Rank.R2>([2, 4]);
    expect(() => replayed.predict([y], model)).toThrow('full');
    y.dispose();
    expect(held()).toEqual(start);
  });

  it('tells inputs apart, though they were one tensor at first', () => {
    const [x, y] = [tf.randomNormal<tfjs.Rank.R2>([2, 4]), tf.randomNormal<tfjs.Rank.R2>([2, 4])];
    const run = (a: tfjs.Tensor2D, b: tfjs.Tensor2D): tfjs.Tensor2D => tf.sub(model(a), model(b));
    for (const [a, b] of [
      [x, x],
      [x, y],
      [y, x],
      [x, x],
    ] as const) {
      const result = replayed.predict([a, b], run);
      const expected = tf.tidy(() => run(a, b));
      expect(result.dataSync()).toEqual(expected.dataSync());
      tf.dispose([result, expected]);
    }
    tf.dispose([x, y]);
  });

  it('does not take an input for the weight whose memory it shares', () => {
    const run = (x: tfjs.Tensor2D): tfjs.Tensor2D => tf.mul(x, tf.scalar(x.dataSync()[0]!));
    for (const x of [tf.reshape<tfjs.Rank.R2>(weights, [4, 3]), tf.ones<tfjs.Rank.R2>([4, 3])]) {
      const [y, wanted] = [replayed.predict([x], run), tf.tidy(() => run(x))];
      expect(y.dataSync()).toEqual(wanted.dataSync());
      tf.dispose([x, y, wanted]);
    }
  });

  it('tells of tensors that are gone', () => {
    const x = tf.zeros<tfjs.Rank.R2>([2, 4]);
    x.dispose();
    for (let i = 0; i < 2; i++) expect(() => replayed.predict([x], model)).toThrow('Tensor is disposed');
    expect([predict(2), predict(2)]).toEqual([true, false]);
  });

  it('does not stand in where TensorFlow.js wants to see the kernels', async () => {
    predict(2);
    const x = tf.ones<tfjs.Rank.R2>([2, 4]);
    const profile = await tf.profile(() => replayed.predict([x], model));
    expect(profile.kernels.map(({ name }) => name)).toEqual(['BatchMatMul', 'Relu']);
    vi.spyOn(tf.engine() as unknown as { isTapeOn(): boolean }, 'isTapeOn').mockReturnValueOnce(true);
    expect(predict(2)).toBe(true);
    tf.dispose([x, profile.result as tfjs.Tensor]);
  });

  it('is of the backend that computed', async () => {
    predict(2);
    await loadBackend('cpu');
    const x = tf.ones<tfjs.Rank.R2>([2, 4]);
    const y = replayed.predict([x], model);
    expect(y.shape).toEqual([2, 3]);
    tf.dispose([x, y]);
    await loadBackend('wasm');
  });
});
