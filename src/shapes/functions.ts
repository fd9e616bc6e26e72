/** Shapes of the axis functions: the closed vocabulary for operations whose shape depends on attributes. */
import type { AxisFunctionName } from '../lang/ast.js';
import { productOf, quotient, sameSize, sumOf } from '../ir/sizes.js';
import type { Attr, Dim, Shape, TensorType } from '../ir/graph.js';
import { printShape, printSize, ShapeError } from './errors.js';
import { broadcastShapes } from './solve.js';

/** An argument of an axis function: an operand (a list for a variadic one), or the value of an attribute expression. */
export type FunctionArg =
  | { readonly kind: 'tensor'; readonly types: readonly TensorType[] }
  | { readonly kind: 'attr'; readonly value: Attr };

/** A slice of one axis, resolved. */
export interface Segment {
  readonly begin: number;
  readonly size: Dim;
  readonly stride: number;
}

const isDim = (value: Attr | undefined): value is Dim =>
  typeof value === 'number' || (typeof value === 'object' && value !== null && 'batch' in value);

export function tensorArg(args: readonly FunctionArg[], i: number): Shape {
  const arg = args[i];
  if (arg?.kind !== 'tensor' || arg.types[0] === undefined)
    throw new ShapeError(`argument ${i + 1} must be an operand`);
  return arg.types[0].shape;
}

export function dimsArg(args: readonly FunctionArg[], i: number, what: string): Dim[] {
  const arg = args[i];
  const value = arg?.kind === 'attr' ? arg.value : undefined;
  const list = Array.isArray(value) ? (value as readonly Attr[]) : isDim(value) ? [value] : null;
  if (list === null || !list.every(isDim)) throw new ShapeError(`${what} must be a list of sizes`);
  return [...(list as Dim[])];
}

export function intsArg(args: readonly FunctionArg[], i: number, what: string): number[] {
  return dimsArg(args, i, what).map((d) => {
    if (typeof d !== 'number' || !Number.isInteger(d)) throw new ShapeError(`${what} must be whole numbers`);
    return d;
  });
}

/** An axis number as an index: negative ones count from the end. */
export function axisIndex(axis: number, rank: number): number {
  const index = axis < 0 ? axis + rank : axis;
  if (index < 0 || index >= rank) throw new ShapeError(`axis ${axis} is outside a tensor of ${rank} axes`);
  return index;
}

/** The target of a reshape with its `-1` filled in. */
export function reshapeTarget(shape: Shape, target: readonly Dim[]): Dim[] {
  const total = productOf(shape);
  const known = productOf(target.filter((d) => d !== -1));
  const holes = target.filter((d) => d === -1).length;
  const n = (d: Dim): number => (typeof d === 'number' ? d : d.batch);
  const fits =
    holes === 1
      ? n(known) !== 0 &&
        n(total) % n(known) === 0 &&
        !(typeof total === 'number' && typeof known !== 'number')
      : holes === 0 && sameSize(total, known);
  if (!fits) throw new ShapeError(`${printShape(shape)} can't be reshaped to ${printShape(target)}`);
  return target.map((d) => (d === -1 ? quotient(total, known) : d));
}

/** The segments that a slice takes of each axis. */
export function sliceSegments(
  shape: Shape,
  begin: readonly number[],
  size: readonly Dim[],
  strides: readonly number[],
): Segment[] {
  return shape.map((dim, i) => {
    const from = begin[i] ?? 0;
    const wanted = size[i] ?? -1;
    const stride = strides[i] ?? 1;
    if (stride < 1) throw new ShapeError(`a slice's stride must be positive; it is ${stride}`);
    if (typeof dim !== 'number') {
      const whole = from === 0 && stride === 1 && (wanted === -1 || sameSize(wanted, dim));
      if (!whole) throw new ShapeError('the symbolic batch axis can only be sliced whole');
      return { begin: 0, size: dim, stride: 1 };
    }
    const first = from < 0 ? from + dim : from;
    const extent = wanted === -1 ? Math.ceil((dim - first) / stride) : wanted;
    if (
      typeof extent !== 'number' ||
      first < 0 ||
      extent < 0 ||
      first + (extent - 1) * stride >= dim + (extent === 0 ? stride : 0)
    ) {
      throw new ShapeError(`a slice of ${printSize(extent)} from ${first} is outside an axis of ${dim}`);
    }
    return { begin: first, size: extent, stride };
  });
}

/** Letters of an einsum: one list an operand, and the result's. An ellipsis is not in the vocabulary. */
export function parseEquation(equation: string): {
  readonly inputs: readonly string[];
  readonly output: string;
} {
  const match = /^([a-zA-Z, ]*)->([a-zA-Z ]*)$/.exec(equation.replaceAll(' ', ''));
  if (match === null)
    throw new ShapeError(`the einsum equation "${equation}" is not of the form "ab,bc->ac"`);
  return { inputs: match[1]!.split(','), output: match[2]! };
}

/** The axes that are squeezed out: the named ones, or all of size one. */
export function squeezedAxes(shape: Shape, axes: readonly number[]): Set<number> {
  if (axes.length === 0) return new Set(shape.flatMap((d, i) => (sameSize(d, 1) ? [i] : [])));
  const named = new Set(axes.map((axis) => axisIndex(axis, shape.length)));
  for (const i of named) {
    if (!sameSize(shape[i]!, 1))
      throw new ShapeError(`axis ${i} of ${printShape(shape)} can't be squeezed: its size is not 1`);
  }
  return named;
}

/** The axes a reduction removes; none named means all. */
export function reducedAxes(rank: number, over: readonly number[] | null): Set<number> {
  return new Set(
    over === null ? Array.from({ length: rank }, (_, i) => i) : over.map((axis) => axisIndex(axis, rank)),
  );
}

