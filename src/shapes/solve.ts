/**
 * Solves a rule's signature for the sizes of its axes: matches operand shapes against the patterns, uses the
 * `where` constraints, attributes named like axes and the `sizes` clause, until every axis has a size.
 */
import type { AxisExpr, TensorPattern } from '../lang/ast.js';
import { compareSizes, productOf, quotient, sameSize, sumOf } from '../ir/sizes.js';
import type { Dim, Shape } from '../ir/graph.js';
import { printSize, ShapeError } from './errors.js';

export interface Solution {
  /** Single axes. */
  readonly sizes: Map<string, Dim>;
  /** `lead...`: any number of axes. */
  readonly rests: Map<string, readonly Dim[]>;
  /** `c*`: one size a member of the variadic tensor. */
  readonly families: Map<string, (Dim | undefined)[]>;
  /** How many tensors a variadic result has, where a constraint `|ys| = n` says so. */
  readonly counts: Map<string, number>;
}

export const emptySolution = (): Solution => ({
  sizes: new Map(),
  rests: new Map(),
  families: new Map(),
  counts: new Map(),
});

/** A dimension pattern and the dimensions of the tensor that it covers. */
export interface Aligned {
  readonly axis: AxisExpr;
  readonly start: number;
  readonly count: number;
}

const covers = (axis: AxisExpr): boolean => axis.kind === 'rest' || axis.kind === 'broadcast';

/**
 * Which dimensions of a tensor of some rank each dimension pattern covers.
 * @returns null while two rests of unknown length stand in one pattern.
 * @throws ShapeError where the rank can't fit.
 */
export function align(
  pattern: TensorPattern,
  rank: number,
  restRank: (name: string) => number | undefined,
): Aligned[] | null {
  const lengths = pattern.dims.map((axis) =>
    axis.kind === 'rest' ? restRank(axis.name) : covers(axis) ? undefined : 1,
  );
  const unknown = lengths.filter((length) => length === undefined).length;
  if (unknown > 1) return null;
  const known = lengths.reduce<number>((sum, length) => sum + (length ?? 0), 0);
  const spare = rank - known;
  if (spare < 0 || (unknown === 0 && spare !== 0)) {
    const wanted = unknown === 0 ? `${known}` : `at least ${known}`;
    throw new ShapeError(`${pattern.tensor} has ${rank} axes; its pattern asks for ${wanted}`, pattern.span);
  }
  let start = 0;
  return pattern.dims.map((axis, i) => {
    const count = lengths[i] ?? spare;
    start += count;
    return { axis, start: start - count, count };
  });
}

/** One thing to solve: a dimension pattern has this size. `member` is the index in a variadic tensor. */
export interface Equation {
  readonly axis: AxisExpr;
  readonly size: Dim;
  readonly member: number;
  readonly tensor: string;
}

/**
 * Solves one equation as far as it goes.
 * @returns whether nothing of it is left to do.
 */
export function solve(equation: Equation, solution: Solution): boolean {
  const { axis, size, member, tensor } = equation;
  switch (axis.kind) {
    case 'literal':
      if (!sameSize(axis.size, size)) {
        throw new ShapeError(
          `an axis of ${tensor} must have size ${axis.size}; it has ${printSize(size)}`,
          axis.span,
        );
      }
      return true;
    case 'axis':
      bindSize(solution.sizes, axis, size, tensor);
      return true;
    case 'each': {
      const family = solution.families.get(axis.name) ?? [];
      solution.families.set(axis.name, family);
      const known = family[member];
      if (known === undefined) family[member] = size;
      else if (!sameSize(known, size)) {
        throw new ShapeError(
          `axis ${axis.name} of member ${member} of ${tensor} is ${printSize(size)}; it was ${printSize(known)}`,
          axis.span,
        );
      }
      return true;
    }
    case 'sumOf': {
      const total = sizeOf(axis, solution, 0);
      if (total === undefined) return false;
      if (!sameSize(total, size)) {
        throw new ShapeError(
          `the ${axis.name} axes add up to ${printSize(total)}, but ${tensor} has ${printSize(size)}`,
          axis.span,
        );
      }
      return true;
    }
    case 'product':
    case 'sum':
      return solveComposed(axis, equation, solution);
    case 'rest':
    case 'broadcast':
      return true;
  }
}

