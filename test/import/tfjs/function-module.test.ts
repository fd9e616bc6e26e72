import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { join } from 'node:path';
import { readFunctionModule } from '../../../src/import/tfjs/read-function-module.js';
import { loadTensorFlow } from '../../../src/import/tfjs/tensorflow.js';
import type { TensorFlow } from '../../../src/import/tfjs/tensorflow.js';
import { diagnosticsOf, printDiagnostic } from '../models.js';
import { noShapes, printSource, readModule, refusal, sampleInputs, writeFiles } from './helpers.js';
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
  expect(Object.keys(tf.engine().registeredVariables)).toEqual([]);
});

describe('functions', () => {
  test('attention, with scopes from tf.tidy', async () => {
    const model = await readModule(`
      export default async (tf) => {
        const weight = (name) => tf.variable(tf.randomNormal([4, 4]), true, name);
        const [q, k, v] = ['query', 'key', 'value'].map(weight);
        const project = (x, w) => tf.tidy('project', () => tf.einsum('btd,de->bte', x, w));
        return {
          inputs: { x: [null, 3, 4] },
          function: (x) => tf.tidy('attention', () => {
            const scores = tf.matMul(project(x, q), project(x, k), false, true).mul(0.5);
            return tf.matMul(tf.softmax(scores), project(x, v));
          }),
        };
      };`);
    expect(printSource(model.graph)).toEqual([
      'input x: float32[N,3,4]',
      'constant query: float32[4,4]',
      'constant key: float32[4,4]',
      'constant attention/constant: float32[]',
      'constant value: float32[4,4]',
      'attention/project/Einsum: Einsum(x, query) { equation: "btd,de->bte" } -> float32[N,3,4]',
      'attention/project/Einsum_1: Einsum(x, key) { equation: "btd,de->bte" } -> float32[N,3,4]',
      'attention/BatchMatMul: BatchMatMul(a=attention/project/Einsum, b=attention/project/Einsum_1) { transposeA: false, transposeB: true } -> float32[N,3,3]',
      'attention/Multiply: Multiply(a=attention/BatchMatMul, b=attention/constant) -> float32[N,3,3]',
      'attention/Softmax: Softmax(logits=attention/Multiply) { dim: 2 } -> float32[N,3,3]',
      'attention/project/Einsum_2: Einsum(x, value) { equation: "btd,de->bte" } -> float32[N,3,4]',
      'attention/BatchMatMul_1: BatchMatMul(a=attention/Softmax, b=attention/project/Einsum_2) { transposeA: false, transposeB: false } -> float32[N,3,4]',
      'output output = attention/BatchMatMul_1',
    ]);
    expect(model.weights.get('attention/constant')).toEqual(Float32Array.of(0.5));
    expect(await replayDifference(model, sampleInputs(model.graph, 2), 2)).toBeLessThan(1e-6);
  });

  test('views of the same data are different values', async () => {
    const { graph } = await readModule(`
      export default (tf) => ({
        inputs: { x: [null, 2, 3] },
        function: (x) => {
          const flat = x.reshape([-1, 6]);
          const same = flat.clone();
          const back = same.reshape([-1, 3, 2]);
          return [flat, back.add(1), x.reshape([-1, 3, 2]), x];
        },
      });`);
    expect(printSource(graph)).toEqual([
      'input x: float32[N,2,3]',
      'constant constant: float32[]',
      'Reshape: Reshape(x=x) { shape: [-1,6] } -> float32[N,6]',
      'Identity: Identity(x=Reshape) -> float32[N,6]',
      'Reshape_1: Reshape(x=Identity) { shape: [-1,3,2] } -> float32[N,3,2]',
      'Add: Add(a=Reshape_1, b=constant) -> float32[N,3,2]',
      'Reshape_2: Reshape(x=x) { shape: [-1,3,2] } -> float32[N,3,2]',
      'output output_0 = Reshape',
      'output output_1 = Add',
      'output output_2 = Reshape_2',
      'output output_3 = x',
    ]);
  });

  test('several inputs and outputs go by name; dead ends are left out', async () => {
    const model = await readModule(`
      export default async (tf) => {
        const table = tf.tensor2d([[1, 2], [3, 4], [5, 6]]);
        return {
          inputs: { ids: { shape: [null, 4], dtype: 'int32' }, scale: [2] },
          function: async ({ ids, scale }) => {
            tf.exp(scale);
            const rows = tf.gather(table, ids).mul(scale);
            return { rows, total: rows.sum([1, 2]) };
          },
        };
      };`);
    expect(printSource(model.graph)).toEqual([
      'input ids: int32[N,4]',
      'input scale: float32[2]',
      'constant constant: float32[3,2]',
      'GatherV2: GatherV2(x=constant, indices=ids) { axis: 0, batchDims: 0 } -> float32[N,4,2]',
      'Multiply: Multiply(a=GatherV2, b=scale) -> float32[N,4,2]',
      'Sum: Sum(x=Multiply) { axis: [1,2], keepDims: false } -> float32[N]',
      'output rows = Multiply',
      'output total = Sum',
    ]);
    expect(await replayDifference(model, sampleInputs(model.graph, 3), 3)).toBeLessThan(1e-6);
  });

  test('what follows from numbers alone is computed; what does not follow the batch is one row, repeated', async () => {
    const { graph, weights } = await readModule(`
      export default (tf) => ({
        inputs: { x: [null, 3] },
        function: (x) => {
          const positions = tf.range(0, 3).expandDims(0).tile([x.shape[0], 1]);
          return x.add(positions).add(tf.scalar(2).square()).mul(tf.fill([x.shape[0], 3], 7));
        },
      });`);
    expect(printSource(graph)).toEqual([
      'input x: float32[N,3]',
      'constant constant: float32[1,3]',
      'constant constant_1: float32[]',
      'constant constant_2: float32[1,3]',
      'Tile: Tile(x=constant) { reps: [N,1] } -> float32[N,3]',
      'Add: Add(a=x, b=Tile) -> float32[N,3]',
      'Add_1: Add(a=Add, b=constant_1) -> float32[N,3]',
      'Tile_1: Tile(x=constant_2) { reps: [N,1] } -> float32[N,3]',
      'Multiply: Multiply(a=Add_1, b=Tile_1) -> float32[N,3]',
      'output output = Multiply',
    ]);
    expect(weights.get('constant')).toEqual(Float32Array.of(0, 1, 2));
    expect(weights.get('constant_1')).toEqual(Float32Array.of(4));
  });

  test('a class token, a parameter that is repeated along the batch, keeps its name', async () => {
    const { graph } = await readModule(`
      export default (tf) => {
        const token = tf.variable(tf.randomNormal([1, 1, 4]), true, 'class_token');
        return {
          inputs: { x: [null, 3, 4] },
          function: (x) => tf.concat([token.tile([x.shape[0], 1, 1]), x], 1),
        };
      };`);
    expect(printSource(graph)).toEqual([
      'input x: float32[N,3,4]',
      'constant class_token: float32[1,1,4]',
      'Tile: Tile(x=class_token) { reps: [N,1,1] } -> float32[N,1,4]',
      'Concat: Concat(Tile, x) { axis: 1 } -> float32[N,4,4]',
      'output output = Concat',
    ]);
  });

  test('constants may be read, and weights may be made in the first call and kept', async () => {
    const model = await readModule(`
      export default (tf) => {
        let weight = null;
        return {
          inputs: { x: [null, 2] },
          function: (x) => {
            weight ??= tf.keep(tf.ones([2, 2]));
            const size = tf.scalar(3).dataSync()[0];
            return x.matMul(weight).mul(size);
          },
        };
      };`);
    expect(printSource(model.graph).slice(1, 3)).toEqual([
      'constant constant: float32[2,2]',
      'constant constant_1: float32[]',
    ]);
    expect(await replayDifference(model, sampleInputs(model.graph, 2), 2)).toBeLessThan(1e-6);
  });

  test('an example tensor fixes the shape, and --input may state another', async () => {
    const text = `
      export default (tf) => ({
        inputs: { ids: tf.tensor2d([[5, 7]], [1, 2], 'int32') },
        function: (ids) => tf.oneHot(ids, 8),
      });`;
    const { graph } = await readModule(text);
    expect(graph.inputs).toEqual([{ name: 'ids', dtype: 'int32', shape: [1, 2] }]);
    const open = await readModule(text, { ids: [{ batch: 1 }, 5] });
    expect(open.graph.inputs).toEqual([{ name: 'ids', dtype: 'int32', shape: [{ batch: 1 }, 5] }]);
  });

  test('kernels of the user’s own are recorded like any other', async () => {
    const { graph } = await readModule(`
      export default (tf) => {
        if (tf.getKernel('MyDouble', 'cpu') === undefined) {
          tf.registerKernel({
            kernelName: 'MyDouble',
            backendName: 'cpu',
            kernelFunc: ({ inputs, attrs, backend }) => {
              const values = backend.data.get(inputs.x.dataId).values.map((v) => v * attrs.by);
              return backend.makeTensorInfo(inputs.x.shape, 'float32', values);
            },
          });
        }
        return {
          inputs: { x: [null, 3] },
          function: (x) => tf.relu(tf.engine().runKernel('MyDouble', { x: tf.relu(x) }, { by: 2 })),
        };
      };`);
    expect(printSource(graph)).toEqual([
      'input x: float32[N,3]',
      'Relu: Relu(x=x) -> float32[N,3]',
      'MyDouble: MyDouble(x=Relu) { by: 2 } -> float32[N,3]',
      'Relu_1: Relu(x=MyDouble) -> float32[N,3]',
      'output output = Relu_1',
    ]);
  });
});

