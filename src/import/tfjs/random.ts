/** Control over `Math.random`, from which TensorFlow.js seeds all random numbers that have no seed of their own. */

/**
 * Runs `work` with `Math.random` replaced by a generator with a seed: what it draws is the same whenever the seed is,
 * so that a model with random weights is one model. `onDraw` is told of every number drawn.
 */
export async function withSeededRandom<T>(
  seed: number,
  work: () => Promise<T>,
  onDraw: () => void = () => undefined,
): Promise<T> {
  const original = Math.random;
  const next = generator(seed);
  Math.random = () => {
    onDraw();
    return next();
  };
  try {
    return await work();
  } finally {
    Math.random = original;
  }
}

/** Numbers in [0, 1): mulberry32, which passes the usual tests of randomness in four lines. */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}
