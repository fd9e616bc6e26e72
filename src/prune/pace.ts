/**
 * Which spaces shrink faster than others where multiply-accumulates are to go. A convolution of single pixels computes at
 * the speed of the processor, a depthwise one waits for memory: with the same multiply-accumulates removed, a network is
 * faster the more of them were slow ones.
 */
import type { Space } from '../axes/analysis.js';
import type { CostSlopes } from './cost.js';

/** No space loses more than twice the fraction, or less than half, of what all would lose alike. */
const most = 2;

/**
 * The fraction that each space loses, relative to the others: proportional to the time that it saves for a
 * multiply-accumulate. With a loss that is quadratic in the fractions, weighted so that for multiply-accumulates alone
 * equal fractions were best, these are the best for time (Lagrange).
 * @param macsPerElement how many multiply-accumulates take as long as reading or writing a number; 0: no space is ahead
 */
export function pacesOf(spaces: readonly Space[], slopes: CostSlopes, macsPerElement: number): number[] {
  const macs = spaces.map(({ leaf }) => slopes.macs.get(leaf) ?? 0);
  // What multiplies nothing saves nothing that is to go.
  const times = spaces.map(({ leaf }, i) =>
    macs[i] === 0 ? 0 : macs[i]! + macsPerElement * (slopes.elements.get(leaf) ?? 0),
  );
  const mean = total(times) / total(macs);
  return times.map((time, i) =>
    macs[i] === 0 ? 1 : Math.min(most, Math.max(1 / most, time / macs[i]! / mean)),
  );
}

const total = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0);
