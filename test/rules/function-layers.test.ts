/** Every `from tfjs` of convolutions, products, normalisations, pools, activations and images, against TensorFlow.js. */
import { describe, expect, test } from 'vitest';
import { importFunction } from './one-operation.js';

type Row = readonly [body: string, shape: readonly (number | null)[], ops: readonly string[]];

const image = [null, 8, 8, 3];
const volume = [null, 4, 4, 4, 2];
const row = [null, 7];

const rows: readonly Row[] = [
  ['(w) => { const k = w(3, 3, 3, 4); return (x) => tf.conv2d(x, k, 2, 1); }', image, ['conv2d']],
  [
    "(w) => { const k = w(3, 3, 3, 4); return (x) => tf.conv2d(x, k, [1, 1], 'same', 'NHWC', [2, 2]); }",
    image,
    ['conv2d'],
  ],
  [
    '(w) => { const k = w(3, 3, 3, 4); return (x) => tf.conv2d(x, k, 1, [[0, 0], [1, 2], [0, 1], [0, 0]]); }',
    image,
    ['conv2d'],
  ],
  [
    "(w) => { const k = w(3, 3, 8, 4); return (x) => tf.conv2d(x, k, 1, 'same', 'NCHW'); }",
    [null, 8, 8, 3],
    ['permute', 'conv2d', 'permute'],
  ],
  ...['relu', 'relu6', 'elu'].map((activation): Row => [
    `(w) => { const filter = w(3, 3, 3, 4), bias = w(4); return (x) => tf.fused.conv2d({ x, filter, bias, strides: 1, pad: 'same', activation: '${activation}' }); }`,
    image,
    [`conv2d ${activation}`],
  ]),
  [
    "(w) => { const filter = w(3, 3, 3, 4); return (x) => tf.fused.conv2d({ x, filter, strides: 1, pad: 0, activation: 'leakyrelu', leakyreluAlpha: 0.1 }); }",
    image,
    ['conv2d leakyrelu'],
  ],
  [
    "(w) => { const filter = w(3, 3, 3, 4); return (x) => tf.fused.conv2d({ x, filter, strides: 1, pad: 0, activation: 'sigmoid' }); }",
    image,
    ['conv2d', 'sigmoid'],
  ],
  [
    "(w) => { const filter = w(3, 3, 3, 4), bias = w(4), a = w(4); return (x) => tf.fused.conv2d({ x, filter, bias, strides: 1, pad: 0, activation: 'prelu', preluActivationWeights: a }); }",
    image,
    ['conv2d', 'prelu'],
  ],
  [
    "(w) => { const k = w(3, 3, 3, 2); return (x) => tf.depthwiseConv2d(x, k, 2, 'same'); }",
    image,
    ['depthwise_conv2d'],
  ],
  [
    "(w) => { const filter = w(3, 3, 3, 2), bias = w(6); return (x) => tf.fused.depthwiseConv2d({ x, filter, bias, strides: 1, pad: 'same', activation: 'relu6' }); }",
    image,
    ['depthwise_conv2d relu6'],
  ],
  [
    "(w) => { const k = w(3, 3, 3, 2), p = w(1, 1, 6, 4); return (x) => tf.separableConv2d(x, k, p, 1, 'same'); }",
    image,
    ['depthwise_conv2d', 'conv2d'],
  ],
  [
    "(w) => { const k = w(3, 3, 5, 3); return (x) => tf.conv2dTranspose(x, k, [x.shape[0], 16, 16, 5], 2, 'same'); }",
    image,
    ['conv2d_transpose'],
  ],
  ["(w) => { const k = w(2, 2, 2, 2, 3); return (x) => tf.conv3d(x, k, 2, 'valid'); }", volume, ['conv3d']],
  [
    "(w) => { const k = w(3, 3, 3); return (x) => tf.dilation2d(x, k, 1, 'same', 2); }",
    image,
    ['dilation2d'],
  ],

  ['(w) => { const k = w(7, 5); return (x) => tf.matMul(x, k); }', row, ['dense']],
  [
    "(w) => { const k = w(5, 7), b = w(5); return (x) => tf.fused.matMul({ a: x, b: k, transposeB: true, bias: b, activation: 'relu' }); }",
    row,
    ['reshape', 'reshape', 'squeeze', 'permute', 'dense relu', 'reshape'],
  ],
  [
    "(w) => { const k = w(7, 5), b = w(5); return (x) => tf.fused.matMul({ a: x, b: k, bias: b, activation: 'sigmoid' }); }",
    row,
    ['reshape', 'reshape', 'squeeze', 'dense', 'sigmoid', 'reshape'],
  ],
  [
    "(w) => { const k = w(7, 5), a = w(5); return (x) => tf.fused.matMul({ a: x, b: k, activation: 'prelu', preluActivationWeights: a }); }",
    row,
    ['reshape', 'reshape', 'squeeze', 'dense', 'prelu', 'reshape'],
  ],
  ['(w) => { const k = w(5, 7); return (x) => tf.matMul(x, k, false, true); }', row, ['permute', 'dense']],
  ['(w) => (x) => tf.matMul(x, x, false, true)', [null, 3, 4], ['permute', 'matmul']],
  ['(w) => (x) => tf.matMul(x, x, true, false)', [null, 3, 4], ['permute', 'matmul']],
  ['(w) => { const k = w(4, 5); return (x) => tf.einsum("bti,io->bto", x, k); }', [null, 3, 4], ['einsum']],

  [
    '(w) => { const m = w(3), v = w(3), o = w(3), s = w(3); return (x) => tf.batchNorm(x, m, v, o, s, 0.01); }',
    image,
    ['batch_norm', 'reshape'],
  ],
  [
    '(w) => { const m = w(3), v = w(3); return (x) => tf.batchNorm(x, m, v); }',
    image,
    ['batch_norm', 'reshape'],
  ],
  [
    '(w) => (x) => tf.localResponseNormalization(x, 2, 1, 0.5, 0.75)',
    [null, 4, 4, 6],
    ['local_response_norm'],
  ],

  ["(w) => (x) => tf.maxPool(x, 3, 2, 'same')", image, ['max_pool2d']],
  ['(w) => (x) => tf.maxPool(x, [3, 3], [2, 2], 1)', image, ['max_pool2d']],
  ["(w) => (x) => tf.avgPool(x, 3, 2, 'valid')", image, ['avg_pool2d', 'cast']],
  ['(w) => (x) => tf.avgPool(x, 3, 2, 1)', image, ['avg_pool2d', 'cast']],
  ["(w) => (x) => tf.maxPool3d(x, 2, 2, 'valid')", volume, ['max_pool3d']],
  ["(w) => (x) => tf.avgPool3d(x, [2, 2, 2], [1, 2, 2], 'same')", volume, ['avg_pool3d', 'cast']],

  ...['relu', 'relu6', 'elu', 'selu', 'softplus', 'sigmoid', 'tanh', 'erf', 'softmax'].map((name): Row => [
    `(w) => (x) => tf.${name}(x)`,
    row,
    [name],
  ]),
  ['(w) => (x) => tf.leakyRelu(x, 0.3)', row, ['leaky_relu']],
  ['(w) => { const a = w(7); return (x) => tf.prelu(x, a); }', row, ['prelu']],
  ['(w) => (x) => tf.clipByValue(x, -0.5, 0.5)', row, ['clip']],
  ['(w) => (x) => tf.step(x, 0.25)', row, ['step']],

  ['(w) => (x) => tf.image.resizeBilinear(x, [5, 13], false, true)', image, ['resize_bilinear']],
  ['(w) => (x) => tf.image.resizeNearestNeighbor(x, [16, 16])', image, ['resize_nearest']],
  ['(w) => (x) => tf.image.flipLeftRight(x)', image, ['flip_left_right']],
  ['(w) => (x) => tf.depthToSpace(x, 2)', [null, 3, 4, 12], ['depth_to_space']],
  ["(w) => (x) => tf.mirrorPad(x, [[0, 0], [1, 2], [2, 1], [0, 0]], 'reflect')", image, ['mirror_pad']],
];

describe('functions of TensorFlow.js', () => {
  test.each(rows)('%s', async (body, shape, ops) => {
    const imported = await importFunction(shape, body);
    expect(imported.ops).toEqual(ops);
    expect(imported.difference).toBeLessThan(1e-5);
  });
});
