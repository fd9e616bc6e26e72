import { removalOrder } from '../order.js';
import type { Measure } from './measure.js';

/**
 * Layer-adaptive magnitude: a channel's squared magnitude over that of all channels of its space that are not
 * smaller, `‖c‖² / Σ { ‖d‖² : ‖d‖² ≥ ‖c‖² }`. Every space's largest channel has score 1, so that a global ranking
 * never empties a space of small weights.
 * J. Lee et al., Layer-adaptive Sparsity for the Magnitude-based Pruning, ICLR 2021, equation 3, with channels in
 * the place of single weights.
 */
export const lamp: Measure = {
  name: 'lamp',
  summary: 'squared magnitude relative to the channels that are not smaller',
  weight: (w) => w * w,
  finish: adaptive,
  comparable: true,
};

function adaptive(squares: Float64Array): Float64Array {
  const scores = new Float64Array(squares.length);
  const descending = removalOrder(squares).reverse();
  let sum = 0;
  for (let start = 0, end = 0; start < descending.length; start = end) {
    const value = squares[descending[start]!]!;
    // equal channels count for each other
    do sum += value;
    while (squares[descending[++end]!] === value);
    for (const channel of descending.slice(start, end)) scores[channel] = value === 0 ? 0 : value / sum;
  }
  return scores;
}
