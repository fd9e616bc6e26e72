/** Checked access to parsed JSON: a malformed model file ends in a diagnostic, never in a TypeError. */
import { fail } from '../../diagnostics/diagnostic.js';

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

/** Parses JSON text, or fails with a diagnostic that names the file. */
export function parseJson(text: string, file: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    return fail({
      code: 'E211',
      message: `${file} is not valid JSON`,
      where: file,
      why: (error as SyntaxError).message,
      help: 'give the model.json that the TensorFlow.js converter wrote, not a shard or a web page',
    });
  }
}

/** A field of an object, or undefined; inherited names such as `constructor` are not fields. */
export function field(object: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isArray(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** The value as an object, or a diagnostic saying that `what` is malformed. */
export function asObject(value: Json | undefined, what: string, where: string): JsonObject {
  return isObject(value) ? value : malformed(what, 'an object', value, where);
}

export function asArray(value: Json | undefined, what: string, where: string): readonly Json[] {
  return isArray(value) ? value : malformed(what, 'a list', value, where);
}

export function asString(value: Json | undefined, what: string, where: string): string {
  return typeof value === 'string' ? value : malformed(what, 'a string', value, where);
}

/** A finite number. */
export function asNumber(value: Json | undefined, what: string, where: string): number {
  return typeof value === 'number' && Number.isFinite(value)
    ? value
    : malformed(what, 'a number', value, where);
}

/** A size: a whole number, not negative. */
export function asSize(value: Json | undefined, what: string, where: string): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
    ? value
    : malformed(what, 'a whole number that is not negative', value, where);
}

function malformed(what: string, expected: string, value: Json | undefined, where: string): never {
  return fail({
    code: 'E213',
    message: `${what} must be ${expected}`,
    where,
    why: value === undefined ? 'it is missing' : `it is ${shorten(JSON.stringify(value))}`,
    help: 'the file is damaged, or is not a TensorFlow.js model; convert or download it again',
  });
}

function shorten(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`;
}
