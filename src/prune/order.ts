/** The one order in which channels go. */

/** Channels, least important first, ties by index; what is not a number counts as infinitely important. */
export function removalOrder(scores: Float64Array): number[] {
  const rank = scores.map((score) => (Number.isNaN(score) ? Infinity : score));
  return [...scores.keys()].sort((a, b) => compareNumbers(rank[a]!, rank[b]!) || a - b);
}

/** A comparator; unlike a difference it is right for infinities. */
export function compareNumbers(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