function solveComposed(
  axis: Extract<AxisExpr, { kind: 'product' | 'sum' }>,
  equation: Equation,
  solution: Solution,
): boolean {
  const parts = axis.kind === 'product' ? axis.factors : axis.terms;
  const known: Dim[] = [];
  const unknown: AxisExpr[] = [];
  for (const part of parts) {
    const size = sizeOf(part, solution, equation.member);
    if (size === undefined) unknown.push(part);
    else known.push(size);
  }
  if (unknown.length > 1) return false;
  const rest =
    axis.kind === 'product' ? divide(equation.size, productOf(known)) : subtract(equation.size, known);
  const matches =
    unknown.length === 1 ? rest !== null : rest !== null && sameSize(rest, axis.kind === 'product' ? 1 : 0);
  if (!matches || rest === null) {
    const shown = known.map(printSize).join(axis.kind === 'product' ? '·' : ' + ');
    throw new ShapeError(
      `an axis of ${equation.tensor} has size ${printSize(equation.size)}, which ${shown} can't make up`,
      axis.span,
    );
  }
  return unknown.length === 0 || solve({ ...equation, axis: unknown[0]!, size: rest }, solution);
}

function divide(a: Dim, b: Dim): Dim | null {
  const n = typeof a === 'number' ? a : a.batch;
  const d = typeof b === 'number' ? b : b.batch;
  if (d === 0 || n % d !== 0 || (typeof a === 'number' && typeof b !== 'number')) return null;
  return quotient(a, b);
}

function subtract(total: Dim, known: readonly Dim[]): Dim | null {
  const sum = sumOf(known);
  if (sum === null) return null;
  if (sameSize(sum, 0)) return total;
  const order = compareSizes(total, sum);
  if (order === null || order < 0) return null;
  return typeof total === 'number' ? order : order === 0 ? 0 : { batch: order };
}

function bindSize(
  sizes: Map<string, Dim>,
  axis: Extract<AxisExpr, { kind: 'axis' }>,
  size: Dim,
  tensor: string,
): void {
  const known = sizes.get(axis.name);
  if (known === undefined) sizes.set(axis.name, size);
  else if (!sameSize(known, size)) {
    throw new ShapeError(
      `axis ${axis.name} is ${printSize(size)} in ${tensor}, but it is ${printSize(known)} elsewhere`,
      axis.span,
    );
  }
}

/** The size of a dimension pattern, or undefined while something in it is unknown. */
export function sizeOf(axis: AxisExpr, solution: Solution, member: number): Dim | undefined {
  switch (axis.kind) {
    case 'literal':
      return axis.size;
    case 'axis':
      return solution.sizes.get(axis.name);
    case 'each':
      return solution.families.get(axis.name)?.[member];
    case 'sumOf': {
      const family = solution.families.get(axis.name);
      if (family === undefined || family.some((size) => size === undefined)) return undefined;
      return sumOf(family as Dim[]) ?? undefined;
    }
    case 'product':
    case 'sum': {
      const parts = (axis.kind === 'product' ? axis.factors : axis.terms).map((p) =>
        sizeOf(p, solution, member),
      );
      if (parts.some((size) => size === undefined)) return undefined;
      return (axis.kind === 'product' ? productOf(parts as Dim[]) : sumOf(parts as Dim[])) ?? undefined;
    }
    case 'rest':
    case 'broadcast':
      return undefined;
  }
}

/**
 * Broadcasts shapes to each other, aligned at the right.
 * @throws ShapeError where two sizes differ and neither is one.
 */
export function broadcastShapes(shapes: readonly Shape[]): Dim[] {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, i) => {
    let size: Dim = 1;
    for (const shape of shapes) {
      const own = shape[i - (rank - shape.length)];
      if (own === undefined || sameSize(own, 1) || sameSize(own, size)) continue;
      if (!sameSize(size, 1)) {
        throw new ShapeError(
          `sizes ${printSize(size)} and ${printSize(own)} can't be broadcast to each other`,
        );
      }
      size = own;
    }
    return size;
  });
}
