import { beforeAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type * as Tf from '@tensorflow/tfjs';
import { readLayersModel } from '../../../src/import/tfjs/read-layers-model.js';
import { loadTensorFlow } from '../../../src/import/tfjs/tensorflow.js';
import type { TensorFlow } from '../../../src/import/tfjs/tensorflow.js';
import { loadRules } from '../../../src/lang/load.js';
import { diagnosticsOf, printDiagnostic } from '../models.js';
import { kernelCounts, noShapes, printSource, sampleInputs, saveLayersModel } from './helpers.js';
import { replayDifference } from './replay.js';

let tf: TensorFlow;
let tensorsBefore = 0;

beforeAll(async () => {
  tf = await loadTensorFlow();
});

beforeEach(() => {
  tensorsBefore = tf.memory().numTensors;
});

afterEach(() => {
  expect(tf.memory().numTensors).toBe(tensorsBefore);
  expect(tf.getBackend()).toBe('cpu');
  expect(tf.engine().backendNames()).not.toContain('espalier-trace');
});

/** Saves a model and disposes of it. */
async function saved(model: Tf.LayersModel): Promise<string> {
  const path = await saveLayersModel(model);
  model.dispose();
  return path;
}

describe('a convolutional network', () => {
  const build = (): Tf.Sequential =>
    tf.sequential({
      layers: [
        tf.layers.conv2d({
          name: 'conv',
          inputShape: [8, 8, 3],
          filters: 4,
          kernelSize: 3,
          strides: 2,
          padding: 'same',
          useBias: false,
        }),
        tf.layers.batchNormalization({ name: 'norm' }),
        tf.layers.reLU({ name: 'relu' }),
        tf.layers.flatten({ name: 'flat' }),
        tf.layers.dense({ name: 'head', units: 5, activation: 'softmax' }),
      ],
    });

  test('is a graph of kernels with the names of its layers and weights', async () => {
    const { graph } = await readLayersModel(await saved(build()), noShapes);
    expect(printSource(graph)).toEqual([
      'input conv_input: float32[N,8,8,3]',
      'constant conv/kernel: float32[3,3,3,4]',
      'constant norm/gamma: float32[4]',
      'constant norm/beta: float32[4]',
      'constant norm/moving_mean: float32[4]',
      'constant norm/moving_variance: float32[4]',
      'constant head/kernel: float32[64,5]',
      'constant head/bias: float32[5]',
      'conv/FusedConv2D: FusedConv2D(x=conv_input, filter=conv/kernel) { strides: [2,2], pad: "same", dataFormat: "NHWC", dilations: [1,1], activation: "linear" } -> float32[N,4,4,4]',
      'norm/FusedBatchNorm: FusedBatchNorm(x=conv/FusedConv2D, scale=norm/gamma, offset=norm/beta, mean=norm/moving_mean, variance=norm/moving_variance) { varianceEpsilon: 0.001 } -> float32[N,4,4,4]',
      'norm/Reshape: Reshape(x=norm/FusedBatchNorm) { shape: [N,4,4,4] } -> float32[N,4,4,4]',
      'relu/Relu: Relu(x=norm/Reshape) -> float32[N,4,4,4]',
      'flat/Reshape: Reshape(x=relu/Relu) { shape: [N,64] } -> float32[N,64]',
      'head/Reshape: Reshape(x=flat/Reshape) { shape: [1,N,64] } -> float32[1,N,64]',
      'head/Reshape_1: Reshape(x=head/kernel) { shape: [1,64,5] } -> float32[1,64,5]',
      'head/_FusedMatMul: _FusedMatMul(a=head/Reshape, b=head/Reshape_1) { transposeA: false, transposeB: false, activation: "linear", leakyreluAlpha: 0.2 } -> float32[1,N,5]',
      'head/Reshape_2: Reshape(x=head/_FusedMatMul) { shape: [N,5] } -> float32[N,5]',
      'head/Add: Add(a=head/Reshape_2, b=head/bias) -> float32[N,5]',
      'head/Softmax: Softmax(logits=head/Add) { dim: 1 } -> float32[N,5]',
      'output head = head/Softmax',
    ]);
  });

  test('is the same where rules tell what kernels give, and nothing is computed', async () => {
    const path = await saved(build());
    const computed = await readLayersModel(path, noShapes);
    const called = tf
      .getKernelsForBackend('cpu')
      .map((kernel) => vi.spyOn(kernel, 'kernelFunc').mockName(kernel.kernelName));
    const told = await readLayersModel(path, { ...noShapes, rules: loadRules([]) });
    const names = called.filter((spy) => spy.mock.calls.length > 0).map((spy) => spy.getMockName());
    called.forEach((spy) => spy.mockRestore());
    // Only what is done to weights alone.
    expect(names).toEqual(['Reshape']);
    expect(told.graph).toEqual(computed.graph);
    for (const { name } of told.graph.constants)
      expect(told.weights.get(name)).toEqual(computed.weights.get(name));
  });

  test('is computed where the rules tell nothing', async () => {
    const path = await saved(build());
    const computed = await readLayersModel(path, noShapes);
    const rules = loadRules([]);
    for (const ops of [new Map(), new Map([...rules.ops].filter(([name]) => name !== 'relu'))]) {
      const { graph } = await readLayersModel(path, { ...noShapes, rules: { ...rules, ops } });
      expect(graph).toEqual(computed.graph);
    }
  });

  test('computes what the model computes, for any batch', async () => {
    const model = await readLayersModel(await saved(build()), noShapes);
    for (const batch of [1, 4]) {
      expect(await replayDifference(model, sampleInputs(model.graph, batch), batch)).toBeLessThan(1e-6);
    }
  });
});

describe('a functional network with branches, a nested model and several ends', () => {
  const build = (): Tf.LayersModel => {
    const image = tf.input({ shape: [6, 6, 2], name: 'image' });
    const label = tf.input({ shape: [4], name: 'label' });
    const branch = tf.sequential({
      name: 'branch',
      layers: [
        tf.layers.conv2d({
          name: 'conv',
          inputShape: [6, 6, 2],
          filters: 3,
          kernelSize: 3,
          activation: 'relu',
        }),
        tf.layers.globalAveragePooling2d({ name: 'pool', dataFormat: 'channelsLast' }),
      ],
    });
    const joined = tf.layers
      .concatenate({ name: 'join' })
      .apply([branch.apply(image), label] as Tf.SymbolicTensor[]);
    const first = tf.layers.dense({ name: 'first', units: 2 }).apply(joined) as Tf.SymbolicTensor;
    const second = tf.layers.dropout({ name: 'second', rate: 0.5 }).apply(joined) as Tf.SymbolicTensor;
    return tf.model({ inputs: [image, label], outputs: [first, second] });
  };

  test('has the scopes of nested modules, and the names of inputs and outputs', async () => {
    const { graph } = await readLayersModel(await saved(build()), noShapes);
    expect(graph.inputs.map(({ name }) => name)).toEqual(['image', 'label']);
    expect(graph.outputs.map(({ name, ref }) => [name, ref.node])).toEqual([
      ['first', 'first/Reshape_2'],
      ['second', 'second/Identity'],
    ]);
    expect(graph.nodes.map(({ name, type, scope }) => [name, type, scope])).toEqual([
      ['branch/conv/FusedConv2D', 'FusedConv2D', 'branch/conv'],
      ['branch/pool/Mean', 'Mean', 'branch/pool'],
      ['join/Concat', 'Concat', 'join'],
      ['first/Reshape', 'Reshape', 'first'],
      ['first/Reshape_1', 'Reshape', 'first'],
      ['first/_FusedMatMul', '_FusedMatMul', 'first'],
      ['first/Reshape_2', 'Reshape', 'first'],
      ['second/Identity', 'Identity', 'second'],
    ]);
    const join = graph.nodes.find(({ name }) => name === 'join/Concat')!;
    expect(join.inputs).toEqual([
      { name: '', node: 'branch/pool/Mean', output: 0 },
      { name: '', node: 'label', output: 0 },
    ]);
  });

  test('computes what the model computes', async () => {
    const model = await readLayersModel(await saved(build()), noShapes);
    expect(await replayDifference(model, sampleInputs(model.graph, 3), 3)).toBeLessThan(1e-6);
  });
});

describe('recurrent networks', () => {
  test('an LSTM starts from zeros that are repeated along the batch', async () => {
    const lstm = tf.sequential({
      layers: [
        tf.layers.lstm({ name: 'lstm', inputShape: [3, 4], units: 5, recurrentActivation: 'sigmoid' }),
      ],
    });
    const model = await readLayersModel(await saved(lstm), noShapes);
    const { graph, weights } = model;
    const zeros = graph.constants.filter(({ name }) => name.startsWith('lstm/constant'));
    expect(zeros).toEqual([
      { name: 'lstm/constant', dtype: 'float32', shape: [1, 1, 5] },
      { name: 'lstm/constant_1', dtype: 'float32', shape: [1, 5] },
    ]);
    expect(weights.get('lstm/constant_1')).toEqual(new Float32Array(5));
    expect(printSource(graph)).toContain(
      'lstm/Tile_1: Tile(x=lstm/constant_1) { reps: [N,1] } -> float32[N,5]',
    );
    expect(kernelCounts(graph)).toEqual({
      Add: 9,
      Multiply: 9,
      Reshape: 17,
      Sigmoid: 9,
      SplitV: 3,
      Tanh: 6,
      Tile: 2,
      Transpose: 1,
      Unpack: 1,
      _FusedMatMul: 6,
    });
    expect(await replayDifference(model, sampleInputs(graph, 2), 2)).toBeLessThan(1e-6);
  });

  test('a GRU that returns its sequence', async () => {
    const gru = tf.sequential({
      layers: [
        tf.layers.gru({ name: 'gru', inputShape: [3, 4], units: 5, returnSequences: true }),
        tf.layers.timeDistributed({ name: 'each', layer: tf.layers.dense({ units: 2 }) as never }),
      ],
    });
    const model = await readLayersModel(await saved(gru), noShapes);
    expect(Object.keys(kernelCounts(model.graph))).toEqual([
      'Add',
      'ClipByValue',
      'Multiply',
      'Neg',
      'Pack',
      'Reshape',
      'SplitV',
      'Tanh',
      'Tile',
      'Transpose',
      'Unpack',
      '_FusedMatMul',
    ]);
    expect(await replayDifference(model, sampleInputs(model.graph, 4), 4)).toBeLessThan(1e-6);
  });

  test('a bidirectional LSTM over embedded words', async () => {
    const words = tf.sequential({
      layers: [
        tf.layers.embedding({ name: 'words', inputDim: 7, outputDim: 4, inputLength: 3 }),
        tf.layers.bidirectional({
          name: 'both',
          layer: tf.layers.lstm({ units: 3 }) as never,
          mergeMode: 'concat',
        }),
      ],
    });
    const model = await readLayersModel(await saved(words), noShapes);
    expect(Object.keys(kernelCounts(model.graph))).toEqual([
      'Add',
      'Cast',
      'ClipByValue',
      'Concat',
      'GatherV2',
      'Multiply',
      'Reshape',
      'Reverse',
      'SplitV',
      'Tanh',
      'Tile',
      'Transpose',
      'Unpack',
      '_FusedMatMul',
    ]);
    expect(await replayDifference(model, sampleInputs(model.graph, 2), 2)).toBeLessThan(1e-6);
  });
});

describe('shapes', () => {
  const build = (): Tf.Sequential =>
    tf.sequential({
      layers: [
        tf.layers.conv2d({ name: 'conv', batchInputShape: [null, null, null, 3], filters: 2, kernelSize: 3 }),
      ],
    });

  test('open sizes other than the batch must be given', async () => {
    const path = await saved(build());
    const [diagnostic] = await diagnosticsOf(readLayersModel(path, noShapes));
    const name = path.split('/').at(-2)!;
    expect(printDiagnostic(diagnostic!).replaceAll(name, 'NAME')).toBe(
      [
        'E208: the shape of input "conv_input" of NAME is not known',
        '  at input "conv_input" of NAME',
        '  because the model says N,?,?,3; only the batch may stay open',
        '  help: state it: --input conv_input=N,<size>,<size>,3',
      ].join('\n'),
    );
  });

  test('and then are constant', async () => {
    const inputShapes = { conv_input: [{ batch: 1 }, 10, 12, 3] };
    const { graph } = await readLayersModel(await saved(build()), { inputShapes });
    expect(graph.nodes[0]!.types).toEqual([{ dtype: 'float32', shape: [{ batch: 1 }, 8, 10, 2] }]);
  });

  test('a given batch is constant too', async () => {
    const inputShapes = { conv_input: [1, 10, 12, 3] };
    const { graph } = await readLayersModel(await saved(build()), { inputShapes });
    expect(graph.nodes[0]!.types).toEqual([{ dtype: 'float32', shape: [1, 8, 10, 2] }]);
  });

  test.each([
    [
      { conv_input: [{ batch: 1 }, 10, 10, 4] },
      'E209: the shape N,10,10,4 does not fit input "conv_input" of NAME',
    ],
    [
      { conv_input: [{ batch: 1 }, 10, 10] },
      'E209: the shape N,10,10 does not fit input "conv_input" of NAME',
    ],
    [{ image: [1, 10, 10, 3] }, 'E209: the model has no input named "image"'],
  ])('that do not fit are refused: %j', async (inputShapes, message) => {
    const path = await saved(build());
    const [diagnostic] = await diagnosticsOf(readLayersModel(path, { inputShapes }));
    const name = path.split('/').at(-2)!;
    expect(printDiagnostic(diagnostic!).replaceAll(name, 'NAME').split('\n')[0]).toBe(message);
  });
});

test('a model that TensorFlow.js can not load is explained', async () => {
  const path = await saved(
    tf.sequential({ layers: [tf.layers.dense({ name: 'd', inputShape: [2], units: 1 })] }),
  );
  const { readFile, writeFile } = await import('node:fs/promises');
  await writeFile(path, (await readFile(path, 'utf8')).replace('"Dense"', '"MyLayer"'));
  const [diagnostic] = await diagnosticsOf(readLayersModel(path, noShapes));
  expect(diagnostic).toMatchObject({ code: 'E266', message: `TensorFlow.js can't load ${path}` });
  expect(diagnostic!.why).toMatch(/^Unknown layer: MyLayer/);
});

test('outputs may be chosen among the nodes', async () => {
  const lstm = tf.sequential({ layers: [tf.layers.lstm({ name: 'lstm', inputShape: [2, 4], units: 5 })] });
  const path = await saved(lstm);
  const { graph } = await readLayersModel(path, {
    inputShapes: {},
    outputs: ['lstm/Transpose', 'lstm/Unpack:1'],
  });
  expect(graph.outputs).toEqual([
    { name: 'lstm/Transpose', ref: { node: 'lstm/Transpose', output: 0 } },
    { name: 'lstm/Unpack:1', ref: { node: 'lstm/Unpack', output: 1 } },
  ]);
  const [diagnostic] = await diagnosticsOf(
    readLayersModel(path, { inputShapes: {}, outputs: ['lstm/Unpack:2'] }),
  );
  expect(diagnostic).toMatchObject({ code: 'E215', message: 'the model has no node named "lstm/Unpack:2"' });
});

test('the runtime gives results of nodes too', async () => {
  const gru = tf.sequential({ layers: [tf.layers.gru({ name: 'gru', inputShape: [2, 3], units: 4 })] });
  const model = await readLayersModel(await saved(gru), noShapes);
  const inputs = sampleInputs(model.graph, 2);
  const reference = await model.reference(['gru/Unpack:1', 'gru']);
  const outputs = await reference.run(inputs);
  reference.dispose();
  const { data } = inputs['gru_input']!;
  expect(outputs['gru/Unpack:1']).toEqual({
    dtype: 'float32',
    shape: [2, 3],
    // The second step of both examples.
    data: Float32Array.of(...data.slice(3, 6), ...data.slice(9, 12)),
  });
  expect(outputs['gru']!.shape).toEqual([2, 4]);
  expect(await diagnosticsOf(model.reference(['gru/Nothing']))).toMatchObject([{ code: 'E265' }]);
});
