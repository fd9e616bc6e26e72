/** Which channels of a space stay, in the forms in which people say it. */

/**
 * The channels of a space that stay: their indices; a mask with one entry a channel (booleans, or a typed array of zeros
 * and ones, or a text of them, `1101`); or null for all of them.
 */
export type Channels = readonly number[] | readonly boolean[] | Uint8Array | string | null;

/** A mask: 1 for a channel that stays. */
export type Mask = Uint8Array;

/** The sorted indices of the channels that stay, or what is wrong, in words that follow on the name of the space. */
export function readChannels(
  value: unknown,
  size: number,
): { readonly kept: readonly number[] } | { readonly problem: string } {
  if (value === null) return { kept: allOf(size) };
  const mask = maskOf(value);
  if (mask !== null) {
    if (mask.length !== size)
      return { problem: `has ${counted(size, 'channel')}, and its mask ${mask.length}` };
    return nonEmpty(allOf(size).filter((i) => mask[i]));
  }
  if (!Array.isArray(value)) {
    return { problem: 'is given neither indices, nor a mask, nor null for all channels' };
  }
  const wrong = (value as readonly unknown[]).find((index) => !isIndex(index, size));
  if (wrong !== undefined)
    return { problem: `has channels 0 to ${size - 1}, and is given ${JSON.stringify(wrong)}` };
  const indices = value as readonly number[];
  const kept = [...new Set(indices)].sort((a, b) => a - b);
  if (kept.length < indices.length) return { problem: 'is given an index twice' };
  return nonEmpty(kept);
}

function nonEmpty(
  kept: readonly number[],
): { readonly kept: readonly number[] } | { readonly problem: string } {
  return kept.length > 0 ? { kept } : { problem: 'would be left without channels' };
}

function maskOf(value: unknown): readonly boolean[] | null {
  if (value instanceof Uint8Array) return Array.from(value, (entry) => entry !== 0);
  if (typeof value === 'string' && /^[01]*$/.test(value)) return [...value].map((digit) => digit === '1');
  const isMask =
    Array.isArray(value) && value.length > 0 && value.every((entry) => typeof entry === 'boolean');
  return isMask ? (value as readonly boolean[]) : null;
}

const isIndex = (value: unknown, size: number): boolean =>
  Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) < size;

export function maskFrom(kept: readonly number[] | null, size: number): Mask {
  if (kept === null) return new Uint8Array(size).fill(1);
  const mask = new Uint8Array(size);
  for (const index of kept) mask[index] = 1;
  return mask;
}

/**
 * The channels of the bins that are on. Channel c belongs to bin `floor(((c + 1) · n - 1) / size)`: the bins are as equal
 * as whole channels allow and every channel is in one, so that all bins on is all channels.
 * @param bins one entry a bin
 */
export function channelsOfBins(bins: ArrayLike<number | boolean>, size: number): number[] {
  return allOf(size).filter((c) => Boolean(bins[Math.floor(((c + 1) * bins.length - 1) / size)]));
}

/** The first channels, as many as the ratio of all says; none where that rounds to zero. */
export function leading(ratio: number, size: number): number[] {
  return allOf(Math.round(ratio * size));
}

export const allOf = (size: number): number[] => Array.from({ length: size }, (_, i) => i);

export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
