/** The functions of the rule language: one table for evaluating, checking and documenting them. */
import type { Attr, Shape } from '../ir/graph.js';
import { commonAxes } from './common-axes.js';
import { EvaluationError } from './evaluation-error.js';
import { flatten, nest } from './nested.js';
import { product, sum } from './operators.js';
import { readSubscripts } from './subscripts.js';
import { dimOf, equalValues, isList, kindOf, listOf, numberOf, show, stringOf, wholeOf } from './values.js';
import {
  nhwcPads,
  samePads,
  tensorflowPads,
  tfjsPads,
  torchPads,
  transposedWindowSize,
  windowSize,
} from './windows.js';

export interface BuiltIn {
  /** How many arguments it takes. */
  readonly arity: readonly [least: number, most: number];
  /**
   * `values` takes values; the others read their arguments as they are written: `tensor` the name of an operand or a
   * result first, `axis` the name of an axis, `elements` an expression over elements, and `match` is answered by
   * whoever evaluates rewrites and `from` clauses, about values of the graph.
   */
  readonly kind: 'values' | 'tensor' | 'axis' | 'elements' | 'match';
  readonly apply?: (args: readonly Attr[]) => Attr;
}

function values(least: number, most: number, apply: (args: readonly Attr[]) => Attr): BuiltIn {
  return { arity: [least, most], kind: 'values', apply };
}

function onNumber(apply: (a: number) => number): BuiltIn {
  return values(1, 1, ([a]) => {
    const result = apply(numberOf(a!, 'the argument'));
    if (Number.isNaN(result)) throw new EvaluationError(`there is no such number of ${show(a!)}`);
    return result;
  });
}

/** Rounding leaves multiples of N as they are: they are whole. */
function onSize(apply: (a: number) => number): BuiltIn {
  return values(1, 1, ([a]) => {
    const size = dimOf(a!, 'the argument');
    return typeof size === 'number' ? apply(size) : size;
  });
}

/** One list, or several arguments. */
function several(args: readonly Attr[]): readonly Attr[] {
  return args.length === 1 && isList(args[0]!) ? args[0] : args;
}

function extreme(word: string, better: (a: number, b: number) => boolean): BuiltIn {
  return values(1, Infinity, (args) => {
    const candidates = several(args);
    if (candidates.length === 0) throw new EvaluationError(`there is no ${word} of an empty list`);
    return candidates.reduce((best, candidate) => {
      if (equalValues(best, candidate)) return best;
      const [a, b] = [
        numberOf(candidate, `an argument of ${word}`),
        numberOf(best, `an argument of ${word}`),
      ];
      return better(a, b) ? a : b;
    });
  });
}

function sorted(list: readonly Attr[]): Attr[] {
  if (list.every((item) => typeof item === 'string'))
    return [...list].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return list.map((item) => numberOf(item, 'an item to sort')).sort((a, b) => a - b);
}

function axisIndex(axis: Attr, rank: number): number {
  const index = wholeOf(axis, 'an axis');
  if (index < -rank || index >= rank) {
    throw new EvaluationError(`axis ${index} is not among ${rank} ${rank === 1 ? 'axis' : 'axes'}`);
  }
  return index < 0 ? index + rank : index;
}

/** Axes as frameworks give them, as a sorted list: null is all of them, a number is one. */
function axesList(axes: Attr, rank: number): number[] {
  if (axes === null) return Array.from({ length: rank }, (_, i) => i);
  return (isList(axes) ? axes : [axes]).map((axis) => axisIndex(axis, rank)).sort((a, b) => a - b);
}

function count(value: Attr, what: string): number {
  const n = wholeOf(value, what);
  if (n < 0 || n > 1_000_000)
    throw new EvaluationError(`${what} must be between 0 and 1,000,000; it is ${n}`);
  return n;
}

function zip(a: readonly Attr[], b: readonly Attr[]): Attr {
  if (a.length !== b.length) {
    throw new EvaluationError(`lists of ${a.length} and of ${b.length} items can't be paired`);
  }
  return a.map((item, i) => [item, b[i]!]);
}

