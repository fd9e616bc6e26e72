import '@tensorflow/tfjs-backend-cpu';
import { setBackend } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { importGraph } from '../../src/import/build-graph.js';
import { readGraphModel } from '../../src/import/tf/read-graph-model.js';
import { printGraph } from '../../src/ir/print.js';
import { rulesOf } from '../rules-of.js';
import { base64, bytesOf, diagnosticsOf, placeholder, printDiagnostic, writeModel } from './models.js';
import type { TestModel, TestNode } from './models.js';

const rules = rulesOf(`
/// A sum.
op add(x, y) -> z {
  axes  x[a...] y[b...] -> z[broadcast(a, b)...]
  value elementwise(x + y)
  from  tf AddV2(x, y)
  emit  tf.add(x, y)
}
/// Whether x < y.
op less(x, y) -> z {
  axes  x[a...] y[b...] -> z[broadcast(a, b)...]
  dtype z = 'bool'
  value elementwise(x < y)
  from  tf Less(x, y)
  emit  tf.less(x, y)
}
/// The slices along the first axis.
op unstack(x) -> ys* {
  attrs axis: int
  axes  x[n, a...] -> ys*[a...]  where |ys| = size(x, 0)
  fixed n
  from  tf Unpack(x) { axis }
  emit  tf.unstack(x)
}
/// Side by side along a new first axis.
op stack(xs*) -> y {
  attrs axis: int
  axes  xs*[a...] -> y[n, a...]
  sizes n = len(xs)
  from  tf Pack(xs*) { axis }
  emit  tf.stack(xs)
}
`);

const int = { T: { type: 'DT_INT32' } };
const frame = (name: string, constant = false): TestNode['attr'] => ({
  frame_name: { s: base64(name) },
  is_constant: { b: constant },
});

/** Nodes of a loop `name` over variables: each has a start, and what it becomes in terms of `NAME/in`. */
function whileLoop(
  name: string,
  variables: Readonly<Record<string, { readonly start: string; readonly next: string }>>,
  condition: string,
): TestNode[] {
  const cond = { name: `${name}/cond`, op: 'LoopCond', input: [condition] };
  const parts = Object.entries(variables).flatMap(([variable, { start, next }]): TestNode[] => {
    const at = `${name}/${variable}`;
    return [
      { name: `${at}/enter`, op: 'Enter', input: [start], attr: frame(name) },
      { name: `${at}/merge`, op: 'Merge', input: [`${at}/enter`, `${at}/next`], attr: int },
      { name: `${at}/switch`, op: 'Switch', input: [`${at}/merge`, `${name}/cond`], attr: int },
      { name: `${at}/exit`, op: 'Exit', input: [`${at}/switch`], attr: int },
      { name: `${at}/next`, op: 'NextIteration', input: [next, `^${name}/cond`], attr: int },
    ];
  });
  return [cond, ...parts];
}

const number = (name: string): TestNode => ({ name, op: 'Const', attr: { dtype: { type: 'DT_INT32' } } });
const numbers = (values: Readonly<Record<string, number>>): Pick<TestModel, 'weights' | 'data'> => ({
  weights: Object.keys(values).map((name) => ({ name, shape: [], dtype: 'int32' })),
  data: bytesOf(new Int32Array(Object.values(values))),
});

// for (i = 0; i < 3; i++) v = v + v
const doubling: TestModel = {
  nodes: [
    placeholder('x', [2]),
    ...['zero', 'one', 'limit'].map(number),
    { name: 'i<', op: 'Less', input: ['loop/i/merge', 'loop/limit'], attr: int },
    { name: 'i+1', op: 'AddV2', input: ['loop/i/switch:1', 'one'], attr: int },
    { name: 'v+v', op: 'AddV2', input: ['loop/v/switch:1', 'loop/v/switch:1'], attr: int },
    { name: 'loop/limit', op: 'Enter', input: ['limit'], attr: frame('loop', true) },
    ...whileLoop('loop', { i: { start: 'zero', next: 'i+1' }, v: { start: 'x', next: 'v+v' } }, 'i<'),
    { name: 'y', op: 'AddV2', input: ['loop/v/exit', 'x'] },
  ],
  ...numbers({ zero: 0, one: 1, limit: 3 }),
  signature: { outputs: { y: { name: 'y:0' } } },
};

