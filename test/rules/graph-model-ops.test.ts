/** Every GraphDef operation of the elementwise, shape, reduction and index families does what TensorFlow.js does. */
import { describe, expect, test } from 'vitest';
import { base64, type TestNode } from '../import/models.js';
import {
  boolInput,
  bools,
  compare,
  float,
  floats,
  input,
  int,
  intInput,
  ints,
  modelOf,
  type Operand,
} from './graph-model-op.js';

type Row = readonly [op: string, operands: readonly Operand[], attr?: TestNode['attr'], outputs?: number];

const positive = input([-1, 3], 0.2, 3);
const unit = input([-1, 3], -0.9, 0.9);
const image = input([-1, 4, 5, 3]);
const flag = (value: boolean): object => ({ b: value });
const whole = (value: number): object => ({ i: value });
const wholes = (...values: number[]): object => ({ list: { i: values } });
const dtype = (name: string): object => ({ type: name });

const unary: readonly Row[] = [
  ...[
    'Abs',
    'Ceil',
    'Cos',
    'Cosh',
    'Exp',
    'Floor',
    'Neg',
    'Round',
    'Sign',
    'Sin',
    'Sinh',
    'Square',
    'Expm1',
    'Atan',
    'Asinh',
  ].map((op): Row => [op, [input([-1, 3], -2, 2)]]),
  ...['Acos', 'Asin', 'Atanh', 'Tan'].map((op): Row => [op, [unit]]),
  ...['Log', 'Log1p', 'Sqrt', 'Rsqrt', 'Reciprocal'].map((op): Row => [op, [positive]]),
  ['Acosh', [input([-1, 3], 1, 3)]],
  ...['IsNan', 'IsInf', 'IsFinite'].map((op): Row => [op, [input([-1, 3])]]),
  ['LogicalNot', [boolInput([-1, 3])]],
  ...['Identity', 'StopGradient', 'Snapshot', 'ZerosLike', 'OnesLike'].map((op): Row => [
    op,
    [input([-1, 3])],
  ]),
  ['IdentityN', [input([-1, 3]), input([-1, 2])], {}, 2],
  ['EnsureShape', [input([2, 3]), ints([2, 3])]],
  ['FakeQuantWithMinMaxVars', [input([-1, 3]), float(0), float(1)]],
  ['Cast', [input([-1, 3], -3, 3)], { SrcT: dtype('DT_FLOAT'), DstT: dtype('DT_INT32') }],
  ['Cast', [input([-1, 3], -3, 3)], { SrcT: dtype('DT_FLOAT'), DstT: dtype('DT_BOOL') }],
  ['Cast', [intInput([-1, 3], 0, 9)], { SrcT: dtype('DT_INT64'), DstT: dtype('DT_HALF') }],
  ['Cast', [boolInput([-1, 3])], { SrcT: dtype('DT_BOOL'), DstT: dtype('DT_FLOAT') }],
];

const binary: readonly Row[] = [
  ...[
    'Add',
    'AddV2',
    'Sub',
    'Mul',
    'RealDiv',
    'Div',
    'DivNoNan',
    'FloorMod',
    'Mod',
    'Pow',
    'Maximum',
    'Minimum',
    'SquaredDifference',
    'Atan2',
  ].flatMap((op): Row[] => [
    [op, [positive, input([-1, 3], 0.3, 2)]],
    [op, [input([-1, 2, 3], 0.2, 3), floats([0.5, 1, 2])]],
  ]),
  ['Sub', [float(1), input([-1, 3])]],
  ['Mul', [input([-1, 4, 1]), input([3])]],
  ['FloorDiv', [intInput([-1, 3], 1, 20), ints([3, 7, -2])]],
  ['FloorMod', [intInput([-1, 3], -20, 20), ints([3, 7, -2])]],
  ['RealDiv', [intInput([-1, 3], -20, 20), ints([3, 7, -2])]],
  ['BiasAdd', [image, floats([1, 2, 3])]],
  ['AddN', [input([-1, 3])]],
  ['AddN', [input([-1, 3]), input([-1, 3])]],
  ['AddN', [input([-1, 3]), input([-1, 3]), input([-1, 3])]],
  ...['Equal', 'NotEqual', 'Less', 'LessEqual', 'Greater', 'GreaterEqual'].map((op): Row => [
    op,
    [intInput([-1, 4], 0, 2), ints([0, 1, 2, 1])],
  ]),
  ...['LogicalAnd', 'LogicalOr'].map((op): Row => [op, [boolInput([-1, 4]), bools([1, 0, 1, 0])]]),
  ...['Select', 'SelectV2'].map((op): Row => [op, [boolInput([-1, 4]), input([-1, 4]), input([-1, 4])]]),
  ['SelectV2', [bools([1, 0, 1, 0]), input([-1, 4]), float(0)]],
];

