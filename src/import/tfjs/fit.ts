/** Numbers that follow the batch: from what several runs saw to one symbolic description. */
import type { Attr, Dim } from '../../ir/graph.js';

/** Why values of several runs have no common description. */
export class Unfit extends Error {
  constructor(readonly values: readonly string[]) {
    super('values differ from run to run');
  }
}

/**
 * One attribute for all runs: equal numbers stay, numbers proportional to the batch become `{ batch: k }`.
 * @throws Unfit for anything else.
 */
export function fitAttr(values: readonly Attr[], batches: readonly number[]): Attr {
  const first = values[0]!;
  if (values.every((value) => Object.is(value, first))) return first;
  if (values.every((value) => typeof value === 'number')) return fitNumber(values, batches);
  if (values.every(isList) && values.every((list) => list.length === (first as readonly Attr[]).length)) {
    return (first as readonly Attr[]).map((_, i) =>
      fitAttr(
        values.map((list) => list[i]!),
        batches,
      ),
    );
  }
  if (values.every(isRecord)) {
    const keys = Object.keys(first as object);
    if (values.every((value) => Object.keys(value).join('\0') === keys.join('\0'))) {
      return Object.fromEntries(
        keys.map((key) => [
          key,
          fitAttr(
            values.map((value) => value[key]!),
            batches,
          ),
        ]),
      );
    }
  }
  throw new Unfit(values.map((value) => JSON.stringify(value)));
}

/** One shape for all runs. @throws Unfit */
export function fitShape(shapes: readonly (readonly number[])[], batches: readonly number[]): Dim[] {
  return fitAttr(shapes, batches) as Dim[];
}

function fitNumber(values: readonly number[], batches: readonly number[]): Dim {
  const times = values[0]! / batches[0]!;
  if (Number.isInteger(times) && times > 0 && values.every((value, i) => value === times * batches[i]!)) {
    return { batch: times };
  }
  throw new Unfit(values.map(String));
}

function isList(value: Attr): value is readonly Attr[] {
  return Array.isArray(value);
}

function isRecord(value: Attr): value is { readonly [key: string]: Attr } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
