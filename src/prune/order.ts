/** The one order in which channels go. */

/** Channels, least important first, ties by index; what is not a number counts as infinitely important. */
export function removalOrder(scores: Float64Array): number[] {
  const rank = scores.map(ranked);
  return [...scores.keys()].sort((a, b) => compareNumbers(rank[a]!, rank[b]!) || a - b);
}

/**
 * The channels that go last, ascending: the same as the end of `removalOrder`, without putting all of them in order.
 */
export function lastToGo(scores: Float64Array, count: number): number[] {
  const rank = scores.map(ranked);
  // What is above the least of them stays; of those that equal it, the ones with the highest indices.
  const least = rank.slice().sort()[scores.length - count]!;
  let equal = count - rank.filter((score) => score > least).length;
  const kept: number[] = [];
  for (let channel = scores.length - 1; channel >= 0; channel--) {
    const score = rank[channel]!;
    if (score > least || (score === least && equal-- > 0)) kept.push(channel);
  }
  return kept.reverse();
}

/** What is not a number counts as infinitely important. */
const ranked = (score: number): number => (Number.isNaN(score) ? Infinity : score);

/** A comparator; unlike a difference it is right for infinities. */
export function compareNumbers(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
