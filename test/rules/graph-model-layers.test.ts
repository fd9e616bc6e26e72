/** Every `from tf` of convolutions, products, normalisations, pools, activations and images, against TensorFlow.js. */
import { describe, expect, test } from 'vitest';
import { float, importOperation, type Operation } from './one-operation.js';

type Row = readonly [title: string, operation: Operation, ops: readonly string[]];

const image = { x: [-1, 8, 8, 3] };
const channelsFirst = { x: [-1, 3, 8, 8] };
const conv = { strides: [1, 2, 2, 1], dilations: [1, 1, 1, 1], padding: 'SAME', data_format: 'NHWC' };
const plain = { ...conv, strides: [1, 1, 1, 1] };
const fused = (...fused_ops: string[]): Readonly<Record<string, unknown>> => ({
  ...conv,
  fused_ops,
  num_args: fused_ops.includes('Prelu') ? 2 : 1,
});

const rows: readonly Row[] = [
  ['Conv2D', { op: 'Conv2D', inputs: image, constants: { k: [3, 3, 3, 4] }, attr: conv }, ['conv2d']],
  [
    'Conv2D with explicit padding',
    {
      op: 'Conv2D',
      inputs: image,
      constants: { k: [3, 3, 3, 4] },
      attr: { ...conv, padding: 'EXPLICIT', explicit_paddings: [0, 0, 1, 0, 2, 1, 0, 0] },
    },
    ['conv2d'],
  ],
  [
    'Conv2D, dilated',
    {
      op: 'Conv2D',
      inputs: image,
      constants: { k: [3, 3, 3, 4] },
      attr: { ...plain, dilations: [1, 2, 2, 1] },
    },
    ['conv2d'],
  ],
  [
    'Conv2D with channels first',
    {
      op: 'Conv2D',
      inputs: channelsFirst,
      constants: { k: [3, 3, 3, 4] },
      attr: { ...plain, data_format: 'NCHW' },
    },
    ['permute', 'conv2d', 'permute'],
  ],
  ...['Relu', 'Relu6', 'Elu'].flatMap((activation): Row[] => [
    [
      `_FusedConv2D with ${activation}`,
      {
        op: '_FusedConv2D',
        inputs: image,
        constants: { k: [3, 3, 3, 4], b: [4] },
        attr: fused('BiasAdd', activation),
      },
      [`conv2d ${activation.toLowerCase()}`],
    ],
    [
      `FusedDepthwiseConv2dNative with ${activation}`,
      {
        op: 'FusedDepthwiseConv2dNative',
        inputs: image,
        constants: { k: [3, 3, 3, 2], b: [6] },
        attr: fused('BiasAdd', activation),
      },
      [`depthwise_conv2d ${activation.toLowerCase()}`],
    ],
  ]),
  [
    '_FusedConv2D with a bias alone',
    { op: '_FusedConv2D', inputs: image, constants: { k: [3, 3, 3, 4], b: [4] }, attr: fused('BiasAdd') },
    ['conv2d'],
  ],
  [
    '_FusedConv2D with Sigmoid',
    {
      op: '_FusedConv2D',
      inputs: image,
      constants: { k: [3, 3, 3, 4], b: [4] },
      attr: fused('BiasAdd', 'Sigmoid'),
    },
    ['conv2d', 'sigmoid'],
  ],
  [
    '_FusedConv2D with LeakyRelu',
    {
      op: '_FusedConv2D',
      inputs: image,
      constants: { k: [3, 3, 3, 4], b: [4] },
      attr: { ...fused('BiasAdd', 'LeakyRelu'), leakyrelu_alpha: float(0.125) },
    },
    ['conv2d leakyrelu'],
  ],
  [
    '_FusedConv2D with Prelu',
    {
      op: '_FusedConv2D',
      inputs: image,
      constants: { k: [3, 3, 3, 4], b: [4], alpha: [1, 1, 4] },
      attr: fused('BiasAdd', 'Prelu'),
    },
    ['conv2d', 'prelu'],
  ],
  [
    'DepthwiseConv2dNative',
    { op: 'DepthwiseConv2dNative', inputs: image, constants: { k: [3, 3, 3, 2] }, attr: conv },
    ['depthwise_conv2d'],
  ],
  [
    'FusedDepthwiseConv2dNative with Prelu',
    {
      op: 'FusedDepthwiseConv2dNative',
      inputs: image,
      constants: { k: [3, 3, 3, 1], b: [3], alpha: [3] },
      attr: fused('BiasAdd', 'Prelu'),
    },
    ['depthwise_conv2d', 'prelu'],
  ],
  [
    'FusedDepthwiseConv2dNative with Sigmoid',
    {
      op: 'FusedDepthwiseConv2dNative',
      inputs: image,
      constants: { k: [3, 3, 3, 1], b: [3] },
      attr: fused('BiasAdd', 'Sigmoid'),
    },
    ['depthwise_conv2d', 'sigmoid'],
  ],
  [
    'Conv2DBackpropInput',
    {
      op: 'Conv2DBackpropInput',
      inputs: { x: [2, 4, 4, 5] },
      constants: { shape: { ints: [2, 8, 8, 3] }, k: [3, 3, 3, 5] },
      order: ['shape', 'k', 'x'],
      attr: { strides: [1, 2, 2, 1], padding: 'SAME', data_format: 'NHWC' },
    },
    ['conv2d_transpose'],
  ],
  [
    'Conv3D',
    {
      op: 'Conv3D',
      inputs: { x: [-1, 4, 4, 4, 2] },
      constants: { k: [2, 2, 2, 2, 3] },
      attr: { strides: [1, 1, 2, 2, 1], padding: 'SAME', data_format: 'NDHWC', dilations: [1, 1, 1, 1, 1] },
    },
    ['conv3d'],
  ],
  [
    'Dilation2D',
    {
      op: 'Dilation2D',
      inputs: image,
      constants: { k: [3, 3, 3] },
      attr: { strides: [1, 1, 1, 1], rates: [1, 2, 2, 1], padding: 'SAME' },
    },
    ['dilation2d'],
  ],

  [
    'MatMul with a constant',
    {
      op: 'MatMul',
      inputs: { x: [-1, 4] },
      constants: { k: [4, 3] },
      attr: { transpose_a: false, transpose_b: false },
    },
    ['dense'],
  ],
  [
    'MatMul with a transposed constant',
    {
      op: 'MatMul',
      inputs: { x: [-1, 4] },
      constants: { k: [3, 4] },
      attr: { transpose_a: false, transpose_b: true },
    },
    ['permute', 'dense'],
  ],
  [
    'MatMul of a transposed operand',
    {
      op: 'MatMul',
      inputs: { x: [4, 2] },
      constants: { k: [4, 3] },
      attr: { transpose_a: true, transpose_b: false },
    },
    ['permute', 'matmul'],
  ],
  [
    'BatchMatMulV2',
    { op: 'BatchMatMulV2', inputs: { a: [-1, 2, 4], b: [-1, 4, 3] }, attr: { adj_x: false, adj_y: false } },
    ['matmul'],
  ],
  [
    'BatchMatMulV2, both transposed',
    { op: 'BatchMatMulV2', inputs: { a: [-1, 4, 2], b: [-1, 3, 4] }, attr: { adj_x: true, adj_y: true } },
    ['permute', 'permute', 'matmul'],
  ],
  [
    'BatchMatMulV2 with a weight matrix',
    {
      op: 'BatchMatMulV2',
      inputs: { x: [-1, 5, 4] },
      constants: { k: [4, 3] },
      attr: { adj_x: false, adj_y: false },
    },
    ['dense'],
  ],
  [
    '_FusedMatMul with Relu',
    {
      op: '_FusedMatMul',
      inputs: { x: [-1, 4] },
      constants: { k: [4, 3], b: [3] },
      attr: { fused_ops: ['BiasAdd', 'Relu'], num_args: 1, transpose_a: false, transpose_b: false },
    },
    ['dense relu'],
  ],
  [
    '_FusedMatMul, transposed',
    {
      op: '_FusedMatMul',
      inputs: { x: [-1, 4] },
      constants: { k: [3, 4], b: [3] },
      attr: { fused_ops: ['BiasAdd'], num_args: 1, transpose_a: false, transpose_b: true },
    },
    ['permute', 'dense'],
  ],
  [
    '_FusedMatMul with Sigmoid',
    {
      op: '_FusedMatMul',
      inputs: { x: [-1, 4] },
      constants: { k: [4, 3], b: [3] },
      attr: { fused_ops: ['BiasAdd', 'Sigmoid'], num_args: 1, transpose_a: false, transpose_b: false },
    },
    ['dense', 'sigmoid'],
  ],
  [
    'Einsum',
    {
      op: 'Einsum',
      inputs: { x: [-1, 5, 4] },
      constants: { k: [4, 2, 3] },
      attr: { equation: 'bti,ihd->bhtd', N: 2 },
    },
    ['einsum'],
  ],

  ...['FusedBatchNorm', 'FusedBatchNormV2', 'FusedBatchNormV3'].map((op): Row => [
    op,
    {
      op,
      inputs: image,
      constants: { gamma: [3], beta: [3], mean: [3], variance: [3] },
      attr: { epsilon: float(0.01), data_format: 'NHWC', is_training: false },
    },
    ['batch_norm'],
  ]),
  [
    'LRN',
    {
      op: 'LRN',
      inputs: { x: [-1, 4, 4, 6] },
      attr: { depth_radius: 2, bias: float(1), alpha: float(0.5), beta: float(0.75) },
    },
    ['local_response_norm'],
  ],

  ...['MaxPool', 'AvgPool'].flatMap((op): Row[] =>
    ['VALID', 'SAME'].map((padding) => [
      `${op}, ${padding}`,
      {
        op,
        inputs: image,
        attr: { ksize: [1, 3, 3, 1], strides: [1, 2, 2, 1], padding, data_format: 'NHWC' },
      },
      [op === 'MaxPool' ? 'max_pool2d' : 'avg_pool2d'],
    ]),
  ),
  ...['MaxPool3D', 'AvgPool3D'].map((op): Row => [
    op,
    {
      op,
      inputs: { x: [-1, 4, 4, 4, 2] },
      attr: { ksize: [1, 2, 2, 2, 1], strides: [1, 2, 2, 2, 1], padding: 'VALID', data_format: 'NDHWC' },
    },
    [op === 'MaxPool3D' ? 'max_pool3d' : 'avg_pool3d'],
  ]),
  [
    'MaxPoolWithArgmax',
    {
      op: 'MaxPoolWithArgmax',
      inputs: image,
      attr: { ksize: [1, 2, 2, 1], strides: [1, 2, 2, 1], padding: 'VALID', include_batch_in_index: false },
    },
    ['max_pool2d_argmax'],
  ],

  ...['Relu', 'Relu6', 'Elu', 'Selu', 'Softplus', 'Sigmoid', 'Tanh', 'Erf', 'Softmax'].map((op): Row => [
    op,
    { op, inputs: { x: [-1, 7] } },
    [op.toLowerCase()],
  ]),
  ['LogSoftmax', { op: 'LogSoftmax', inputs: { x: [-1, 7] } }, ['log_softmax']],
  ['LeakyRelu', { op: 'LeakyRelu', inputs: { x: [-1, 7] }, attr: { alpha: float(0.3) } }, ['leaky_relu']],
  ['Prelu', { op: 'Prelu', inputs: image, constants: { alpha: [1, 1, 3] } }, ['prelu']],
  [
    'ClipByValue',
    {
      op: 'ClipByValue',
      inputs: { x: [-1, 7] },
      constants: { low: { ints: [0], shape: [] }, high: { ints: [1], shape: [] } },
    },
    ['clip'],
  ],

  ...['ResizeBilinear', 'ResizeNearestNeighbor'].flatMap((op): Row[] =>
    [
      [false, false],
      [true, false],
      [false, true],
    ].map(([align_corners, half_pixel_centers]) => [
      `${op}, align_corners ${String(align_corners)}, half_pixel_centers ${String(half_pixel_centers)}`,
      {
        op,
        inputs: image,
        constants: { size: { ints: [5, 13] } },
        attr: { align_corners, half_pixel_centers },
      },
      [op === 'ResizeBilinear' ? 'resize_bilinear' : 'resize_nearest'],
    ]),
  ),
  [
    'CropAndResize',
    {
      op: 'CropAndResize',
      inputs: { x: [2, 8, 8, 3] },
      constants: { boxes: [2, 4], image: { ints: [0, 1] }, size: { ints: [3, 5] } },
      attr: { method: 'bilinear', extrapolation_value: float(0.5) },
    },
    ['crop_and_resize'],
  ],
  [
    'ImageProjectiveTransformV3',
    {
      op: 'ImageProjectiveTransformV3',
      inputs: image,
      constants: { transforms: [1, 8], size: { ints: [6, 9] }, fill: { ints: [0], shape: [] } },
      attr: { interpolation: 'BILINEAR', fill_mode: 'REFLECT' },
      batch: 1,
    },
    ['image_transform'],
  ],
  [
    'DepthToSpace',
    { op: 'DepthToSpace', inputs: { x: [-1, 3, 4, 12] }, attr: { block_size: 2, data_format: 'NHWC' } },
    ['depth_to_space'],
  ],
  [
    'SpaceToBatchND',
    {
      op: 'SpaceToBatchND',
      inputs: image,
      constants: { block: { ints: [2, 2] }, paddings: { ints: [1, 1, 0, 2], shape: [2, 2] } },
    },
    ['space_to_batch'],
  ],
  [
    'BatchToSpaceND',
    {
      op: 'BatchToSpaceND',
      inputs: { x: [4, 3, 3, 2] },
      constants: { block: { ints: [2, 2] }, crops: { ints: [1, 0, 0, 2], shape: [2, 2] } },
    },
    ['batch_to_space'],
  ],
  ...['REFLECT', 'SYMMETRIC'].map((mode): Row => [
    `MirrorPad, ${mode}`,
    {
      op: 'MirrorPad',
      inputs: image,
      constants: { paddings: { ints: [0, 0, 1, 2, 2, 1, 0, 0], shape: [4, 2] } },
      attr: { mode },
    },
    ['mirror_pad'],
  ]),
];

describe('operations of a GraphModel', () => {
  test.each(rows)('%s', async (_title, operation, ops) => {
    const imported = await importOperation(operation);
    expect(imported.ops).toEqual(ops);
    expect(imported.difference).toBeLessThan(1e-5);
  });
});
