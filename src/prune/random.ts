/**
 * Seeded random numbers. The algorithm is part of the tool's behaviour: the same seed gives the same channels and
 * the same test inputs on every machine, so it must never change.
 */

/** Numbers in [0, 1). */
export type Random = () => number;

/** FNV-1a over the UTF-16 units of a text, 32 bits: turns a name into a seed. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return hash >>> 0;
}

/**
 * The mulberry32 generator (Tommy Ettinger, public domain): 32 bits of state, each visited once.
 * @param state any 32-bit number
 */
export function mulberry32(state: number): Random {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 0x100000000;
  };
}

/** A generator seeded by several parts, which make independent streams: `random(seed, 'space', 3)`. */
export function random(...seed: readonly (number | string)[]): Random {
  return mulberry32(hashText(seed.join('\u0000')));
}

/** A whole number in [low, high). */
export function randomInteger(next: Random, low: number, high: number): number {
  return low + Math.floor(next() * (high - low));
}