function permuted(list: readonly Attr[], perm: readonly Attr[]): Attr {
  const order = perm.map((axis) => axisIndex(axis, list.length));
  if (new Set(order).size !== list.length || order.length !== list.length) {
    throw new EvaluationError(`${show(perm)} is no permutation of ${list.length} items`);
  }
  return order.map((from) => list[from]!);
}

function cut(list: Attr, from: Attr, to: Attr | undefined): Attr {
  const begin = wholeOf(from, 'the start of a slice');
  const end = to === undefined ? undefined : wholeOf(to, 'the end of a slice');
  return typeof list === 'string'
    ? list.slice(begin, end)
    : listOf(list, 'the first argument').slice(begin, end);
}

function range(args: readonly Attr[]): Attr {
  const [first, second] = args;
  const from = second === undefined ? 0 : wholeOf(first!, 'the start of a range');
  const to = wholeOf(second ?? first!, 'the end of a range');
  return Array.from({ length: count(Math.max(0, to - from), 'the length of a range') }, (_, i) => from + i);
}

function length(value: Attr): number {
  if (typeof value === 'string' || isList(value)) return value.length;
  throw new EvaluationError(`only lists and strings have a length, not ${kindOf(value)}`);
}

function subscripts(args: readonly Attr[]): Attr {
  const shape = list(args[0]).map((size) => dimOf(size, 'a size'));
  const strides = list(args[3]).map((stride) => wholeOf(stride, 'a stride'));
  const open = strides.map(() => null);
  const begin = args[1] === null ? open : list(args[1]);
  const end = args[2] === null ? open : list(args[2]);
  const masks = list(args[4]).map((mask) => (mask === null ? 0 : wholeOf(mask, 'a mask')));
  const [beginMask = 0, endMask = 0, ellipsis = 0, newAxis = 0, shrink = 0] = masks;
  return explained(() => ({
    ...readSubscripts(shape, begin, end, strides, {
      begin: beginMask,
      end: endMask,
      ellipsis,
      newAxis,
      shrink,
    }),
  }));
}

/** What a function that knows nothing of expressions finds wrong. */
function explained<T>(body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (error instanceof RangeError) throw new EvaluationError(error.message);
    throw error;
  }
}

function perAxis(value: Attr, n: number): Attr {
  if (!isList(value)) return Array.from({ length: n }, () => value);
  if (value.length !== n) throw new EvaluationError(`${show(value)} has ${value.length} items, not ${n}`);
  return value;
}

const shapeOf = (value: Attr): Shape => listOf(value, 'a shape').map((size) => dimOf(size, 'a size'));
const list = (value: Attr | undefined): readonly Attr[] => listOf(value ?? null, 'the argument');
const text = (value: Attr | undefined): string => stringOf(value ?? null, 'the argument');

/** What a tensor must be split into before it is permuted and reshaped, so that only axes are joined afterwards. */
function splitAxes(perm: Attr, before: Attr, after: Attr): Attr {
  const common = commonAxes(shapeOf(before), shapeOf(after));
  if (common === null) return null;
  const order = list(perm).map((axis) => wholeOf(axis, 'an axis'));
  const parts = order.flatMap((_, axis) => common.first[order.indexOf(axis)] ?? []);
  return {
    shape: parts.map((part) => common.shape[part]!),
    parts: common.second.map((joined) => joined.map((part) => parts.indexOf(part))),
  };
}