describe('loops of TensorFlow 1', () => {
  test('are unrolled, and compute what the runtime computes', async () => {
    await setBackend('cpu');
    const model = await readGraphModel(await writeModel(doubling), { inputShapes: {} });
    const { graph, tail } = importGraph(model.graph, model.weights, rules);
    expect(tail).toBeNull();
    expect(printGraph({ ...graph, name: 'doubling' }, { provenance: false })).toMatchInlineSnapshot(`
      "graph "doubling" {
        input %in0 "x": float32[2]
        %2: float32[2] = add(x: %in0, y: %in0)
        %5: float32[2] = add(x: %2, y: %2)
        %8: float32[2] = add(x: %5, y: %5)
        %10: float32[2] = add(x: %8, y: %in0)
        output "y": %10
      }
      "
    `);
    const reference = await model.reference();
    const { y } = await reference.run({
      x: { dtype: 'float32', shape: [2], data: new Float32Array([1, 5]) },
    });
    expect(y!.data).toEqual(new Float32Array([9, 45]));
    reference.dispose();
  });

  test('one inside of the other', async () => {
    // for (i = 0; i < 2; i++) for (j = i; j < 2; j++) v = v + v
    const nodes: TestNode[] = [
      placeholder('x', [2]),
      ...['zero', 'one', 'two'].map(number),
      { name: 'i<', op: 'Less', input: ['outer/i/merge', 'two'], attr: int },
      { name: 'i+1', op: 'AddV2', input: ['outer/i/switch:1', 'one'], attr: int },
      { name: 'j<', op: 'Less', input: ['inner/j/merge', 'two'], attr: int },
      { name: 'j+1', op: 'AddV2', input: ['inner/j/switch:1', 'one'], attr: int },
      { name: 'v+v', op: 'AddV2', input: ['inner/v/switch:1', 'inner/v/switch:1'], attr: int },
      ...whileLoop(
        'inner',
        { j: { start: 'outer/i/switch:1', next: 'j+1' }, v: { start: 'outer/v/switch:1', next: 'v+v' } },
        'j<',
      ),
      ...whileLoop(
        'outer',
        { i: { start: 'zero', next: 'i+1' }, v: { start: 'x', next: 'inner/v/exit' } },
        'i<',
      ),
    ];
    const signature = { outputs: { y: { name: 'outer/v/exit:0' } } };
    const path = await writeModel({ nodes, ...numbers({ zero: 0, one: 1, two: 2 }), signature });
    const model = await readGraphModel(path, { inputShapes: {} });
    const { graph } = importGraph(model.graph, model.weights, rules);
    expect(graph.nodes.map(({ op, operands }) => [op, operands['x'], operands['y']])).toEqual([
      ['add', 'in0', 'in0'],
      ['add', expect.any(String), expect.any(String)],
      ['add', expect.any(String), expect.any(String)],
    ]);
    expect(graph.outputs).toEqual([{ name: 'outer/v/exit', value: graph.nodes[2]!.id }]);
  });

  test('a map over a list of tensors', async () => {
    // stack([v + v for v in x])
    const shape = { name: 'shape', op: 'Const', attr: { dtype: { type: 'DT_INT32' } } };
    const nodes: TestNode[] = [
      placeholder('x', [2, 3]),
      ...['zero', 'one', 'two'].map(number),
      shape,
      { name: 'items', op: 'TensorListFromTensor', input: ['x', 'shape'] },
      { name: 'places', op: 'TensorListReserve', input: ['shape', 'two'] },
      { name: 'i<', op: 'Less', input: ['map/i/merge', 'two'], attr: int },
      { name: 'i+1', op: 'AddV2', input: ['map/i/switch:1', 'one'], attr: int },
      { name: 'item', op: 'TensorListGetItem', input: ['map/items/switch:1', 'map/i/switch:1', 'shape'] },
      { name: 'v+v', op: 'AddV2', input: ['item', 'item'] },
      { name: 'set', op: 'TensorListSetItem', input: ['map/list/switch:1', 'map/i/switch:1', 'v+v'] },
      ...whileLoop(
        'map',
        {
          i: { start: 'zero', next: 'i+1' },
          list: { start: 'places', next: 'set' },
          items: { start: 'items', next: 'map/items/switch:1' },
        },
        'i<',
      ),
      { name: 'y', op: 'TensorListStack', input: ['map/list/exit', 'shape'] },
    ];
    const path = await writeModel({
      nodes,
      weights: [
        { name: 'zero', shape: [], dtype: 'int32' },
        { name: 'one', shape: [], dtype: 'int32' },
        { name: 'two', shape: [], dtype: 'int32' },
        { name: 'shape', shape: [1], dtype: 'int32' },
      ],
      data: bytesOf(new Int32Array([0, 1, 2, 3])),
      signature: { outputs: { y: { name: 'y:0' } } },
    });
    const model = await readGraphModel(path, { inputShapes: {} });
    const { graph } = importGraph(model.graph, model.weights, rules);
    expect(printGraph({ ...graph, name: 'map' }, { provenance: false })).toMatchInlineSnapshot(`
      "graph "map" {
        input %in0 "x": float32[2,3]
        %0: float32[3], %1: float32[3] = unstack(x: %in0) { axis: 0 }
        %4: float32[3] = add(x: %0, y: %0)
        %7: float32[3] = add(x: %1, y: %1)
        %9: float32[2,3] = stack(xs: [%4, %7]) { axis: 0 }
        output "y": %9
      }
      "
    `);
  });

  test('a loop of no known form is a cycle', async () => {
    const nodes = doubling.nodes.filter(({ name }) => name !== 'loop/v/switch');
    const broken = {
      ...doubling,
      nodes: [...nodes, { name: 'loop/v/switch', op: 'Identity', input: ['loop/v/merge'] }],
    };
    const [first] = await diagnosticsOf(readGraphModel(await writeModel(broken), { inputShapes: {} }));
    expect(printDiagnostic(first!)).toMatchInlineSnapshot(`
      "E213: "loop/v/switch" is read from outside of the loop that it is in
        at model.json
        because a loop is left by its exits alone
        help: the graph is damaged; convert or download the model again"
    `);
  });
});
