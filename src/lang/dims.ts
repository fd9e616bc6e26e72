/** Arithmetic on sizes, which may be multiples of the symbolic batch size N. */
import type { Dim, Shape } from '../ir/graph.js';

/** A multiple of N; the number zero for none of it. */
export function batchDim(multiple: number): Dim {
  return multiple === 0 ? 0 : { batch: multiple };
}

export function isStatic(dim: Dim): dim is number {
  return typeof dim === 'number';
}

/** Whether a value of an attribute is a multiple of N. */
export function isBatch(value: unknown): value is { readonly batch: number } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const keys = Object.keys(value);
  return keys.length === 1 && typeof (value as { batch?: unknown }).batch === 'number';
}

/** Equal whatever N is. */
export function equalDims(a: Dim, b: Dim): boolean {
  return isStatic(a) ? a === b : !isStatic(b) && a.batch === b.batch;
}

export function equalShapes(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, i) => equalDims(dim, b[i]!));
}

/** The sum, or null where it is no multiple of N nor a number, as N + 3. */
export function addDims(a: Dim, b: Dim): Dim | null {
  if (isStatic(a) && isStatic(b)) return a + b;
  if (a === 0) return b;
  if (b === 0) return a;
  return isStatic(a) || isStatic(b) ? null : batchDim(a.batch + b.batch);
}

/** The difference, or null where it is no multiple of N nor a number. */
export function subDims(a: Dim, b: Dim): Dim | null {
  const negative = mulDims(b, -1);
  return negative === null ? null : addDims(a, negative);
}

/** The product, or null for a power of N. */
export function mulDims(a: Dim, b: Dim): Dim | null {
  if (isStatic(a)) return isStatic(b) ? a * b : batchDim(a * b.batch);
  return isStatic(b) ? batchDim(a.batch * b) : null;
}

/** The quotient if it is exact whatever N is, else null. */
export function divDims(a: Dim, b: Dim): Dim | null {
  if (isStatic(a)) {
    if (a === 0 && !isStatic(b)) return 0;
    return isStatic(b) && b !== 0 && a % b === 0 ? exact(a / b) : null;
  }
  if (isStatic(b)) return b !== 0 && a.batch % b === 0 ? batchDim(a.batch / b) : null;
  return a.batch % b.batch === 0 ? exact(a.batch / b.batch) : null;
}

/** The product of all sizes, or null for a power of N. */
export function productOfDims(dims: Shape): Dim | null {
  return dims.reduce<Dim | null>((product, dim) => (product === null ? null : mulDims(product, dim)), 1);
}

/** `128`, `N`, `4N` */
export function printDim(dim: Dim): string {
  if (isStatic(dim)) return String(dim);
  return dim.batch === 1 ? 'N' : dim.batch === -1 ? '-N' : `${dim.batch}N`;
}

/** Without the minus of a zero. */
function exact(value: number): number {
  return value === 0 ? 0 : value;
}