const table: Record<string, BuiltIn> = {
  shape: { arity: [1, 1], kind: 'tensor' },
  rank: { arity: [1, 1], kind: 'tensor' },
  dtype: { arity: [1, 1], kind: 'tensor' },
  size: { arity: [2, 2], kind: 'tensor' },
  raw: { arity: [1, 1], kind: 'axis' },
  elementwise: { arity: [1, 1], kind: 'elements' },
  is_constant: { arity: [1, 1], kind: 'match' },
  number: { arity: [1, 1], kind: 'match' },
  uses: { arity: [1, 1], kind: 'match' },
  op: { arity: [1, 1], kind: 'match' },
  makers: { arity: [1, 1], kind: 'match' },
  same_type: { arity: [2, 2], kind: 'match' },
  along_last: { arity: [2, 2], kind: 'match' },

  window: values(6, 6, windowSize),
  window_transposed: values(6, 6, transposedWindowSize),
  same_pads: values(4, 4, samePads),
  tf_pad: values(1, 3, tensorflowPads),
  tfjs_pad: values(1, 1, ([pad]) => tfjsPads(pad!)),
  nhwc_pad: values(1, 1, ([pads]) => nhwcPads(pads!)),
  pads: values(1, 1, ([pads]) => torchPads(pads!)),
  per_axis: values(2, 2, ([value, n]) => perAxis(value!, count(n!, 'the number of axes'))),
  axis: values(2, 2, ([axis, rank]) => {
    const axes = count(rank!, 'the rank');
    return isList(axis!) ? axis.map((item) => axisIndex(item, axes)) : axisIndex(axis!, axes);
  }),
  axes: values(2, 2, ([axes, rank]) => axesList(axes!, count(rank!, 'the rank'))),
  subscripts: values(5, 5, subscripts),
  split_axes: values(3, 3, ([perm, before, after]) => splitAxes(perm!, before!, after!)),

  null_if: values(2, 2, ([value, other]) => (equalValues(value!, other!) ? null : value!)),
  is_list: values(1, 1, ([value]) => isList(value!)),
  len: values(1, 1, ([value]) => length(value!)),
  range: values(1, 2, range),
  reverse: values(1, 1, ([items]) => [...list(items)].reverse()),
  sort: values(1, 1, ([items]) => sorted(list(items))),
  sum: values(1, Infinity, (args) => several(args).reduce<Attr>(sum, 0)),
  prod: values(1, Infinity, (args) => several(args).reduce<Attr>(product, 1)),
  min: extreme('least', (a, b) => a < b),
  max: extreme('greatest', (a, b) => a > b),
  index_of: values(2, 2, ([items, wanted]) => list(items).findIndex((item) => equalValues(item, wanted!))),
  flatten: values(1, 1, ([items]) => flatten(list(items))),
  reshaped: values(2, 2, ([items, shape]) => {
    const lengths = list(shape).map((length) => count(length, 'a length'));
    return nest(list(items), lengths);
  }),
  zip: values(2, 2, ([a, b]) => zip(list(a), list(b))),
  slice: values(2, 3, ([items, from, to]) => cut(items!, from!, to)),
  repeat: values(2, 2, ([item, n]) => Array.from({ length: count(n!, 'the number of items') }, () => item!)),
  without: values(2, 2, ([items, unwanted]) => list(items).filter((item) => !equalValues(item, unwanted!))),
  permuted: values(2, 2, ([items, perm]) => permuted(list(items), list(perm))),

  floor: onSize(Math.floor),
  ceil: onSize(Math.ceil),
  // TensorFlow rounds halves to the even neighbour.
  round: onSize((a) => (Math.abs(a % 1) === 0.5 ? 2 * Math.round(a / 2) : Math.round(a))),
  abs: onNumber(Math.abs),
  sqrt: onNumber(Math.sqrt),
  exp: onNumber(Math.exp),
  log: onNumber(Math.log),
  pow: values(2, 2, ([base, exponent]) => numberOf(base!, 'a base') ** numberOf(exponent!, 'an exponent')),

  starts_with: values(2, 2, ([whole, start]) => text(whole).startsWith(text(start))),
  ends_with: values(2, 2, ([whole, end]) => text(whole).endsWith(text(end))),
  lower: values(1, 1, ([word]) => text(word).toLowerCase()),
  split: values(2, 2, ([whole, separator]) => text(whole).split(text(separator))),
};

/** All functions by name. */
export const functions: ReadonlyMap<string, BuiltIn> = new Map(Object.entries(table));

/** `1 argument`, `2 or 3 arguments`, `at least 1 argument` */
export function arityInWords([least, most]: BuiltIn['arity']): string {
  if (most === Infinity) return `at least ${least} argument${least === 1 ? '' : 's'}`;
  const amount =
    least === most ? `${least}` : most === least + 1 ? `${least} or ${most}` : `${least} to ${most}`;
  return `${amount} argument${most === 1 ? '' : 's'}`;
}

export function acceptsCount([least, most]: BuiltIn['arity'], given: number): boolean {
  return given >= least && given <= most;
}