/** `over` of a reduction: null for "all axes". */
export function overArg(args: readonly FunctionArg[], i: number): number[] | null {
  const arg = args[i];
  return arg?.kind === 'attr' && arg.value === null ? null : intsArg(args, i, 'the reduced axes');
}

export const flagArg = (args: readonly FunctionArg[], i: number): boolean => {
  const arg = args[i];
  return arg?.kind === 'attr' && arg.value === true;
};

/** The shape of an axis function's result. */
export function functionShape(name: AxisFunctionName, args: readonly FunctionArg[]): Dim[] {
  switch (name) {
    case 'permute': {
      const shape = tensorArg(args, 0);
      const perm = intsArg(args, 1, 'the permutation').map((axis) => axisIndex(axis, shape.length));
      if (perm.length !== shape.length || new Set(perm).size !== perm.length) {
        throw new ShapeError(`[${perm.join(', ')}] is not a permutation of ${shape.length} axes`);
      }
      return perm.map((i) => shape[i]!);
    }
    case 'reshape':
      return reshapeTarget(tensorArg(args, 0), dimsArg(args, 1, 'the shape'));
    case 'slice': {
      const strides = args.length > 3 ? intsArg(args, 3, 'the strides') : [];
      return sliceSegments(
        tensorArg(args, 0),
        intsArg(args, 1, 'the begin'),
        dimsArg(args, 2, 'the size'),
        strides,
      ).map((segment) => segment.size);
    }
    case 'pad': {
      const shape = tensorArg(args, 0);
      const before = intsArg(args, 1, 'the padding before');
      const after = intsArg(args, 2, 'the padding after');
      if (before.length !== shape.length || after.length !== shape.length) {
        throw new ShapeError(`padding is given for ${before.length} axes of ${shape.length}`);
      }
      return shape.map((d, i) => {
        const size = sumOf([before[i]!, d, after[i]!]);
        if (size === null || before[i]! < 0 || after[i]! < 0)
          throw new ShapeError(`axis ${i} can't be padded so`);
        return size;
      });
    }
    case 'reduce': {
      const shape = tensorArg(args, 0);
      const over = reducedAxes(shape.length, overArg(args, 1));
      return flagArg(args, 2)
        ? shape.map((d, i) => (over.has(i) ? 1 : d))
        : shape.filter((_, i) => !over.has(i));
    }
    case 'broadcast': {
      const shape = tensorArg(args, 0);
      const target = dimsArg(args, 1, 'the shape');
      const result = broadcastShapes([shape, target]);
      if (result.length !== target.length || !result.every((d, i) => sameSize(d, target[i]!))) {
        throw new ShapeError(`${printShape(shape)} can't be broadcast to ${printShape(target)}`);
      }
      return target;
    }
    case 'squeeze': {
      const shape = tensorArg(args, 0);
      const gone = squeezedAxes(shape, intsArg(args, 1, 'the squeezed axes'));
      return shape.filter((_, i) => !gone.has(i));
    }
    case 'expand': {
      const shape = tensorArg(args, 0);
      const at = axisIndex(intsArg(args, 1, 'the axis')[0] ?? 0, shape.length + 1);
      return [...shape.slice(0, at), 1, ...shape.slice(at)];
    }
    case 'tile': {
      const shape = tensorArg(args, 0);
      const reps = dimsArg(args, 1, 'the repetitions');
      if (reps.length !== shape.length)
        throw new ShapeError(`${reps.length} repetitions for ${shape.length} axes`);
      return shape.map((d, i) => productOf([reps[i]!, d]));
    }
    case 'gather': {
      const shape = tensorArg(args, 0);
      const indices = tensorArg(args, 1);
      const axis = axisIndex(intsArg(args, 2, 'the axis')[0] ?? 0, shape.length);
      const batch = args.length > 3 ? (intsArg(args, 3, 'the batch axes')[0] ?? 0) : 0;
      return [...shape.slice(0, axis), ...indices.slice(batch), ...shape.slice(axis + 1)];
    }
    case 'einsum':
      return einsumShape(args);
    case 'fixed':
      return dimsArg(args, 0, 'the shape');
  }
}

function einsumShape(args: readonly FunctionArg[]): Dim[] {
  const tensors = args[0];
  const equation = args[1];
  if (tensors?.kind !== 'tensor' || equation?.kind !== 'attr' || typeof equation.value !== 'string') {
    throw new ShapeError('einsum takes a variadic operand and an equation');
  }
  const { inputs, output } = parseEquation(equation.value);
  if (inputs.length !== tensors.types.length) {
    throw new ShapeError(`the equation has ${inputs.length} operands; ${tensors.types.length} are given`);
  }
  const sizes = new Map<string, Dim>();
  inputs.forEach((letters, member) => {
    const shape = tensors.types[member]!.shape;
    if (letters.length !== shape.length) {
      throw new ShapeError(
        `operand ${member} of the einsum has ${shape.length} axes; "${letters}" names ${letters.length}`,
      );
    }
    [...letters].forEach((letter, i) => {
      const known = sizes.get(letter);
      if (known !== undefined && !sameSize(known, shape[i]!)) {
        throw new ShapeError(
          `axis ${letter} is ${printSize(shape[i]!)}, but it is ${printSize(known)} elsewhere`,
        );
      }
      sizes.set(letter, shape[i]!);
    });
  });
  return [...output].map((letter) => {
    const size = sizes.get(letter);
    if (size === undefined) throw new ShapeError(`axis ${letter} of the result is in no operand`);
    return size;
  });
}
