/** Two shapes of the same elements, split into axes that both are made of. */
import type { Dim, Shape } from '../ir/graph.js';
import { divDims, equalDims, productOfDims } from './dims.js';

/** The common axes, and which of them each axis of the two shapes is made of; an axis of size one is made of none. */
export interface CommonAxes {
  readonly shape: Shape;
  readonly first: readonly (readonly number[])[];
  readonly second: readonly (readonly number[])[];
}

/** The coarsest common axes, major to minor; null where the two shapes cut across each other, as [2, 3] and [3, 2]. */
export function commonAxes(first: Shape, second: Shape): CommonAxes | null {
  const [all, others] = [productOfDims(first), productOfDims(second)];
  if (all === null || others === null || !equalDims(all, others) || equalDims(all, 0)) return null;
  const shape: Dim[] = [];
  const parts = [first.map((): number[] => []), second.map((): number[] => [])] as const;
  const left = [new Remaining(first), new Remaining(second)] as const;
  while (left.every((one) => one.more())) {
    const [a, b] = left.map((one) => one.size) as [Dim, Dim];
    // The smaller one is an axis; it must divide the other.
    const part = divDims(b, a) !== null ? a : divDims(a, b) !== null ? b : null;
    if (part === null) return null;
    left.forEach((one, side) => {
      parts[side]![one.axis]!.push(shape.length);
      one.take(part);
    });
    shape.push(part);
  }
  return { shape, first: parts[0], second: parts[1] };
}

/** What is left of a shape, read from the major end. */
class Remaining {
  axis = -1;
  size: Dim = 1;

  constructor(private readonly shape: Shape) {}

  /** Goes on to the next axis that has anything left. */
  more(): boolean {
    while (equalDims(this.size, 1) && this.axis + 1 < this.shape.length) this.size = this.shape[++this.axis]!;
    return !equalDims(this.size, 1);
  }

  take(part: Dim): void {
    this.size = divDims(this.size, part)!;
  }
}