describe('models in modules', () => {
  const dense = `tf.sequential({ layers: [tf.layers.dense({ name: 'd', inputShape: [3], units: 2 })] })`;

  test('a LayersModel keeps its names, and its random weights are the same every time', async () => {
    const text = `export default async (tf) => ({ model: ${dense} });`;
    const [first, second] = [await readModule(text), await readModule(text)];
    expect(first.hash).toBe(second.hash);
    expect(first.graph.constants.map(({ name }) => name)).toEqual(['d/kernel', 'd/bias']);
    expect(first.weights.get('d/kernel')).toEqual(second.weights.get('d/kernel'));
    expect(await replayDifference(first, sampleInputs(first.graph, 2), 2)).toBeLessThan(1e-6);
  });

  test('a function that calls predict is cut into batches, which is recorded', async () => {
    const { graph } = await readModule(`
      export default (tf) => {
        const model = ${dense};
        return { inputs: { x: [null, 3] }, function: (x) => model.predict(x) };
      };`);
    expect(graph.nodes[0]).toMatchObject({
      type: 'Slice',
      attrs: { begin: [0, 0], size: [{ batch: 1 }, 3] },
    });
  });

  test('a GraphModel is run by its own executor', async () => {
    const model = await readModule(`
      const shape = { shape: { dim: [{ size: '-1' }, { size: '2' }] } };
      const modelTopology = {
        versions: {},
        node: [
          { name: 'image', op: 'Placeholder', attr: { dtype: { type: 'DT_FLOAT' }, shape } },
          { name: 'weight', op: 'Const', attr: { dtype: { type: 'DT_FLOAT' } } },
          { name: 'product', op: 'Mul', input: ['image', 'weight'], attr: { T: { type: 'DT_FLOAT' } } },
          { name: 'result', op: 'Relu', input: ['product'], attr: { T: { type: 'DT_FLOAT' } } },
        ],
      };
      const weightSpecs = [{ name: 'weight', shape: [2], dtype: 'float32' }];
      export default async (tf) => ({
        model: await tf.loadGraphModel({
          load: async () => ({ modelTopology, weightSpecs, weightData: Float32Array.of(2, -3).buffer }),
        }),
      });`);
    expect(printSource(model.graph)).toEqual([
      'input image: float32[N,2]',
      'constant weight: float32[2]',
      'Multiply: Multiply(a=image, b=weight) -> float32[N,2]',
      'Relu: Relu(x=Multiply) -> float32[N,2]',
      'output result = Relu',
    ]);
    expect(await replayDifference(model, sampleInputs(model.graph, 2), 2)).toBeLessThan(1e-6);
  });
});

