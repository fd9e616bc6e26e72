import type { Measure } from './measure.js';

/**
 * Absolute scale of the normalisations on the channel: `Σ |γ|`.
 * Z. Liu et al., Learning Efficient Convolutional Networks through Network Slimming, ICCV 2017, section 3.
 */
export const bnScale: Measure = {
  name: 'bn-scale',
  summary: 'scale of the batch normalisations, l2 where there is none',
  role: { name: 'scale', fallback: 'l2' },
  weight: Math.abs,
};
