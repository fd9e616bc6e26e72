/**
 * Arithmetic on sizes as terms need it. The symbolic batch N is treated as a formal prime: 6·N and 4·N have the
 * common factor 2·N; a number and a multiple of N can't be compared.
 */
import type { Dim } from '../ir/graph.js';

const gcdOf = (a: number, b: number): number => (b === 0 ? a : gcdOf(b, a % b));

const coefficient = (d: Dim): number => (typeof d === 'number' ? d : d.batch);
const batches = (d: Dim): number => (typeof d === 'number' ? 0 : 1);
const dim = (n: number, withBatch: boolean): Dim => (withBatch ? { batch: n } : n);

export const isOne = (d: Dim): boolean => d === 1;
export const isZero = (d: Dim): boolean => d === 0;

export function sameSize(a: Dim, b: Dim): boolean {
  return coefficient(a) === coefficient(b) && batches(a) === batches(b);
}

/** The largest common factor; 1 if there is none. */
export function gcd(a: Dim, b: Dim): Dim {
  return dim(gcdOf(coefficient(a), coefficient(b)), batches(a) + batches(b) === 2);
}

/** `a / b`, where b is known to divide a. */
export function quotient(a: Dim, b: Dim): Dim {
  return dim(coefficient(a) / coefficient(b), batches(a) > batches(b));
}

/** The product of sizes; the batch may occur once. */
export function productOf(dims: readonly Dim[]): Dim {
  const n = dims.reduce<number>((product, d) => product * coefficient(d), 1);
  const symbolic = dims.reduce<number>((count, d) => count + batches(d), 0);
  if (symbolic > 1) throw new RangeError('a size can contain the batch only once');
  return dim(n, symbolic === 1);
}

/** The sum of sizes, or null where numbers and multiples of the batch are mixed. */
export function sumOf(dims: readonly Dim[]): Dim | null {
  const parts = dims.filter((d) => !isZero(d));
  if (parts.length === 0) return 0;
  const symbolic = parts.filter((d) => batches(d) === 1).length;
  if (symbolic !== 0 && symbolic !== parts.length) return null;
  return dim(
    parts.reduce<number>((sum, d) => sum + coefficient(d), 0),
    symbolic > 0,
  );
}

/** Negative, zero or positive like a comparator's; null if the two can't be compared. */
export function compareSizes(a: Dim, b: Dim): number | null {
  return batches(a) === batches(b) ? coefficient(a) - coefficient(b) : null;
}