describe('what can not be traced is refused', () => {
  test('a branch on values', async () => {
    expect(
      await refusal(`
export default (tf) => ({
  inputs: { x: [null, 4] },
  function: (x) => {
    const positive = x.sum().dataSync()[0] > 0;
    return positive ? x.relu() : x.neg();
  },
});`),
    ).toBe(
      [
        'E250: the model reads values that depend on its inputs while it runs',
        '  at model.mjs:5:30',
        '  because a compiled model is one fixed graph; what is decided after reading a value (dataSync, data, arraySync, array,',
        'bufferSync, print) holds for the inputs of the trace only',
        '  help: compute it with tensors (for a branch, tf.where selects between both results), or split the model there:',
        'export the part before the read, and do the rest in your own code. Constants may be read.',
      ].join('\n'),
    );
  });

  const body = (code: string, inputs = '{ x: [null, 4] }'): string =>
    `export default (tf) => ({ inputs: ${inputs}, function: ${code} });`;

  /** What, where, and why, line by line; help is left out. */
  const problem = async (text: string, inputShapes = {}): Promise<string[]> =>
    (await refusal(text, inputShapes)).split('\n  help: ')[0]!.split('\n');

  test.each(['await x.data()', 'x.arraySync()', 'await x.array()', 'x.bufferSync()', 'x.print()'])(
    'reading with %s',
    async (read) => {
      const [what, where] = await problem(body(`async (x) => {\n${read};\nreturn x.relu(); }`));
      expect(what).toBe('E250: the model reads values that depend on its inputs while it runs');
      expect(where).toMatch(/^ {2}at model\.mjs:2:\d+$/);
    },
  );

  test('a read whose refusal the model swallows', async () => {
    const [what] = await problem(
      body('(x) => { try { x.dataSync(); } catch { return x.neg(); } return x.relu(); }'),
    );
    expect(what).toBe('E250: the model reads values that depend on its inputs while it runs');
  });

  test('a read inside a layer names the layer', async () => {
    const lines = await problem(`
export default (tf) => {
  class Peek extends tf.layers.Layer {
    call([x]) {
      x.dataSync();
      return x;
    }
    static get className() { return 'Peek'; }
  }
  const model = tf.sequential({
    layers: [tf.layers.dense({ name: 'first', inputShape: [3], units: 2 }), new Peek({ name: 'peek' })],
  });
  return { model };
};`);
    expect(lines[1]).toBe('  at module "peek", model.mjs:5:9');
  });

  test('a branch on the batch size', async () => {
    expect(await problem(body('(x) => (x.shape[0] > 2 ? x.relu() : x.neg())'))).toEqual([
      'E251: the model does not do the same in every run',
      '  at model',
      '  because step 1 was kernel Neg (input 0) with a batch of 2,',
      'and kernel Relu (input 0) with a batch of 5',
    ]);
  });

  test('squeeze without axes, which drops a batch of one', async () => {
    expect((await problem(body('(x) => x.squeeze().relu()', '{ x: [null, 1, 4] }'))).slice(2)).toEqual([
      '  because step 1 was kernel Reshape (input 0) with a batch of 2,',
      'and kernel Reshape (input 0) with a batch of 1',
    ]);
  });

  test('the same model with the batch fixed is fine', async () => {
    const { graph } = await readModule(body('(x) => x.squeeze().relu()', '{ x: [null, 1, 4] }'), {
      x: [1, 1, 4],
    });
    expect(printSource(graph).slice(1)).toEqual([
      'Reshape: Reshape(x=x) { shape: [4] } -> float32[4]',
      'Relu: Relu(x=Reshape) -> float32[4]',
      'output output = Relu',
    ]);
  });

  test('a size that does not follow the batch', async () => {
    expect(await problem(body('(x) => x.pad([[0, 1], [0, 0]])'))).toEqual([
      'E252: the shape of result 0 of kernel PadV2: a number is neither constant nor a multiple of the batch',
      '  at the shape of result 0 of kernel PadV2',
      '  because in 3 runs it was 3 (batch 2), 2 (batch 1), 6 (batch 5)',
    ]);
  });

  test('a size that follows from values', async () => {
    const lines = await problem(body('(x) => tf.unique(x.mul(50).round()).values', '{ x: [60] }'));
    expect(lines.slice(0, 2)).toEqual([
      'E252: the shape of result 0 of kernel Unique: a number depends on the values of the inputs',
      '  at the shape of result 0 of kernel Unique',
    ]);
  });

  test('a constant computed from the batch size', async () => {
    expect(await problem(body('(x) => x.mul(1 / x.shape[0])'))).toEqual([
      'E253: a constant is not the same in every run',
      '  at the model',
      '  because it has the shape [], and its values change with the batch or from call to call',
    ]);
  });

  test('random numbers', async () => {
    expect(await problem(body('(x) => x.add(\ntf.randomNormal([4]))'))).toEqual([
      'E253: a constant is not the same in every run',
      '  at the model',
      '  because it has the shape [4], and its values change with the batch or from call to call',
      'random numbers were drawn at model.mjs:2:4',
    ]);
    expect((await problem(body('(x) => tf.dropout(x, 0.5)'))).at(-1)).toBe(
      'random numbers were drawn at model.mjs:1:73',
    );
  });

  test('random numbers with a seed, one set for each example', async () => {
    const lines = await problem(body("(x) => x.add(tf.randomNormal([x.shape[0], 4], 0, 1, 'float32', 42))"));
    expect(lines[2]).toBe(
      '  because it has the shape [N, 4], and its values change with the batch or from call to call',
    );
  });

  test('state', async () => {
    const assign = `
export default (tf) => {
  const state = tf.variable(tf.zeros([4]));
  return {
    inputs: { x: [4] },
    function: (x) => {
      const y = state.add(x);
      state.assign(y);
      return y.add(state);
    },
  };
};`;
    expect(await problem(assign)).toEqual([
      'E253: a constant is not the same in every run',
      '  at the model',
      '  because it has the shape [4], and its values change with the batch or from call to call',
    ]);
    const used = assign.replace('const y = state.add(x);', 'const y = x.relu();');
    expect(await problem(used)).toEqual([
      'E263: kernel Add uses a tensor whose values came from the inputs without a kernel',
      '  at kernel Add',
      '  because a variable was assigned while the model ran, or a tensor was made from the data of another',
    ]);
  });

  test('tensors that are gone', async () => {
    expect(
      await problem(`
export default (tf) => {
  const weight = tf.ones([4]);
  weight.dispose();
  return {
    inputs: { x: [null, 4] },
    function: (x) => tf.add(x, weight),
  };
};`),
    ).toEqual([
      'E255: kernel Add uses a tensor that has been disposed of',
      '  at model.mjs:7:25',
      '  because tf.tidy disposes of every tensor made inside it except those that it returns',
    ]);
    const out = 'E255: the output "output" has been disposed of';
    expect((await problem(body('(x) => { let y; tf.tidy(() => { y = x.relu(); }); return y; }')))[0]).toBe(
      out,
    );
  });

  test('other types of numbers', async () => {
    expect((await problem(body('(x) => tf.real(tf.complex(x, x))')))[0]).toBe(
      'E256: kernel Complex has a tensor of type complex64',
    );
  });

  test('results that are no tensors', async () => {
    expect(await problem(body('(x) => { x.relu(); }'))).toEqual([
      'E258: the model returned no tensors',
      '  at model',
      '  because it returned undefined',
    ]);
    expect(await problem(body('(x) => ({ y: x, z: 3 })'))).toEqual([
      'E258: the output "z" is not a tensor of this TensorFlow.js',
      '  at model',
      '  because it is 3, a number',
    ]);
    expect((await problem(body('(x) => ({ dataId: {}, shape: [1], dtype: "float32" })')))[2]).toBe(
      '  because it is a tensor of another copy of TensorFlow.js, whose kernels were not recorded',
    );
  });

  test('exceptions', async () => {
    expect(await problem(body('(x) => {\n  throw new Error("no such thing");\n}'))).toEqual([
      'E254: model failed while it ran',
      '  at model.mjs:2:9',
      '  because no such thing',
      'its inputs were x: [2, 4]',
    ]);
    expect(await problem('export default (tf) => {\n  throw new TypeError("early");\n};')).toEqual([
      'E254: the default export of model.mjs failed',
      '  at model.mjs:2:9',
      '  because early',
    ]);
  });

  test.each([
    ['export const x = 1;', 'E267: model.mjs has no default export'],
    ['export default 4;', 'E267: model.mjs exports 4, a number'],
    ['export default () => 4;', 'E261: the default export of model returned 4, a number'],
    [
      'export default () => ({});',
      'E261: the default export of model returned neither a model nor a function',
    ],
    [
      'export default () => ({ model: {}, function: () => 1 });',
      'E261: the default export of model returned a model and a function',
    ],
    [
      'export default () => ({ model: { predict() {} } });',
      'E261: `model` is neither a LayersModel nor a GraphModel of this TensorFlow.js',
    ],
    ['export default (tf) => ({ model: tf.sequential() });', 'E261: model is a model without layers'],
    ['export default () => ({ function: 4, inputs: {} });', 'E261: `function` is 4, a number'],
    [
      'export default () => ({ function: (x) => x });',
      'E260: model says nothing about the inputs of its function',
    ],
    ['export default () => ({ function: (x) => x, inputs: [null, 4] });', 'E260: `inputs` is a list'],
    ['export default (tf) => ({ function: (x) => x, inputs: tf.ones([2]) });', 'E260: `inputs` is a tensor'],
    [
      "export default () => ({ function: (x) => x, inputs: { x: 'big' } });",
      'E260: the input "x" is "big", a string',
    ],
    [
      "export default () => ({ function: (x) => x, inputs: { x: { shape: [1], dtype: 'string' } } });",
      'E260: the input "x" is an object with shape, dtype',
    ],
    ['export default (', "E259: the module model.mjs can't be loaded"],
    ["import './missing.mjs';", "E259: the module model.mjs can't be loaded"],
    [
      'export default () => ({ function: (x) => x, inputs: { x: [null, null] } });',
      'E208: the shape of input "x" of model is not known',
    ],
    [
      'export default () => ({ function: (x) => x, inputs: { x: [100000, 100000] } });',
      'E257: an input of 10000000000 numbers is too large to trace',
    ],
  ])('%s', async (text, message) => {
    expect((await problem(text))[0]).toBe(message);
  });

  test('a module that makes another model every time, when it is to be verified', async () => {
    const model = await readModule(`
      import { randomBytes } from 'node:crypto';
      export default (tf) => {
        const weight = tf.tensor1d([...randomBytes(4)]);
        return { inputs: { x: [null, 4] }, function: (x) => x.mul(weight) };
      };`);
    const [diagnostic] = await diagnosticsOf(model.reference());
    expect(diagnostic).toMatchObject({ code: 'E264' });
  });
});

