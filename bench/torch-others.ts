/** What other structured pruners make of the same models at ratio 0.5: measured on a machine of the same kind. */

/** Torch-Pruning 1.6.1: seconds to build its graph, to set up the pruner, and to prune; MACs afterwards; or what happened. */
export const torchPruning: Readonly<
  Record<string, readonly [build: number, setUp: number, prune: number, macs: number] | string>
> = {
  resnet18: [0.06, 0.05, 0.06, 0.487e9],
  resnet50: [0.11, 0.11, 0.2, 1.07e9],
  resnet152: [0.88, 0.4, 0.74, 2.94e9],
  resnext50_32x4d: [0.09, 0.13, 0.21, 1.11e9],
  densenet121: [0.27, 2.37, 4.31, 0.763e9],
  densenet201: [0.58, 14.6, 38.3, 1.14e9],
  inception_v3: [2.91, 4.13, 0.67, 1.44e9],
  mobilenet_v2: [0.05, 0.08, 0.09, 0.093e9],
  mobilenet_v3_large: [0.03, 0.07, 0.14, 0.066e9],
  efficientnet_b0: [0.06, 0.1, 0.19, 0.116e9],
  regnet_y_400mf: [0.04, 0.06, 0.13, 0.109e9],
  convnext_tiny: [0.12, 0.22, 0.28, 1.15e9],
  vit_b_16: [0.3, 0.43, 0.53, 12.0e9],
  shufflenet_v2_x1_0: 'crashes',
  swin_t: 'stopped after 400 s',
  maxvit_t: 'stopped after 400 s',
};

/** MMRazor 0.2.0, with today's name of the convolution registered: seconds to prepare and spaces; or what happened. */
export const mmrazor: Readonly<Record<string, readonly [prepare: number, spaces: number] | string>> = {
  resnet18: [0.09, 12],
  resnet50: [0.37, 37],
  resnet152: [1.29, 105],
  mobilenet_v2: [0.19, 25],
  mobilenet_v3_large: [0.18, 30],
  efficientnet_b0: [0.38, 40],
  googlenet: [0.26, 57],
  squeezenet1_0: 'wrong: 1.9e-3 of 2.0e-3',
  alexnet: 'fails: flatten',
  vgg16_bn: 'fails: flatten',
  resnext50_32x4d: 'fails: groups',
  regnet_x_400mf: 'fails: groups',
  densenet121: 'fails: normalisation before convolution',
  shufflenet_v2_x1_0: 'fails: concatenation',
  inception_v3: 'fails: concatenation',
  convnext_tiny: 'fails',
  vit_b_16: 'fails',
};
