/** Kernel attributes as plain data. */
import { fail } from '../../diagnostics/diagnostic.js';
import type { Attr, Attrs } from '../../ir/graph.js';

/** The attributes of a kernel call; undefined ones are left out, which a `from` reads as null. */
export function readAttributes(attrs: object | undefined, where: string): Attrs {
  const entries = Object.entries(attrs ?? {}).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries.map(([key, value]) => [key, readAttribute(value, key, where)]));
}

function readAttribute(value: unknown, key: string, where: string): Attr {
  if (value === null || value === undefined) return null;
  if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') return value;
  if (Array.isArray(value)) return value.map((item) => readAttribute(item, key, where));
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return [...(value as Float32Array)];
  if (typeof value === 'object' && isPlain(value)) return readAttributes(value, where);
  return fail({
    code: 'E262',
    message: `attribute ${JSON.stringify(key)} is ${describe(value)}`,
    where,
    why: 'rules read attributes as plain data: numbers, strings, true and false, lists and objects of these',
    help: 'give tensors to the kernel as inputs, and anything else as plain data',
  });
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function describe(value: unknown): string {
  return typeof value === 'object' && value !== null
    ? `a ${value.constructor.name}`
    : `a ${typeof value === 'undefined' ? 'missing value' : typeof value}`;
}
