/** What the values of expressions have in common: reading them as what is needed, comparing and printing them. */
import type { Attr, Dim } from '../ir/graph.js';
import { isBatch, printDim } from './dims.js';
import { EvaluationError } from './evaluation-error.js';

export function isList(value: Attr): value is readonly Attr[] {
  return Array.isArray(value);
}

export function isDim(value: Attr): value is Dim {
  return typeof value === 'number' || isBatch(value);
}

/** As in rule text: `'same'`, `[1, N]`, `{ a: 1 }`. */
export function show(value: Attr): string {
  if (typeof value === 'string') return `'${value.replace(/['\\]/g, '\\$&')}'`;
  if (value === null || typeof value !== 'object') return String(value);
  if (isBatch(value)) return printDim(value);
  if (isList(value)) return `[${value.map(show).join(', ')}]`;
  const entries = Object.entries(value as Record<string, Attr>);
  return entries.length === 0
    ? '{}'
    : `{ ${entries.map(([key, item]) => `${key}: ${show(item)}`).join(', ')} }`;
}

/** What messages call a size that is not known before the network runs. */
export const batchInWords = 'a multiple of the batch size';

/** `a number`, `a list`, for messages. */
export function kindOf(value: Attr): string {
  if (value === null) return 'null';
  if (isBatch(value)) return batchInWords;
  if (isList(value)) return 'a list';
  return (
    { number: 'a number', string: 'a string', boolean: 'a truth value' }[typeof value as string] ??
    'an object'
  );
}

function wrong(what: string, wanted: string, value: Attr): never {
  throw new EvaluationError(
    `${what} must be ${wanted}${value === null ? '; it is null' : `; it is ${kindOf(value)}, ${show(value)}`}`,
  );
}

export function numberOf(value: Attr, what: string): number {
  return typeof value === 'number' ? value : wrong(what, 'a number', value);
}

export function wholeOf(value: Attr, what: string): number {
  return Number.isSafeInteger(value) ? (value as number) : wrong(what, 'a whole number', value);
}

export function dimOf(value: Attr, what: string): Dim {
  return isDim(value) ? value : wrong(what, 'a size', value);
}

export function stringOf(value: Attr, what: string): string {
  return typeof value === 'string' ? value : wrong(what, 'a string', value);
}

export function listOf(value: Attr, what: string): readonly Attr[] {
  return isList(value) ? value : wrong(what, 'a list', value);
}

/** As a condition: null and 0 are false, as an attribute is that a source leaves out. */
export function truthOf(value: Attr, what: string): boolean {
  if (value === null || value === 0) return false;
  if (typeof value === 'boolean') return value;
  return isDim(value) ? true : wrong(what, 'true or false', value);
}

export function equalValues(a: Attr, b: Attr): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (isList(a) || isList(b)) {
    return isList(a) && isList(b) && a.length === b.length && a.every((item, i) => equalValues(item, b[i]!));
  }
  const left = Object.entries(a as Record<string, Attr>);
  const right = b as Record<string, Attr>;
  return (
    left.length === Object.keys(right).length &&
    left.every(([key, item]) => Object.hasOwn(right, key) && equalValues(item, right[key]!))
  );
}
