/** From kept channels to index lists: a sum concatenates, a product crosses. */
import type { Dim } from '../ir/graph.js';
import { productOf, sumOf } from '../ir/sizes.js';
import { partsOf, type Term } from './terms.js';

/** For each leaf that loses channels, the sorted indices that stay. Leaves not mentioned stay whole. */
export type Keep = ReadonlyMap<number, readonly number[]>;

const caches = new WeakMap<Keep, Map<Term, readonly number[] | null>>();

/** The indices of a dimension that stay, sorted; null for all. Computed once per term and keep. */
export function keptIndices(term: Term, keep: Keep): readonly number[] | null {
  let cache = caches.get(keep);
  if (cache === undefined) caches.set(keep, (cache = new Map()));
  const known = cache.get(term);
  if (known !== undefined) return known;
  const indices = compute(term, keep);
  cache.set(term, indices);
  return indices;
}

function compute(term: Term, keep: Keep): readonly number[] | null {
  if (term.kind === 'leaf') return keep.get(term.leaf) ?? null;
  const parts = partsOf(term);
  const kept = parts.map((part) => keptIndices(part, keep));
  if (kept.every((indices) => indices === null)) return null;
  if (parts.some((part) => typeof part.size !== 'number')) {
    throw new RangeError('channels can’t be removed from an axis that contains the batch');
  }
  const all = parts.map((part, i) => kept[i] ?? range(part.size as number));
  if (term.kind === 'sum') {
    let offset = 0;
    return all.flatMap((indices, i) => {
      const shifted = indices.map((index) => index + offset);
      offset += parts[i]!.size as number;
      return shifted;
    });
  }
  return all.reduce(
    (outer, inner, i) => {
      const size = parts[i]!.size as number;
      return outer.flatMap((o) => inner.map((index) => o * size + index));
    },
    [0] as readonly number[],
  );
}

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** The size of a dimension after pruning. */
export function keptSize(term: Term, keep: Keep): Dim {
  if (term.kind === 'leaf') return keep.get(term.leaf)?.length ?? term.size;
  if (term.kind === 'sum') return sumOf(term.terms.map((t) => keptSize(t, keep)))!;
  return productOf(term.factors.map((t) => keptSize(t, keep)));
}

/**
 * Calls `visit(leaf, channel, position)` for every position of a dimension and every leaf channel that owns it.
 * Dimensions with the batch in them have no channels.
 */
export function visitChannels(
  term: Term,
  visit: (leaf: number, channel: number, position: number) => void,
  offset = 0,
  inner = 1,
  repeats = 1,
  stride = 1,
): void {
  // The term's index runs with step `inner`, below `repeats` outer steps of `stride`.
  if (typeof term.size !== 'number') return;
  if (term.kind === 'leaf') {
    for (let r = 0; r < repeats; r++) {
      for (let channel = 0; channel < term.size; channel++) {
        const start = offset + r * stride + channel * inner;
        for (let i = 0; i < inner; i++) visit(term.leaf, channel, start + i);
      }
    }
  } else if (term.kind === 'sum') {
    let at = offset;
    for (const part of term.terms) {
      visitChannels(part, visit, at, inner, repeats, stride);
      at += (part.size as number) * inner;
    }
  } else {
    const sizes = term.factors.map((factor) => factor.size as number);
    const total = sizes.reduce((a, b) => a * b, 1);
    let outer = 1;
    for (const [i, factor] of term.factors.entries()) {
      const below = (total / outer / sizes[i]!) * inner;
      for (let r = 0; r < repeats; r++) {
        visitChannels(factor, visit, offset + r * stride, below, outer, (total / outer) * inner);
      }
      outer *= sizes[i]!;
    }
  }
}

/** For every position of a dimension the channel of a leaf that owns it, or -1. */
export function leafIndexOf(term: Term, leaf: number): Int32Array {
  const owners = new Int32Array(term.size as number).fill(-1);
  visitChannels(term, (owner, channel, position) => {
    if (owner === leaf) owners[position] = channel;
  });
  return owners;
}
