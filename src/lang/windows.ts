/** Sizes and paddings of sliding windows: convolutions and pools. */
import type { Attr, Dim } from '../ir/graph.js';
import { isStatic, printDim } from './dims.js';
import { EvaluationError } from './evaluation-error.js';
import { dimOf, isList, listOf, numberOf, show, stringOf, wholeOf } from './values.js';

interface Window {
  readonly size: Dim;
  /** How far a dilated kernel reaches. */
  readonly reach: number;
  readonly stride: number;
  readonly pad: 'valid' | 'same' | readonly [before: number, after: number];
}

function readWindow(args: readonly Attr[]): Window {
  const [size, kernel, stride, dilation, pad, index] = args as [Attr, Attr, Attr, Attr, Attr, Attr];
  const steps = wholeOf(stride, 'a stride');
  if (steps < 1) throw new EvaluationError(`a stride must be at least 1; it is ${steps}`);
  return {
    size: dimOf(size, 'the size under a window'),
    reach: (wholeOf(kernel, 'the size of a kernel') - 1) * wholeOf(dilation, 'a dilation') + 1,
    stride: steps,
    pad: padAt(pad, wholeOf(index, 'the axis of a window')),
  };
}

function padAt(pad: Attr, index: number): Window['pad'] {
  if (pad === 'valid' || pad === 'same') return pad;
  const pair = isList(pad) ? pad[index] : undefined;
  if (pair === undefined || !isList(pair) || pair.length !== 2) {
    throw new EvaluationError(
      `padding must be 'valid', 'same' or a list of [before, after] with a pair for axis ${index}; it is ${show(pad)}`,
    );
  }
  return [wholeOf(pair[0]!, 'padding'), wholeOf(pair[1]!, 'padding')];
}

/** The size after a window has slid over an axis. */
export function windowSize(args: readonly Attr[]): Dim {
  const { size, reach, stride, pad } = readWindow(args);
  if (!isStatic(size)) {
    if (reach === 1 && stride === 1 && (typeof pad === 'string' || (pad[0] === 0 && pad[1] === 0)))
      return size;
    throw new EvaluationError(`a window slides over an axis of the symbolic size ${printDim(size)}`);
  }
  if (pad === 'same') return Math.ceil(size / stride);
  const padded = size + (pad === 'valid' ? 0 : pad[0] + pad[1]);
  if (padded < reach) {
    throw new EvaluationError(`a window that reaches over ${reach} doesn't fit an axis of ${padded}`);
  }
  return Math.floor((padded - reach) / stride) + 1;
}

/** The size of what a transposed window writes. */
export function transposedWindowSize(args: readonly Attr[]): Dim {
  const { size, reach, stride, pad } = readWindow(args);
  if (!isStatic(size)) {
    if (reach === 1 && stride === 1 && typeof pad === 'string') return size;
    throw new EvaluationError(`a window slides over an axis of the symbolic size ${printDim(size)}`);
  }
  if (pad === 'same') return size * stride;
  if (pad === 'valid') return size * stride + Math.max(reach - stride, 0);
  return (size - 1) * stride + reach - pad[0] - pad[1];
}

/** The `[before, after]` that 'same' stands for, as TensorFlow has it: the odd one after. */
export function samePads(args: readonly Attr[]): Attr {
  const { size, reach, stride } = readWindow([...args, 'same', 0]);
  if (!isStatic(size)) throw new EvaluationError(`the padding of an axis of ${printDim(size)} is not known`);
  const total = Math.max((Math.ceil(size / stride) - 1) * stride + reach - size, 0);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}

/** TensorFlow's `padding` attribute, with `explicit_paddings` and `data_format` where it is EXPLICIT. */
export function tensorflowPads(args: readonly Attr[]): Attr {
  const padding = stringOf(args[0]!, 'padding');
  if (padding === 'VALID') return 'valid';
  if (padding === 'SAME') return 'same';
  if (padding !== 'EXPLICIT') {
    throw new EvaluationError(
      `TensorFlow's padding is 'VALID', 'SAME' or 'EXPLICIT'; it is ${show(padding)}`,
    );
  }
  const explicit = listOf(args[1] ?? null, "explicit paddings, with padding 'EXPLICIT',").map((p) =>
    wholeOf(p, 'padding'),
  );
  const pairs = Array.from({ length: explicit.length / 2 }, (_, i) => explicit.slice(2 * i, 2 * i + 2));
  const channelsFirst = typeof args[2] === 'string' && args[2].startsWith('NC');
  const channels = channelsFirst ? 1 : pairs.length - 1;
  return spatialPairs(pairs, channels);
}

/** TensorFlow.js's padding: a word, one number for all sides, or pairs for all axes of NHWC. */
export function tfjsPads(pad: Attr): Attr {
  if (pad === 'valid' || pad === 'same') return pad;
  if (typeof pad === 'number') {
    return [
      [pad, pad],
      [pad, pad],
    ];
  }
  const pairs = listOf(pad, "TensorFlow.js's padding").map((pair) =>
    listOf(pair, "TensorFlow.js's padding of an axis").map((p) => wholeOf(p, 'padding')),
  );
  return spatialPairs(pairs, pairs.length - 1);
}

/** The pairs of the spatial axes; batch and channels must have none. */
function spatialPairs(pairs: readonly (readonly number[])[], channels: number): Attr {
  if (pairs.length < 3 || pairs.some((pair) => pair.length !== 2)) {
    throw new EvaluationError(`explicit padding must have a pair for every axis; it is ${show(pairs)}`);
  }
  for (const axis of [0, channels]) {
    if (pairs[axis]!.some((p) => p !== 0)) {
      throw new EvaluationError(
        `batch and channels can't be padded by a window; the padding is ${show(pairs)}`,
      );
    }
  }
  return pairs.filter((_, axis) => axis !== 0 && axis !== channels);
}

/** `pads` as TensorFlow.js takes them. */
export function nhwcPads(pads: Attr): Attr {
  if (pads === 'valid' || pads === 'same') return pads;
  return [[0, 0], ...listOf(pads, 'padding'), [0, 0]];
}

/** PyTorch's padding, the same before and after every axis. */
export function torchPads(list: Attr): Attr {
  return listOf(list, "PyTorch's padding").map((p) => [numberOf(p, 'padding'), numberOf(p, 'padding')]);
}
