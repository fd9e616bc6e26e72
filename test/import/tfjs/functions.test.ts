/** Functions of `tf`, traced, imported with the core rules and interpreted: equal to the functions themselves. */
import { expect, test } from 'vitest';
import { importGraph } from '../../../src/import/build-graph.js';
import { runGraph } from '../../../src/emit/interpret.js';
import { loadTensorFlow } from '../../../src/import/tfjs/tensorflow.js';
import { loadRules } from '../../../src/lang/load.js';
import { readModule, sampleInputs } from './helpers.js';

const rules = loadRules([]);

const image = '{ x: [null, 8, 8, 4] }';
const rows = '{ x: [null, 6] }';
const sequence = '{ x: [null, 3, 4] }';

test.each([
  // Shape
  [rows, '(x) => tf.split(x, 3, 1).reverse()'],
  [rows, '(x) => tf.split(x, [1, 2, 3], 1)'],
  [rows, '(x) => tf.stack([x, x.neg()], 1)'],
  [sequence, '(x) => tf.unstack(x, 1)'],
  [sequence, '(x) => x.slice([0, 1, 0], [-1, 2, 3])'],
  [sequence, '(x) => x.slice([0, 1])'],
  [sequence, '(x) => x.stridedSlice([0, 0, 3], [x.shape[0], 3, 0], [1, 2, -1])'],
  [sequence, '(x) => x.reverse(1)'],
  [sequence, '(x) => x.transpose([0, 2, 1])'],
  [sequence, '(x) => x.expandDims(1).squeeze([1])'],
  [sequence, '(x) => x.reshape([-1, 12]).reshape([x.shape[0], 2, 6])'],
  [sequence, '(x) => x.tile([1, 2, 1])'],
  [rows, '(x) => x.expandDims(1).broadcastTo([x.shape[0], 5, 6])'],
  [image, '(x) => x.pad([[0, 0], [1, 2], [0, 1], [0, 0]], 3)'],
  [image, "(x) => tf.mirrorPad(x, [[0, 0], [1, 2], [0, 1], [0, 0]], 'reflect')"],
  [image, '(x) => tf.concat([x, x.square()], -1)'],
  [image, '(x) => tf.depthToSpace(x, 2)'],
  [
    image,
    '(x) => tf.batchToSpaceND(tf.spaceToBatchND(x, [2, 2], [[0, 0], [0, 0]]).relu(), [2, 2], [[0, 0], [0, 0]])',
  ],
  [image, '(x) => tf.image.flipLeftRight(x)'],
  // Element by element
  [
    rows,
    '(x) => [x.add(1), x.sub(x.square()), x.mul(x), x.div(3), x.pow(2), x.maximum(0.5), x.minimum(0.2)]',
  ],
  [
    rows,
    '(x) => [x.relu(), x.relu6(), x.elu(), x.selu(), x.leakyRelu(0.1), x.sigmoid(), x.tanh(), x.softplus()]',
  ],
  [
    rows,
    '(x) => [x.abs(), x.neg(), x.exp(), x.expm1(), x.log1p(), x.sqrt(), x.rsqrt(), x.square(), x.reciprocal()]',
  ],
  [
    rows,
    '(x) => [x.sin(), x.cos(), x.tan(), x.asin(), x.acos(), x.atan(), x.sinh(), x.cosh(), x.asinh(), x.atanh()]',
  ],
  [
    rows,
    '(x) => [x.floor(), x.ceil(), x.round(), x.sign(), x.erf(), x.step(), x.clipByValue(0.2, 0.6), x.softmax()]',
  ],
  [
    rows,
    "(x) => [x.logSoftmax(), x.logSumExp(1), x.squaredDifference(0.5), x.mul(9).toInt().floorDiv(tf.scalar(2, 'int32')), x.mod(0.3), x.atan2(0.5)]",
  ],
  [
    rows,
    '(x) => [x.greater(0.5), x.less(0.5), x.equal(x), x.notEqual(0), x.greaterEqual(0.1), x.lessEqual(0.1)]',
  ],
  [rows, '(x) => tf.where(x.greater(0.5), x, x.neg())'],
  [rows, '(x) => x.greater(0.5).logicalAnd(x.less(0.7)).logicalOr(x.less(0.1)).logicalNot()'],
  [rows, "(x) => [x.cast('int32'), x.mul(5).toInt().toFloat(), x.greater(0.5).cast('float32')]"],
  [rows, '(x) => tf.addN([x, x.square(), x])'],
  [rows, '(x) => x.prelu(tf.tensor1d([0.1, 0.2, 0.3, 0.4, 0.5, 0.6]))'],
  // Reductions and indices
  [sequence, '(x) => [x.sum(1), x.mean([1, 2]), x.max(2), x.min(-1, true), x.prod(1)]'],
  [sequence, '(x) => [x.argMax(2), x.argMin(1), x.cumsum(1), x.greater(0.5).any(1), x.greater(0.1).all(2)]'],
  [sequence, '(x) => [tf.moments(x, [1, 2]).variance, tf.norm(x, 2, 1)]'],
  [rows, '(x) => { const { values, indices } = tf.topk(x, 3); return [values, indices]; }'],
  [rows, '(x) => tf.gather(x, [2, 0, 2], 1)'],
  [rows, '(x) => tf.oneHot(x.argMax(1), 6)'],
  // Linear
  [sequence, '(x) => x.matMul(x, false, true)'],
  [sequence, '(x) => x.matMul(x, true, false)'],
  [sequence, "(x) => tf.einsum('nij,njk->nik', x, x.transpose([0, 2, 1]))"],
  [
    rows,
    "(x) => tf.fused.matMul({ a: x, b: tf.ones([6, 2]), bias: tf.tensor1d([1, -9]), activation: 'relu' })",
  ],
  [rows, '(x) => tf.dot(x, tf.ones([6, 3]))'],
  // Convolutions, pools, images
  [image, "(x) => x.conv2d(tf.ones([3, 3, 4, 2]), [2, 1], 'same')"],
  [image, '(x) => x.conv2d(tf.ones([3, 3, 4, 2]), 1, [[0, 0], [1, 2], [0, 1], [0, 0]])'],
  [image, "(x) => x.conv2d(tf.ones([3, 3, 4, 2]), 1, 'valid', 'NHWC', [2, 2])"],
  [image, "(x) => x.depthwiseConv2d(tf.ones([3, 3, 4, 2]), 1, 'same')"],
  [image, "(x) => x.separableConv2d(tf.ones([3, 3, 4, 2]), tf.ones([1, 1, 8, 5]), 1, 'same')"],
  [image, "(x) => x.conv2dTranspose(tf.ones([3, 3, 2, 4]), [x.shape[0], 16, 16, 2], 2, 'same')"],
  [
    image,
    "(x) => tf.fused.conv2d({ x, filter: tf.ones([1, 1, 4, 2]), strides: 1, pad: 0, bias: tf.ones([2]), activation: 'relu6' })",
  ],
  [
    image,
    "(x) => tf.fused.depthwiseConv2d({ x, filter: tf.ones([3, 3, 4, 1]), strides: 1, pad: 'same', bias: tf.ones([4]), activation: 'elu' })",
  ],
  [sequence, "(x) => x.conv1d(tf.ones([2, 4, 3]), 1, 'same')"],
  [image, "(x) => [x.maxPool(2, 2, 'same'), x.avgPool([3, 2], 1, 'valid'), x.maxPool(3, 2, 1)]"],
  [
    image,
    '(x) => [x.resizeBilinear([12, 16]), tf.image.resizeBilinear(x, [4, 4], true), x.resizeNearestNeighbor([16, 16])]',
  ],
  [image, '(x) => tf.batchNorm(x, tf.ones([4]), tf.fill([4], 2), tf.zeros([4]), tf.ones([4]), 0.01)'],
  [sequence, '(x) => tf.batchNorm(x, tf.ones([4]), tf.fill([4], 2))'],
  [rows, '(x) => tf.batchNorm(x, tf.ones([6]), tf.fill([6], 2))'],
  [image, '(x) => x.localResponseNormalization(2)'],
])('%s %s', async (inputs, code) => {
  const tf = await loadTensorFlow();
  const model = await readModule(`export default (tf) => ({ inputs: ${inputs}, function: ${code} });`);
  const { graph } = importGraph(model.graph, model.weights, rules);
  const sample = sampleInputs(model.graph, 2);
  const reference = await model.reference();
  const expected = await reference.run(sample);
  reference.dispose();
  const actual = await runGraph(graph, model.weights, rules, sample, tf);
  for (const [name, { dtype, shape, data }] of Object.entries(expected)) {
    expect({ name, dtype: actual[name]!.dtype, shape: actual[name]!.shape }).toEqual({ name, dtype, shape });
    const values = [...data];
    const scale = values.reduce((max, value) => Math.max(max, Math.abs(value)), 1e-30);
    const difference = values.reduce(
      (max, value, i) => Math.max(max, Math.abs(value - actual[name]!.data[i]!)),
      0,
    );
    expect(difference / scale).toBeLessThan(1e-5);
  }
});
