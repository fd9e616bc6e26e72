/** Small questions about types, shapes and attributes. */
import type { Attr, Operand, Shape, TensorType, ValueId } from './graph.js';
import { sameSize } from './sizes.js';

/** How many elements a shape has, or null if that depends on the batch. */
export function elementCount(shape: Shape): number | null {
  let count = 1;
  for (const dim of shape) {
    if (typeof dim !== 'number') return null;
    count *= dim;
  }
  return count;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, axis) => sameSize(dim, b[axis]!));
}

export function sameType(a: TensorType, b: TensorType): boolean {
  return a.dtype === b.dtype && sameShape(a.shape, b.shape);
}

/** Whether two attributes are equal by structure; the order of an object's keys doesn't count. */
export function sameAttr(a: Attr, b: Attr): boolean {
  if (Object.is(a, b) || a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return (a as readonly Attr[]).every((item, index) => sameAttr(item, (b as readonly Attr[])[index]!));
  }
  const left = a as Readonly<Record<string, Attr>>;
  const right = b as Readonly<Record<string, Attr>>;
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && sameAttr(left[key]!, right[key]!))
  );
}

/** The types of a node's operands, by operand name: what shape inference asks for. */
export function operandTypes(
  operands: Readonly<Record<string, Operand>>,
  typeOf: (id: ValueId) => TensorType,
): Record<string, TensorType | readonly TensorType[] | null> {
  return Object.fromEntries(
    Object.entries(operands).map(([name, operand]) => [
      name,
      operand === null ? null : typeof operand === 'string' ? typeOf(operand) : operand.map(typeOf),
    ]),
  );
}

/** The same operands, with every value exchanged for another. */
export function mapOperands(
  operands: Readonly<Record<string, Operand>>,
  map: (id: ValueId) => ValueId,
): Record<string, Operand> {
  return Object.fromEntries(
    Object.entries(operands).map(([name, operand]) => [
      name,
      operand === null ? null : typeof operand === 'string' ? map(operand) : operand.map(map),
    ]),
  );
}
