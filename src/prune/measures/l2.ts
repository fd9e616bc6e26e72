import type { Measure } from './measure.js';

/**
 * Euclidean norm: `Σ ‖slice‖₂`, the norms of a channel's slices added up.
 * Y. He et al., Soft Filter Pruning for Accelerating Deep Convolutional Neural Networks, IJCAI 2018, equation 2, p = 2.
 */
export const l2: Measure = {
  name: 'l2',
  summary: 'Euclidean norm of the weights',
  weight: (w) => w * w,
  slice: Math.sqrt,
};
