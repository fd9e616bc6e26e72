/** Tensors as nested lists: what compile-time values are. */
import type { Attr } from '../ir/graph.js';
import { EvaluationError } from './evaluation-error.js';
import { isList, show } from './values.js';

/** All elements of a nested list, in order. */
export function flatten(value: Attr): Attr[] {
  return isList(value) ? value.flatMap(flatten) : [value];
}

/** The sizes of a nested list, as those of a tensor; a number has none. */
export function nestedShape(value: Attr): number[] {
  if (!isList(value)) return [];
  const [first = [], ...others] = value.map(nestedShape);
  if (others.some((other) => String(other) !== String(first))) {
    throw new EvaluationError(`the lists in ${show(value)} are not equally long`);
  }
  return [value.length, ...first];
}

/** A flat list as nested lists of the given sizes; its one element where there are none. */
export function nest(list: readonly Attr[], shape: readonly number[]): Attr {
  const count = shape.reduce((a, b) => a * b, 1);
  if (count !== list.length) {
    throw new EvaluationError(`${list.length} elements do not fill the shape ${show(shape)}`);
  }
  const steps = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const build = (from: number, axis: number): Attr =>
    axis === shape.length
      ? list[from]!
      : Array.from({ length: shape[axis]! }, (_, i) => build(from + i * steps[axis]!, axis + 1));
  return build(0, 0);
}

/** Calls `f` for every element of the nested lists, aligned at the right and broadcast to each other. */
export function mapElements(
  values: ReadonlyMap<string, Attr>,
  f: (elements: ReadonlyMap<string, Attr>) => Attr,
): Attr {
  const shapes = new Map([...values].map(([name, value]) => [name, nestedShape(value)]));
  const rank = Math.max(0, ...[...shapes.values()].map((shape) => shape.length));

  function descend(at: ReadonlyMap<string, Attr>, axis: number): Attr {
    if (axis === rank) return f(at);
    const own = (name: string): number | undefined => {
      const shape = shapes.get(name)!;
      return shape[axis - (rank - shape.length)];
    };
    const sizes = [...at.keys()].map(own).filter((size) => size !== undefined && size !== 1);
    const size = sizes[0] ?? 1;
    if (sizes.some((other) => other !== size)) {
      const listed = [...shapes.values()].map(show).join(' and ');
      throw new EvaluationError(`values of the shapes ${listed} can't be broadcast to each other`);
    }
    const elementOf = (name: string, value: Attr, i: number): Attr => {
      const length = own(name);
      return length === undefined ? value : (value as readonly Attr[])[length === 1 ? 0 : i]!;
    };
    return Array.from({ length: size }, (_, i) =>
      descend(new Map([...at].map(([name, value]) => [name, elementOf(name, value, i)])), axis + 1),
    );
  }

  return descend(values, 0);
}
