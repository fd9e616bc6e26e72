import { describe, expect, test } from 'vitest';
import { readGraphModel } from '../../src/import/tf/read-graph-model.js';
import type { ReadOptions } from '../../src/import/source-graph.js';
import type { Shape } from '../../src/ir/graph.js';
import { base64, bytesOf, diagnosticsOf, placeholder, printDiagnostic, writeModel } from './models.js';
import type { TestModel } from './models.js';

const none: ReadOptions = { inputShapes: {} };

async function errorOf(model: TestModel, options: ReadOptions = none): Promise<string> {
  return (await diagnosticsOf(readGraphModel(await writeModel(model), options)))
    .map(printDiagnostic)
    .join('\n');
}

describe('attributes', () => {
  test('every kind becomes plain data', async () => {
    const attr = {
      i: { i: '12' },
      negative: { i: -3 },
      f: { f: 0.5 },
      nan: { f: 'NaN' },
      b: { b: true },
      s: { s: base64('SAME') },
      plain: { s: 'NHWC' },
      bytes: { s: [86, 65, 76, 73, 68] },
      type: { type: 'DT_UINT8' },
      number: { type: 10 },
      variant: { type: 'DT_VARIANT' },
      shape: { shape: { dim: [{ size: '-1' }, { size: '3' }] } },
      scalar: { shape: {} },
      unknown: { shape: { unknownRank: true } },
      ints: { list: { i: ['1', '2'] } },
      floats: { list: { f: [0.5, 1] } },
      strings: { list: { s: [base64('BiasAdd'), base64('Relu6')] } },
      types: { list: { type: ['DT_FLOAT', 'DT_INT64'] } },
      empty: { list: {} },
      func: { func: { name: 'body' } },
      value: { tensor: {} },
    };
    const path = await writeModel({
      nodes: [placeholder('x', [1]), { name: 'y', op: 'Op', input: ['x'], attr }],
    });
    const { graph } = await readGraphModel(path, none);
    expect(graph.nodes[0]!.attrs).toEqual({
      i: 12,
      negative: -3,
      f: 0.5,
      nan: NaN,
      b: true,
      s: 'SAME',
      plain: 'NHWC',
      bytes: 'VALID',
      type: 'int32',
      number: 'bool',
      variant: 'variant',
      shape: [-1, 3],
      scalar: [],
      unknown: null,
      ints: [1, 2],
      floats: [0.5, 1],
      strings: ['BiasAdd', 'Relu6'],
      types: ['float32', 'int32'],
      empty: [],
      func: 'body',
    });
  });
});

describe('the graph', () => {
  test('is sorted, scoped, without control inputs, and has the outputs that are read', async () => {
    const path = await writeModel({
      nodes: [
        { name: 'net/last/Add', op: 'Add', input: ['net/Split:2', 'w', '^net/Split'] },
        { name: 'net/Split', op: 'Split', input: ['x:0'] },
        placeholder('x', [-1, 6]),
        { name: 'w', op: 'Const', attr: { dtype: { type: 'DT_FLOAT' } } },
        { name: 'unused', op: 'Nonsense', input: ['x'] },
      ],
      weights: [{ name: 'w', shape: [2], dtype: 'float32' }],
      data: bytesOf(new Float32Array([1, 2])),
      signature: { outputs: { y: { name: 'net/last/Add:0' } } },
    });
    const { graph, weights, hash } = await readGraphModel(path, none);
    expect(graph.nodes.map(({ name, scope, outputs, inputs }) => ({ name, scope, outputs, inputs }))).toEqual(
      [
        { name: 'net/Split', scope: 'net', outputs: 3, inputs: [{ node: 'x', output: 0, name: '' }] },
        {
          name: 'net/last/Add',
          scope: 'net/last',
          outputs: 1,
          inputs: [
            { node: 'net/Split', output: 2, name: '' },
            { node: 'w', output: 0, name: '' },
          ],
        },
      ],
    );
    expect(graph.constants).toEqual([{ name: 'w', dtype: 'float32', shape: [2] }]);
    expect(weights.get('w')).toEqual(new Float32Array([1, 2]));
    expect(graph.outputs).toEqual([{ name: 'net/last/Add', ref: { node: 'net/last/Add', output: 0 } }]);
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
  });

  test('takes the names and the order of ports from the signature, also in userDefinedMetadata', async () => {
    const nodes = [
      placeholder('a', [1, 2]),
      placeholder('b', [1, 2]),
      { name: 'y', op: 'Two', input: ['a', 'b'] },
    ];
    const entry = (name: string): object => ({ name });
    const signature = {
      inputs: { second: entry('b:0'), first: entry('a:0') },
      outputs: { other: entry('y:1'), main: entry('y:0') },
    };
    for (const model of [
      { nodes, signature },
      { nodes, userDefinedMetadata: { signature } },
    ]) {
      const { graph } = await readGraphModel(await writeModel(model), none);
      expect(graph.inputs.map(({ name }) => name)).toEqual(['b', 'a']);
      expect(graph.outputs).toEqual([
        { name: 'y:1', ref: { node: 'y', output: 1 } },
        { name: 'y', ref: { node: 'y', output: 0 } },
      ]);
    }
  });

  test('without a signature has all placeholders, and every node that nothing reads', async () => {
    const path = await writeModel({
      nodes: [
        placeholder('x', [1]),
        { name: 'y', op: 'Op', input: ['x'] },
        { name: 'z', op: 'Op', input: ['x'] },
      ],
    });
    const { graph } = await readGraphModel(path, none);
    expect(graph.outputs.map(({ name }) => name)).toEqual(['y', 'z']);
  });

  test('can be asked for other outputs', async () => {
    const path = await writeModel({
      nodes: [
        placeholder('x', [1]),
        { name: 'y', op: 'Op', input: ['x'] },
        { name: 'z', op: 'Op', input: ['y'] },
      ],
    });
    const { graph } = await readGraphModel(path, { inputShapes: {}, outputs: ['y:1'] });
    expect(graph.outputs).toEqual([{ name: 'y:1', ref: { node: 'y', output: 1 } }]);
    expect(graph.nodes.map(({ name }) => name)).toEqual(['y']);
  });
});

