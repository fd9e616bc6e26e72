/** Subscripts such as `x[2:5, None, ..., ::-1, 0]`, as plain boxes. */
import type { Attr, Dim, Shape } from '../ir/graph.js';

/** A bit mask for each thing that a subscript can be; bit i speaks of subscript i. Missing ones are 0. */
export interface SubscriptMasks {
  /** The begin is open, as in `:5`. */
  readonly begin: number;
  /** The end is open, as in `2:`. */
  readonly end: number;
  /** `...`: as many whole axes as the others leave. */
  readonly ellipsis: number;
  /** `None`: a new axis of size one. */
  readonly newAxis: number;
  /** `0`: one index, the axis goes. */
  readonly shrink: number;
}

/** What subscripts take: first the axes `reversed` are turned round, then a box is cut out, then axes go and come. */
export interface Subscripts {
  readonly begin: readonly number[];
  /** How many elements are taken along each axis. */
  readonly size: readonly Dim[];
  /** Always positive. */
  readonly strides: readonly number[];
  readonly reversed: readonly number[];
  /** Axes of the box, all of size one, that the result does not have. */
  readonly dropped: readonly number[];
  /** Axes of the result that are new. */
  readonly added: readonly number[];
  /** The result's shape, with the new axes. */
  readonly shape: Shape;
}

interface Range {
  readonly begin: number;
  readonly size: Dim;
  readonly stride: number;
  readonly reversed: boolean;
}

/** An open end may also be written as the largest 32-bit number. */
const OPEN_END = 2 ** 31 - 1;

/**
 * Reads subscripts of a tensor. A `begin` or `end` that is null is open.
 * @throws RangeError where they don't fit the shape.
 */
export function readSubscripts(
  shape: Shape,
  begin: readonly Attr[],
  end: readonly Attr[],
  strides: readonly number[],
  masks: SubscriptMasks,
): Subscripts {
  const subscripts = strides.map((_, i) => i);
  const dots = subscripts.find((i) => bit(masks.ellipsis, i)) ?? subscripts.length;
  const isNew = (i: number): boolean => i !== dots && bit(masks.newAxis, i);
  const taken = subscripts.filter((i) => i !== dots && !isNew(i)).length;
  if (taken > shape.length) {
    throw new RangeError(`${taken} subscripts for a tensor of ${shape.length} axes`);
  }

  const ranges: Range[] = [];
  const dropped: number[] = [];
  const added: number[] = [];
  const result: Dim[] = [];
  const takeWhole = (): void => {
    const size = shape[ranges.length]!;
    ranges.push({ begin: 0, size, stride: 1, reversed: false });
    result.push(size);
  };
  const skip = (): void => {
    for (let left = shape.length - taken; left > 0; left--) takeWhole();
  };
  for (const i of subscripts) {
    if (i === dots) skip();
    else if (isNew(i)) added.push(result.push(1) - 1);
    else if (bit(masks.shrink, i)) {
      dropped.push(ranges.length);
      ranges.push(oneIndex(shape[ranges.length]!, begin[i]));
    } else {
      const range = rangeOf(
        shape[ranges.length]!,
        bit(masks.begin, i) ? null : begin[i],
        bit(masks.end, i) ? null : end[i],
        strides[i]!,
      );
      ranges.push(range);
      result.push(range.size);
    }
  }
  if (dots === subscripts.length) skip();

  return {
    begin: ranges.map((range) => range.begin),
    size: ranges.map((range) => range.size),
    strides: ranges.map((range) => range.stride),
    reversed: ranges.flatMap((range, axis) => (range.reversed ? [axis] : [])),
    dropped,
    added,
    shape: result,
  };
}

const bit = (mask: number, i: number): boolean => Math.floor(mask / 2 ** i) % 2 === 1;

function oneIndex(size: Dim, index: Attr | undefined): Range {
  if (typeof size !== 'number') throw new RangeError('one index of the symbolic batch axis is taken');
  if (typeof index !== 'number') throw new RangeError('an index is not known');
  const from = index < 0 ? index + size : index;
  if (from < 0 || from >= size) throw new RangeError(`index ${index} is outside an axis of ${size}`);
  return { begin: from, size: 1, stride: 1, reversed: false };
}

function rangeOf(size: Dim, begin: Attr | undefined, end: Attr | undefined, stride: number): Range {
  if (stride === 0) throw new RangeError('a stride is zero');
  if (typeof size !== 'number') {
    const whole = (begin === null || begin === 0) && (end === null || isBatch(end, size) || end === OPEN_END);
    if (!whole || stride !== 1) throw new RangeError('the symbolic batch axis can only be taken whole');
    return { begin: 0, size, stride: 1, reversed: false };
  }
  const forward = stride > 0;
  const [low, high] = forward ? [0, size] : [-1, size - 1];
  const place = (at: Attr | undefined, open: number): number => {
    if (at === null) return open;
    if (typeof at !== 'number') throw new RangeError('a bound is not known');
    return Math.min(Math.max(at < 0 ? at + size : at, low), high);
  };
  const first = place(begin, forward ? low : high);
  const last = place(end, forward ? high : low);
  const count = Math.max(0, Math.ceil((last - first) / stride));
  return forward
    ? { begin: first, size: count, stride, reversed: false }
    : { begin: count === 0 ? 0 : size - 1 - first, size: count, stride: -stride, reversed: true };
}

const isBatch = (value: Attr | undefined, size: Exclude<Dim, number>): boolean =>
  typeof value === 'object' && value !== null && 'batch' in value && value.batch === size.batch;
