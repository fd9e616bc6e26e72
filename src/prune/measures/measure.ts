/** What an importance measure is: how much a channel matters, from the weights that it owns. */
import type { Random } from '../random.js';

/**
 * A parameter cut along one dimension into the slices that the channels of a space own. Of each of the `outer` blocks
 * of `size × inner` elements, channel `owners[k]` owns the `inner` elements from `positions[k] * inner` on.
 */
export interface ChannelSlices {
  readonly data: Float32Array;
  /** Product of the sizes before the dimension. */
  readonly outer: number;
  readonly size: number;
  /** Product of the sizes after it. */
  readonly inner: number;
  /** The indices of the dimension that belong to the space, and to which channel each; equally many for each. */
  readonly positions: readonly number[];
  readonly owners: readonly number[];
  /** How many channels the space has. */
  readonly channels: number;
}

export interface Measure {
  /** As given to `--importance`. */
  readonly name: string;
  /** One line for `--help` and for messages. */
  readonly summary: string;
  /** Only parameters bound to an operand of this role count; a space without one is ranked by `fallback`. */
  readonly role?: { readonly name: string; readonly fallback: string };
  /** What a weight counts for: a channel's slice of one parameter, along one dimension, counts for their sum. */
  readonly weight?: (weight: number) => number;
  /** With `weight`: what a slice counts for, of that sum. */
  readonly slice?: (sum: number) => number;
  /**
   * In place of `weight`, where sums don't say it: the importance of every channel within one parameter and dimension.
   * With neither, weights are not read at all.
   */
  readonly slices?: (slices: ChannelSlices) => Float64Array;
  /** Turns a space's sums into scores; `random` is seeded per space. */
  readonly finish?: (sums: Float64Array, random: Random) => Float64Array;
  /** Scores can be compared between spaces as they are; others are divided by their space's mean first. */
  readonly comparable?: boolean;
}
