/** Expressions over every element of nested lists, with broadcasting. */
import type { Attr } from '../ir/graph.js';
import type { Expr } from './ast.js';
import { mentions } from './mentions.js';

/**
 * The value of an expression for every element of the lists that it names, aligned at the right; nested as they are.
 * @param name What a name stands for, or undefined.
 * @param evaluate Evaluates the expression where some names stand for the given elements.
 * @throws RangeError where the lists can't be broadcast to each other.
 */
export function elementwise(
  expr: Expr,
  name: (name: string) => Attr | undefined,
  evaluate: (expr: Expr, elements: ReadonlyMap<string, Attr>) => Attr,
): Attr {
  const lists = new Map<string, Attr>();
  for (const mentioned of mentions(expr)) {
    const value = name(mentioned);
    if (Array.isArray(value)) lists.set(mentioned, value as readonly Attr[]);
  }
  return overElements(lists, (elements) => evaluate(expr, elements));
}

function overElements(
  values: ReadonlyMap<string, Attr>,
  at: (elements: ReadonlyMap<string, Attr>) => Attr,
): Attr {
  const depth = Math.max(0, ...[...values.values()].map(depthOf));
  if (depth === 0) return at(values);
  const outer = [...values].filter(([, value]) => depthOf(value) === depth) as [string, readonly Attr[]][];
  const length = outer.reduce((known, [, list]) => (known === 1 ? list.length : known), 1);
  for (const [name, list] of outer) {
    if (list.length !== 1 && list.length !== length) {
      throw new RangeError(`${name} has ${list.length} elements where others have ${length}`);
    }
  }
  return Array.from({ length }, (_, i) =>
    overElements(
      new Map([...values, ...outer.map(([name, list]) => [name, list[list.length === 1 ? 0 : i]!] as const)]),
      at,
    ),
  );
}

function depthOf(value: Attr): number {
  return Array.isArray(value) ? 1 + Math.max(0, ...(value as readonly Attr[]).slice(0, 1).map(depthOf)) : 0;
}

/**
 * A flat list as nested lists of a shape; of no axes: its one element.
 * @throws RangeError where the shape asks for another number of elements.
 */
export function nest(list: readonly Attr[], shape: readonly number[]): Attr {
  const count = shape.reduce((product, size) => product * size, 1);
  if (count !== list.length)
    throw new RangeError(`${list.length} elements do not fill the shape [${shape.join(', ')}]`);
  const build = (axis: number, from: number, step: number): Attr => {
    if (axis === shape.length) return list[from]!;
    const inner = shape[axis] === 0 ? 0 : step / shape[axis]!;
    return Array.from({ length: shape[axis]! }, (_, i) => build(axis + 1, from + i * inner, inner));
  };
  return build(0, 0, count);
}
