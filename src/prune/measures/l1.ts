import type { Measure } from './measure.js';

/**
 * Sum of absolute weights: `Σ |w|` over every slice of the channel.
 * H. Li et al., Pruning Filters for Efficient ConvNets, ICLR 2017, section 3.1.
 */
export const l1: Measure = {
  name: 'l1',
  summary: 'sum of absolute weights',
  weight: Math.abs,
};