const masks = (begin = 0, end = 0, ellipsis = 0, newAxis = 0, shrink = 0): TestNode['attr'] => ({
  begin_mask: whole(begin),
  end_mask: whole(end),
  ellipsis_mask: whole(ellipsis),
  new_axis_mask: whole(newAxis),
  shrink_axis_mask: whole(shrink),
});

const shapes: readonly Row[] = [
  ['Reshape', [image, ints([-1, 20, 3])]],
  ['Reshape', [input([6]), ints([2, 3])]],
  ['Reshape', [input([1]), ints([], [0])]],
  ['Transpose', [image, ints([0, 3, 1, 2])]],
  ['Squeeze', [input([-1, 1, 3, 1])], { squeeze_dims: wholes(1) }],
  ['Squeeze', [input([-1, 1, 3, 1])], { squeeze_dims: wholes(-1, 1) }],
  ['Squeeze', [input([-1, 1, 3, 1])], { squeeze_dims: wholes() }],
  ['Squeeze', [input([-1, 1, 3, 1])]],
  ['ExpandDims', [input([-1, 3]), int(-1)]],
  ['ExpandDims', [input([-1, 3]), int(1)]],
  ['ConcatV2', [input([-1, 3]), input([-1, 2]), int(-1)]],
  ['ConcatV2', [input([-1, 3]), input([-1, 3]), int(0)]],
  ['Concat', [int(1), input([-1, 3]), input([-1, 2])]],
  ['Split', [int(-1), input([-1, 6])], { num_split: whole(3) }, 3],
  ['SplitV', [input([-1, 6]), ints([1, 3, 2]), int(1)], {}, 3],
  ['SplitV', [input([-1, 6]), ints([1, -1, 2]), int(-1)], {}, 3],
  ['Pack', [input([-1, 3]), input([-1, 3])], { axis: whole(1) }],
  ['Pack', [input([-1, 3]), input([-1, 3])], { axis: whole(-1) }],
  ['Pack', [input([4, 3]), input([4, 3])]],
  ['Unpack', [input([-1, 3])], { axis: whole(1), num: whole(3) }, 3],
  ['Unpack', [input([-1, 3])], { axis: whole(-1), num: whole(3) }, 2],
  ['Slice', [image, ints([0, 1, 2, 0]), ints([-1, 2, 3, 1])]],
  ['StridedSlice', [image, ints([0, 1]), ints([0, 3]), ints([1, 1])], masks(1, 1)],
  ['StridedSlice', [image, ints([0, 0, -1]), ints([0, 0, 0]), ints([1, 1, 1])], masks(3, 3, 0, 0, 4)],
  ['StridedSlice', [image, ints([0, 1]), ints([0, 2]), ints([1, 1])], masks(0, 0, 1, 0, 2)],
  ['StridedSlice', [image, ints([0, 0, 0]), ints([0, 0, 0]), ints([1, 2, 2])], masks(7, 7)],
  ['StridedSlice', [image, ints([0, 0, 0]), ints([0, 0, 0]), ints([1, 1, 1])], masks(5, 5, 0, 2)],
  ['StridedSlice', [image, ints([0, 3, 0, 0]), ints([0, 0, 0, 2]), ints([1, -1, 1, 1])], masks(5, 5)],
  ['StridedSlice', [image, ints([0, 0, 0, 1]), ints([0, 0, 0, 2]), ints([1, -2, 1, 1])], masks(7, 7)],
  ['StridedSlice', [ints([7, 8, 9]), ints([1]), ints([2]), ints([1])], masks(0, 0, 0, 0, 1)],
  ['Pad', [image, ints([0, 0, 1, 2, 0, 1, 0, 0], [4, 2])]],
  ['PadV2', [image, ints([0, 0, 1, 2, 0, 1, 0, 0], [4, 2]), float(0.5)]],
  ['MirrorPad', [image, ints([0, 0, 1, 2, 0, 1, 0, 0], [4, 2])], { mode: { s: base64('REFLECT') } }],
  ['Tile', [input([-1, 3]), ints([1, 2])]],
  ['Tile', [input([4]), ints([3])]],
  ['BroadcastTo', [input([3, 1]), ints([2, 3, 4])]],
  ['ReverseV2', [image, ints([1, -1])]],
  ['ReverseV2', [image, int(2)]],
  ['Reverse', [image, bools([0, 1, 0, 0])]],
  ['Shape', [image]],
  ['Rank', [image]],
  ['Size', [image]],
  ['BroadcastArgs', [ints([2, 1]), ints([3])]],
  ['Fill', [ints([2, 3]), float(0.5)], { T: dtype('DT_FLOAT') }],
  ['Fill', [ints([2]), int(3)], { T: dtype('DT_INT32') }],
  ['Range', [int(1), int(8), int(3)], { Tidx: dtype('DT_INT32') }],
  ['Range', [float(0), float(1), float(0.25)], { Tidx: dtype('DT_FLOAT') }],
  ['LinSpace', [float(0), float(1), int(5)]],
  ['OneHot', [intInput([-1, 2], 0, 3), int(4), float(1), float(0)], { T: dtype('DT_FLOAT') }],
  ['OneHot', [intInput([-1], 0, 3), int(4), int(5), int(-1)], { T: dtype('DT_INT32') }],
];

