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

/** What a format says where its file is malformed. */
export interface MalformedAdvice {
  readonly code: string;
  readonly help: string;
}

/** Checks that end in a diagnostic saying that `what` is malformed. */
export interface JsonChecks {
  asObject(value: Json | undefined, what: string, where: string): JsonObject;
  asArray(value: Json | undefined, what: string, where: string): readonly Json[];
  asString(value: Json | undefined, what: string, where: string): string;
  /** A finite number. */
  asNumber(value: Json | undefined, what: string, where: string): number;
  /** A size: a whole number, not negative. */
  asSize(value: Json | undefined, what: string, where: string): number;
  /** @throws always */
  malformed(what: string, expected: string, value: Json | undefined, where: string): never;
}

/** Checks for one format. */
export function jsonChecks({ code, help }: MalformedAdvice): JsonChecks {
  const malformed = (what: string, expected: string, value: Json | undefined, where: string): never =>
    fail({
      code,
      message: `${what} must be ${expected}`,
      where,
      why: value === undefined ? 'it is missing' : `it is ${shorten(JSON.stringify(value))}`,
      help,
    });
  return {
    asObject: (value, what, where) => (isObject(value) ? value : malformed(what, 'an object', value, where)),
    asArray: (value, what, where) => (isArray(value) ? value : malformed(what, 'a list', value, where)),
    asString: (value, what, where) =>
      typeof value === 'string' ? value : malformed(what, 'a string', value, where),
    asNumber: (value, what, where) =>
      typeof value === 'number' && Number.isFinite(value) ? value : malformed(what, 'a number', value, where),
    asSize: (value, what, where) =>
      typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
        ? value
        : malformed(what, 'a whole number that is not negative', value, where),
    malformed,
  };
}

/** The checks of TensorFlow.js models. */
export const { asObject, asArray, asString, asNumber, asSize } = jsonChecks({
  code: 'E213',
  help: 'the file is damaged, or is not a TensorFlow.js model; convert or download it again',
});

function shorten(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`;
}