describe('shapes of inputs', () => {
  const model = (sizes: readonly number[], stated?: readonly number[]): TestModel => ({
    nodes: [placeholder('image', sizes), { name: 'y', op: 'Op', input: ['image'] }],
    ...(stated === undefined
      ? {}
      : {
          signature: {
            inputs: {
              picture: {
                name: 'image:0',
                tensorShape: { dim: stated.map((size) => ({ size: String(size) })) },
              },
            },
            outputs: { y: { name: 'y:0' } },
          },
        }),
  });
  const shapeOf = async (m: TestModel, given: Record<string, Shape> = {}): Promise<Shape> => {
    const { graph } = await readGraphModel(await writeModel(m), { inputShapes: given });
    return graph.inputs[0]!.shape;
  };

  test('the first unknown size is the batch, a known one stays', async () => {
    expect(await shapeOf(model([-1, 8, 8, 3]))).toEqual([{ batch: 1 }, 8, 8, 3]);
    expect(await shapeOf(model([1, 8, 8, 3]))).toEqual([1, 8, 8, 3]);
  });

  test('the signature fills in what the graph leaves open', async () => {
    expect(await shapeOf(model([1, -1, -1, 3], [1, 320, 320, 3]))).toEqual([1, 320, 320, 3]);
  });

  test('--input fills in the rest, by the name of the node or of the signature', async () => {
    expect(await shapeOf(model([-1, -1, -1, 3]), { image: [-1, 64, 64, 3] })).toEqual([
      { batch: 1 },
      64,
      64,
      3,
    ]);
    const named = model([-1, -1, -1, 3], [-1, 320, 320, 3]);
    expect(await shapeOf(named, { picture: [{ batch: 1 }, 64, 64, 3] })).toEqual([{ batch: 1 }, 64, 64, 3]);
  });

  test('what nobody states is an error that shows the option', async () => {
    expect(await errorOf(model([-1, -1, -1, 3]))).toMatchInlineSnapshot(`
      "E208: the shape of input "image" of model.json is not known
        at input "image" of model.json
        because the model says N,?,?,3; only the batch may stay open
        help: state it: --input image=N,<size>,<size>,3"
    `);
  });

  test('all of them are named at once', async () => {
    const two: TestModel = {
      nodes: [
        placeholder('image', [-1, -1, 8, 3]),
        placeholder('mask', [-1, -1]),
        { name: 'y', op: 'Op', input: ['image', 'mask'] },
      ],
    };
    expect(await errorOf(two, { inputShapes: { size: [1] } })).toMatchInlineSnapshot(`
      "E209: the model has no input named "size"
        at model.json
        because its inputs are image, mask
        help: name one of these in --input NAME=SHAPE
      E208: the shape of input "image" of model.json is not known
        at input "image" of model.json
        because the model says N,?,8,3; only the batch may stay open
        help: state it: --input image=N,<size>,8,3
      E208: the shape of input "mask" of model.json is not known
        at input "mask" of model.json
        because the model says N,?; only the batch may stay open
        help: state it: --input mask=N,<size>"
    `);
  });

  test('an --input that does not fit is an error', async () => {
    const wrong = { inputShapes: { image: [1, 8, 8, 4] } };
    expect(await errorOf(model([-1, -1, -1, 3]), wrong)).toMatchInlineSnapshot(`
      "E209: the shape 1,8,8,4 does not fit input "image" of model.json
        at input "image" of model.json
        because the model says ?,?,?,3; sizes are whole numbers, and only the first may be N
        help: sizes that the model states stay as they are: --input image=?,?,?,3"
    `);
    expect(await errorOf(model([1, 2]), { inputShapes: { img: [1, 2] } })).toMatchInlineSnapshot(`
      "E209: the model has no input named "img"
        at model.json
        because its inputs are image
        help: name one of these in --input NAME=SHAPE"
    `);
  });
});