const keep = { keep_dims: flag(true) };
const reductions: readonly Row[] = [
  ...['Mean', 'Sum', 'Prod', 'Max', 'Min'].flatMap((op): Row[] => [
    [op, [image, ints([1, 2])]],
    [op, [image, ints([-1, 1])], keep],
    [op, [image, int(3)]],
  ]),
  ...['All', 'Any'].flatMap((op): Row[] => [
    [op, [boolInput([-1, 3]), ints([1])]],
    [op, [boolInput([-1, 3]), int(-1)], keep],
  ]),
  ...['ArgMax', 'ArgMin'].flatMap((op): Row[] => [
    [op, [image, int(1)]],
    [op, [image, int(-1)]],
  ]),
  ...['Cumsum', 'Cumprod'].flatMap((op): Row[] => [
    [op, [input([-1, 4]), int(1)]],
    [op, [input([-1, 4]), int(1)], { exclusive: flag(true), reverse: flag(true) }],
  ]),
  ['TopKV2', [input([-1, 6]), int(3)], { sorted: flag(true) }, 2],
];

const index: readonly Row[] = [
  ['GatherV2', [input([5, 3]), intInput([-1, 2], 0, 4), int(0)]],
  ['GatherV2', [image, ints([2, 0]), int(-1)]],
  ['GatherV2', [image, int(1), int(1)]],
  ['GatherV2', [input([-1, 5, 3]), intInput([-1, 2], 0, 4), int(1)], { batch_dims: whole(1) }],
  ['Gather', [input([5, 3]), intInput([-1, 2], 0, 4)]],
  ['GatherNd', [input([4, 4, 3]), intInput([-1, 2], 0, 3)]],
  ['ScatterNd', [ints([3, 1], [2, 1]), input([2, 4]), ints([5, 4])]],
  ['TensorScatterUpdate', [input([5, 4]), ints([3, 1], [2, 1]), input([2, 4])]],
  ['SparseToDense', [ints([0, 3], [2, 1]), ints([5]), input([2]), float(-1)]],
  ['LowerBound', [floats([-0.5, 0, 0.5], [1, 3]), input([1, 4])]],
  ['UpperBound', [floats([-0.5, 0, 0.5], [1, 3]), input([1, 4])]],
  ['Bincount', [intInput([6], 0, 4), int(5), input([6])]],
  ['DenseBincount', [intInput([2, 6], 0, 4), int(5), input([2, 6])], { binary_output: flag(false) }],
];

describe.each([
  ['elementwise functions', unary],
  ['elementwise pairs', binary],
  ['shapes', shapes],
  ['reductions', reductions],
  ['indices', index],
] as const)('%s', (_family, rows) => {
  test.each(rows.map((row, i) => [`${i} ${row[0]}`, row] as const))(
    '%s',
    async (_title, [op, operands, attr, outputs]) => {
      const { differences } = await compare(modelOf(op, operands, attr, outputs), operands);
      for (const difference of differences)
        expect(difference).toSatisfy((d) => typeof d === 'number' && d <= 1e-6, String(difference));
    },
  );
});
