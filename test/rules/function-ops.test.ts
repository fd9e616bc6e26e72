/** Every `from tfjs` of the elementwise, shape, reduction and index families, against TensorFlow.js. */
import { describe, expect, test } from 'vitest';
import { importFunction } from './one-operation.js';

type Row = readonly [body: string, shape: readonly (number | null)[], ops: readonly string[]];

const row = [null, 6];
const image = [null, 4, 5, 3];
/** A function of x alone. */
const of = (body: string, ops: readonly string[], shape: Row[1] = row): Row => [
  `() => (x) => ${body}`,
  shape,
  ops,
];
/** A function of x and a weight k in [0.25, 1]. */
const withWeight = (body: string, weight: string, ops: readonly string[], shape: Row[1] = row): Row => [
  `(w) => { const k = w(${weight}); return (x) => ${body}; }`,
  shape,
  ops,
];

const functions: readonly Row[] = [
  ...[
    'neg',
    'abs',
    'sign',
    'square',
    'exp',
    'expm1',
    'sin',
    'cos',
    'atan',
    'sinh',
    'cosh',
    'asinh',
    'floor',
    'ceil',
    'round',
  ].map((name) => of(`tf.${name}(x)`, [name])),
  ...['sqrt', 'rsqrt', 'reciprocal', 'log', 'log1p'].map((name) =>
    of(`tf.${name}(tf.exp(x))`, ['exp', name]),
  ),
  ...['tan', 'asin', 'acos', 'atanh'].map((name) =>
    of(`tf.${name}(tf.mul(tf.sin(x), 0.5))`, ['sin', 'mul', name]),
  ),
  of('tf.acosh(tf.cosh(x))', ['cosh', 'acosh']),
  of('tf.isNaN(x)', ['is_nan']),
  of('tf.isInf(x)', ['is_inf']),
  of('tf.isFinite(x)', ['is_finite']),
  of("tf.cast(x, 'int32')", ['cast']),
  of("tf.logicalNot(tf.cast(x, 'bool'))", ['cast', 'logical_not']),
  of('tf.clone(x)', ['identity']),
  of('tf.zerosLike(x)', ['zeros_like']),
  of('tf.onesLike(x)', ['ones_like']),
];

const pairs: readonly Row[] = [
  ...['add', 'sub', 'mul', 'div', 'mod', 'maximum', 'minimum'].map((name) =>
    withWeight(`tf.${name}(x, k)`, '6', [name]),
  ),
  withWeight('tf.pow(tf.exp(x), k)', '6', ['exp', 'pow']),
  withWeight('tf.divNoNan(x, k)', '6', [
    'div',
    'zeros_like',
    'equal',
    'identity',
    'identity',
    'identity',
    'where',
  ]),
  withWeight('tf.squaredDifference(x, k)', '6', ['squared_difference']),
  withWeight('tf.atan2(x, k)', '6', ['atan2']),
  withWeight('tf.floorDiv(tf.cast(tf.mul(x, 100), "int32"), tf.scalar(7, "int32"))', '6', [
    'mul',
    'cast',
    'floor_div',
  ]),
  withWeight('tf.addN([x, tf.neg(x), tf.abs(x)])', '6', ['neg', 'abs', 'add_n']),
  ...[
    ['equal', 'equal'],
    ['notEqual', 'not_equal'],
    ['less', 'less'],
    ['lessEqual', 'less_equal'],
    ['greater', 'greater'],
    ['greaterEqual', 'greater_equal'],
  ].map(([name, op]) => withWeight(`tf.${name!}(x, k)`, '6', [op!])),
  withWeight('tf.logicalAnd(tf.greater(x, 0), tf.less(x, k))', '6', ['greater', 'less', 'logical_and']),
  withWeight('tf.logicalOr(tf.greater(x, 0), tf.less(x, k))', '6', ['greater', 'less', 'logical_or']),
  withWeight('tf.where(tf.greater(x, 0), x, tf.mul(x, k))', '6', [
    'greater',
    'mul',
    'identity',
    'identity',
    'identity',
    'where',
  ]),
];

