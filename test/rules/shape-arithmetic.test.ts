/** Shapes that a model computes while it runs are known when it is imported; the batch stays a symbol in them. */
import { expect, test } from 'vitest';
import { importGraph } from '../../src/import/build-graph.js';
import { readGraphModel } from '../../src/import/tf/read-graph-model.js';
import type { Attr } from '../../src/ir/graph.js';
import { printType } from '../../src/ir/print.js';
import {
  bytesOf,
  diagnosticsOf,
  placeholder,
  printDiagnostic,
  writeModel,
  type TestNode,
} from '../import/models.js';
import { rules } from './graph-model-op.js';

const N = { batch: 1 };

type Constants = Readonly<Record<string, readonly number[] | number>>;

/** The canonical ops, their attributes, and the shapes of the outputs. */
async function imported(
  nodes: readonly TestNode[],
  constants: Constants,
): Promise<{ ops: string[]; attrs: readonly Readonly<Record<string, Attr>>[]; shapes: string[] }> {
  const names = Object.keys(constants);
  const data = names.map((name) => Int32Array.from([constants[name]!].flat()));
  const path = await writeModel({
    nodes: [...names.map((name) => ({ name, op: 'Const', attr: {} })), ...nodes],
    weights: names.map((name, i) => ({
      name,
      dtype: 'int32',
      shape: typeof constants[name] === 'number' ? [] : [data[i]!.length],
    })),
    data: bytesOf(...data),
  });
  const source = await readGraphModel(path, { inputShapes: {} });
  const { graph, tail } = importGraph(source.graph, source.weights, rules);
  expect(tail).toBeNull();
  return {
    ops: graph.nodes.map(({ op }) => op),
    attrs: graph.nodes.map(({ attrs }) => attrs),
    shapes: graph.outputs.map(({ value }) => printType(graph.values[value]!)),
  };
}

const node = (name: string, op: string, input: readonly string[], attr: TestNode['attr'] = {}): TestNode => ({
  name,
  op,
  input,
  attr,
});
const i = (value: number): object => ({ i: String(value) });

test('flattening as Keras writes it: Shape, StridedSlice, Pack, Reshape', async () => {
  const { ops, attrs, shapes } = await imported(
    [
      placeholder('x', [-1, 4, 4, 3]),
      node('shape', 'Shape', ['x']),
      node('batch', 'StridedSlice', ['shape', 'zero', 'one', 'one'], { shrink_axis_mask: i(1) }),
      node('target', 'Pack', ['batch', 'rest'], { axis: i(0) }),
      node('y', 'Reshape', ['x', 'target']),
    ],
    { zero: [0], one: [1], rest: 48 },
  );
  expect(ops).toEqual(['reshape']);
  expect(attrs[0]).toEqual({ shape: [N, 48] });
  expect(shapes).toEqual(['float32[N,48]']);
});

test('a dense layer on three axes: GatherV2, Prod, ConcatV2', async () => {
  const { ops, shapes } = await imported(
    [
      placeholder('x', [-1, 5, 4]),
      node('shape', 'Shape', ['x']),
      node('free', 'GatherV2', ['shape', 'firstTwo', 'axis']),
      node('rows', 'Prod', ['free', 'all'], { keep_dims: { b: false } }),
      node('sizes', 'Pack', ['rows', 'four']),
      node('flat', 'Reshape', ['x', 'sizes']),
      node('back', 'ConcatV2', ['free', 'last', 'axis']),
      node('y', 'Reshape', ['flat', 'back']),
    ],
    { firstTwo: [0, 1], axis: 0, all: [0], four: 4, last: [4] },
  );
  expect(ops).toEqual(['reshape', 'reshape']);
  expect(shapes).toEqual(['float32[N,5,4]']);
});

test('doubling an image: StridedSlice, Mul, Cast there and back', async () => {
  const { ops, attrs } = await imported(
    [
      placeholder('x', [-1, 6, 8, 3]),
      node('shape', 'Shape', ['x']),
      node('size', 'StridedSlice', ['shape', 'one', 'three', 'stride']),
      node('double', 'Mul', ['size', 'two']),
      node('float', 'Cast', ['double'], { DstT: { type: 'DT_FLOAT' } }),
      node('whole', 'Cast', ['float'], { DstT: { type: 'DT_INT32' } }),
      node('y', 'ResizeNearestNeighbor', ['x', 'whole'], { half_pixel_centers: { b: true } }),
    ],
    { one: [1], three: [3], stride: [1], two: [2, 2] },
  );
  expect(ops).toEqual(['resize_nearest']);
  expect(attrs[0]).toMatchObject({ size: [12, 16] });
});

test('choices and bounds fold: Greater, SelectV2, Minimum, FloorDiv, Range, Fill, ExpandDims, Squeeze', async () => {
  const { ops, attrs } = await imported(
    [
      placeholder('x', [-1, 12]),
      node('shape', 'Shape', ['x']),
      node('width', 'StridedSlice', ['shape', 'one', 'two', 'one'], { shrink_axis_mask: i(1) }),
      node('half', 'FloorDiv', ['width', 'five']),
      node('least', 'Minimum', ['half', 'three']),
      node('wide', 'Greater', ['width', 'five']),
      node('chosen', 'SelectV2', ['wide', 'least', 'five']),
      node('listed', 'ExpandDims', ['chosen', 'zero']),
      node('number', 'Squeeze', ['listed']),
      node('end', 'Pack', ['all', 'number']),
      node('begin', 'Fill', ['pair', 'zero']),
      node('y', 'Slice', ['x', 'begin', 'end']),
    ],
    { zero: 0, one: [1], two: [2], pair: [2], three: 3, five: 5, all: -1 },
  );
  expect(ops).toEqual(['slice']);
  expect(attrs[0]).toEqual({ begin: [0, 0], size: [-1, 2] });
});

test('half of the batch is no shape', async () => {
  const half = imported(
    [
      placeholder('x', [-1, 4]),
      node('shape', 'Shape', ['x']),
      node('batch', 'StridedSlice', ['shape', 'zero', 'one', 'one'], { shrink_axis_mask: i(1) }),
      node('half', 'FloorDiv', ['batch', 'two']),
      node('target', 'Pack', ['half', 'eight']),
      node('y', 'Reshape', ['x', 'target']),
    ],
    { zero: [0], one: [1], two: 2, eight: 8 },
  );
  const text = (await diagnosticsOf(half)).map(printDiagnostic).join('\n');
  expect(text).toContain('N div 2 is not a multiple of the symbolic batch size N');
});