describe('module formats', () => {
  test('CommonJS', async () => {
    const folder = await writeFiles({
      'model.cjs': 'module.exports = (tf) => ({ inputs: { x: [null, 2] }, function: (x) => x.relu() });',
    });
    const { graph } = await readFunctionModule(join(folder, 'model.cjs'), noShapes);
    expect(graph.nodes.map(({ type }) => type)).toEqual(['Relu']);
  });

  const typescript = {
    'model.ts': `
import type * as Tf from '@tensorflow/tfjs';
import { block } from './parts/block.js';
import { width } from './parts/width';
import { readFileSync } from 'node:fs';
import greeting from 'a-package';

type Result = { inputs: Record<string, (number | null)[]>; function: (x: Tf.Tensor) => Tf.Tensor };
enum Scale { Twice = 2 }

const own: string = readFileSync(new URL('./data.txt', import.meta.url), 'utf8').trim();

export default async (tf: typeof Tf): Promise<Result> => {
  const later = await import('./parts/later.mjs');
  return {
    inputs: { x: [null, width] },
    function: (x: Tf.Tensor) => block(tf, x.mul(Scale.Twice), [own, later.name, greeting].join('_') as string),
  };
};`,
    'parts/block.ts': `
import type * as Tf from '@tensorflow/tfjs';
export const block = (tf: typeof Tf, x: Tf.Tensor, name: string): Tf.Tensor =>
  tf.tidy(name, () => {
    interface Unused { readonly a: number }
    if (name.includes('read')) x.dataSync();
    return x.relu();
  });`,
    'parts/width.mts': 'export const width: number = 3;',
    'parts/later.mjs': "export const name = 'later';",
    'data.txt': 'data',
    'node_modules/a-package/package.json':
      '{ "name": "a-package", "type": "module", "exports": { "import": "./i.js" } }',
    'node_modules/a-package/i.js': "export default 'package';",
  };

  test('TypeScript, with imports of files and packages', async () => {
    const folder = await writeFiles(typescript);
    const { graph } = await readFunctionModule(join(folder, 'model.ts'), noShapes);
    expect(printSource(graph)).toEqual([
      'input x: float32[N,3]',
      'constant constant: float32[]',
      'Multiply: Multiply(a=x, b=constant) -> float32[N,3]',
      'data_later_package/Relu: Relu(x=Multiply) -> float32[N,3]',
      'output output = data_later_package/Relu',
    ]);
  });

  test('places in TypeScript are those of the original', async () => {
    const folder = await writeFiles({ ...typescript, 'data.txt': 'read' });
    const [diagnostic] = await diagnosticsOf(readFunctionModule(join(folder, 'model.ts'), noShapes));
    expect(diagnostic!.where).toBe(`module "read_later_package", ${join(folder, 'parts/block.ts')}:6:34`);
  });

  test('syntax errors in TypeScript have a place', async () => {
    const folder = await writeFiles({ 'model.ts': 'const a: number = 3;\nexport default (tf => {;' });
    const [diagnostic] = await diagnosticsOf(readFunctionModule(join(folder, 'model.ts'), noShapes));
    expect(printDiagnostic(diagnostic!).replaceAll(`${folder}/`, '')).toBe(
      [
        "E259: the module model.ts can't be compiled",
        '  at model.ts:2:25',
        "  because '}' expected.",
        '  help: correct the syntax; types are not checked here',
      ].join('\n'),
    );
  });
});