const shapes: readonly Row[] = [
  of('tf.reshape(x, [-1, 20, 3])', ['reshape'], image),
  of('tf.squeeze(tf.expandDims(x, 1), [1])', ['expand_dims', 'reshape']),
  of('tf.expandDims(x, -1)', ['expand_dims']),
  of('tf.transpose(x, [0, 3, 1, 2])', ['permute'], image),
  of('tf.concat([x, tf.neg(x)], -1)', ['neg', 'concat']),
  of('tf.split(x, 3, 1)[1]', ['split']),
  of('tf.split(x, [1, 2, 3], -1)[1]', ['split']),
  of('tf.stack([x, tf.neg(x)], 1)', ['neg', 'stack']),
  of('tf.unstack(x, 1)[4]', ['unstack']),
  of('tf.slice(x, [0, 1, 2, 0], [-1, 2, 3, 1])', ['slice'], image),
  of('tf.slice(x, [0, 2])', ['slice']),
  of('tf.stridedSlice(x, [0, 1], [0, 4], [1, 2], 1, 1)', ['strided_slice']),
  of('tf.stridedSlice(x, [0, 0], [0, 0], [1, -1], 3, 3)', ['reverse', 'strided_slice']),
  of('tf.stridedSlice(x, [0, 1], [0, 4], [1, 2], 1, 1, 0, 0, 0)', ['strided_slice']),
  of('tf.pad(x, [[0, 0], [1, 2]])', ['pad']),
  of('tf.pad(x, [[0, 0], [1, 2]], 0.5)', ['pad']),
  of("tf.mirrorPad(x, [[0, 0], [1, 2]], 'symmetric')", ['mirror_pad']),
  of('tf.tile(x, [1, 3])', ['tile']),
  withWeight('tf.add(x, tf.broadcastTo(k, [1, 6]))', '1, 1', ['tile', 'add']),
  of('tf.reverse(x, [-1, 1])', ['reverse'], image),
  of('tf.add(x, tf.fill([6], 0.5))', ['add']),
  of('tf.add(x, tf.range(0, 6))', ['add']),
  of('tf.add(x, tf.linspace(0, 1, 6))', ['add']),
  of("tf.oneHot(tf.cast(tf.abs(x), 'int32'), 3)", ['abs', 'cast', 'one_hot']),
];

const reductions: readonly Row[] = [
  ...['mean', 'sum', 'prod', 'max', 'min'].flatMap((name) => [
    of(`tf.${name}(x, [1, 2])`, [name], image),
    of(`tf.${name}(x, -1, true)`, [name], image),
  ]),
  of('tf.all(tf.greater(x, 0), 1)', ['greater', 'all']),
  of('tf.any(tf.greater(x, 0), [1], true)', ['greater', 'any']),
  of('tf.argMax(x, 1)', ['argmax'], image),
  of('tf.argMin(x, -1)', ['argmin'], image),
  of('tf.cumsum(x, 1, true, true)', ['cumsum']),
  of('tf.cumprod(x, 1)', ['cumprod']),
  of('tf.topk(x, 2).values', ['topk']),
  of('tf.topk(x, 2).indices', ['topk']),
  of('tf.logSumExp(x, 1)', ['max', 'sub', 'exp', 'sum', 'log', 'reshape', 'add']),
];

const indices: readonly Row[] = [
  of("tf.gather(x, tf.tensor1d([4, 0], 'int32'), 1)", ['gather']),
  withWeight("tf.gather(k, tf.cast(tf.abs(x), 'int32'))", '5, 4', ['abs', 'cast', 'gather']),
  withWeight("tf.gatherND(k, tf.cast(tf.abs(x), 'int32'))", '2, 2, 2, 2, 2, 2, 3', [
    'abs',
    'cast',
    'gather_nd',
  ]),
  withWeight("tf.unsortedSegmentSum(tf.mul(k, x.sum()), tf.tensor1d([0, 2, 0, 1], 'int32'), 3)", '4, 3', [
    'sum',
    'mul',
    'segment_sum',
  ]),
  withWeight("tf.searchSorted(k, x.sum(0, true), 'right')", '1, 4', [
    'sum',
    'reshape',
    'reshape',
    'search_sorted',
  ]),
];

describe.each([
  ['functions', functions],
  ['pairs', pairs],
  ['shapes', shapes],
  ['reductions', reductions],
  ['indices', indices],
] as const)('%s', (_family, rows) => {
  test.each(rows)('%s', async (body, shape, ops) => {
    const imported = await importFunction(shape, body);
    expect(imported.ops).toEqual(ops);
    expect(imported.difference).toBeLessThanOrEqual(1e-6);
  });
});