describe('malformed graphs', () => {
  const x = placeholder('x', [1]);

  test('an input that does not exist', async () => {
    expect(await errorOf({ nodes: [x, { name: 'y', op: 'Op', input: ['z'] }] })).toMatchInlineSnapshot(`
      "E213: node "y" reads "z", which does not exist
        at model.json
        because every input must name a node of the graph
        help: the graph is damaged; convert or download the model again"
    `);
  });

  test('two nodes of one name', async () => {
    expect(await errorOf({ nodes: [x, x] })).toMatchInlineSnapshot(`
      "E213: two nodes are named "x"
        at model.json
        because a name must be unique
        help: the graph is damaged; convert or download the model again"
    `);
  });

  test('a cycle', async () => {
    const nodes = [x, { name: 'a', op: 'Op', input: ['x', 'b'] }, { name: 'b', op: 'Op', input: ['a'] }];
    const signature = { outputs: { y: { name: 'b' } } };
    expect(await errorOf({ nodes, signature })).toMatchInlineSnapshot(`
      "E213: node "b" depends on itself
        at model.json
        because a graph has no cycles
        help: the graph is damaged; convert or download the model again"
    `);
  });

  test('a constant without data, and one of another type', async () => {
    const w = { name: 'w', op: 'Const', attr: { dtype: { type: 'DT_INT32' } } };
    const nodes = [x, w, { name: 'y', op: 'Op', input: ['x', 'w'] }];
    expect(await errorOf({ nodes })).toMatchInlineSnapshot(`
      "E706: the constant "w" has no weight
        at model.json
        because the graph refers to constants by name, and the weight manifest does not list this one
        help: the graph and the weights belong to different models; download or convert the model again"
    `);
    const weights = [{ name: 'w', shape: [1], dtype: 'float32' }];
    expect(await errorOf({ nodes, weights, data: new Uint8Array(4) })).toMatchInlineSnapshot(`
      "E706: the weight "w" is stored as float32, the graph says int32
        at model.json
        help: the graph and the weights belong to different models; download or convert the model again"
    `);
  });

  test('text as input', async () => {
    const nodes = [placeholder('x', [1], 'DT_STRING'), { name: 'y', op: 'Op', input: ['x'] }];
    expect(await errorOf({ nodes })).toMatchInlineSnapshot(`
      "E214: input "x" of model.json is not a tensor of numbers
        at input "x" of model.json
        because its type is string
        help: remove the part of the model that reads it (preprocessing of text, variables) before converting it"
    `);
  });

  test('names that JavaScript knows are names like any other', async () => {
    const path = await writeModel({
      nodes: [
        placeholder('constructor', [1]),
        {
          name: '__proto__',
          op: 'toString',
          input: ['constructor'],
          attr: JSON.parse('{"__proto__": {"i": 3}}'),
        },
      ],
    });
    const { graph } = await readGraphModel(path, none);
    expect(graph.nodes.map(({ name, type }) => [name, type])).toEqual([['__proto__', 'toString']]);
    expect(Object.entries(graph.nodes[0]!.attrs)).toEqual([['__proto__', 3]]);
  });
});
