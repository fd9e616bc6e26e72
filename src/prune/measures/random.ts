import type { Measure } from './measure.js';

/** A seeded random order: the baseline that any other measure should beat. */
export const randomOrder: Measure = {
  name: 'random',
  summary: 'a random order, by --seed',
  finish: (sums, random) => sums.map(() => random()),
};
