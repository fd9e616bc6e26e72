/** What shape inference depends on, as text: nodes that agree in it have the same results. */
import type { Attr, Attrs, TensorType } from '../ir/graph.js';
import type { OperandTypes } from './infer-shapes.js';

/** Types of operands by name, attributes, and how many results a variadic result has. */
export function inferenceKey(operands: OperandTypes, attrs: Attrs, resultCount: number | undefined): string {
  let key = String(resultCount);
  for (const name in operands) {
    const operand = operands[name]!;
    key += `;${name}:${operand === null ? '' : 'dtype' in operand ? typeKey(operand) : operand.map(typeKey).join()}`;
  }
  for (const name in attrs) key += `;${name}=${attrKey(attrs[name]!)}`;
  return key;
}

function typeKey({ dtype, shape }: TensorType): string {
  let key: string = dtype;
  for (const size of shape) key += typeof size === 'number' ? ` ${size}` : ` ${size.batch}N`;
  return key;
}

/** Numbers that JSON has no words for are told apart too. */
function attrKey(value: Attr): string {
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${(value as readonly Attr[]).map(attrKey).join()}]`;
  return `{${Object.entries(value)
    .map(([key, item]) => `${JSON.stringify(key)}:${attrKey(item as Attr)}`)
    .join()}}`;
}
