/** Shapes of a model's inputs: what the model says, with what the user says filled in. */
import { fail } from '../../diagnostics/diagnostic.js';
import type { Dim, Shape } from '../../ir/graph.js';

/** A size that the model leaves open is null. */
export type OpenShape = readonly (number | null)[];

/**
 * The shape of an input. The first size is the batch where it is open; other open sizes must be given.
 * `own` is null where the model accepts any shape.
 */
export function resolveShape(
  name: string,
  own: OpenShape | null,
  given: Shape | undefined,
  model: string,
): Shape {
  const where = `input ${JSON.stringify(name)} of ${model}`;
  if (given !== undefined) return givenShape(name, own, given, where);
  const shape = own?.map((size, i): Dim | null => (size === null && i === 0 ? { batch: 1 } : size));
  if (shape?.every((dim) => dim !== null)) return shape;
  return fail({
    code: 'E208',
    message: `the shape of ${where} is not known`,
    where,
    why:
      shape === undefined
        ? 'the model does not state its rank'
        : `the model says ${printShape(shape)}; only the batch may stay open`,
    help:
      `state it: --input ${name}=` +
      (shape === undefined ? 'N,…' : shape.map((dim) => (dim === null ? '<size>' : printDim(dim))).join(',')),
  });
}

function givenShape(name: string, own: OpenShape | null, given: Shape, where: string): Shape {
  const shape = given.map((dim, i): Dim => (dim === -1 && i === 0 ? { batch: 1 } : dim));
  const fits =
    own === null ||
    (own.length === shape.length && own.every((size, i) => size === null || size === shape[i]));
  if (fits && shape.every(isSize)) return shape;
  return fail({
    code: 'E209',
    message: `the shape ${printShape(given)} does not fit ${where}`,
    where,
    why:
      own === null
        ? 'sizes are whole numbers; only the first may be N'
        : `the model says ${printShape(own)}; sizes are whole numbers, and only the first may be N`,
    help: `sizes that the model states stay as they are: --input ${name}=${printShape(own ?? given)}`,
  });
}

function isSize(dim: Dim, index: number): boolean {
  if (typeof dim !== 'number') return index === 0 && dim.batch === 1;
  return Number.isSafeInteger(dim) && dim >= 0;
}

/** Every name that the user gives must be an input. */
export function checkNames(
  given: Readonly<Record<string, Shape>>,
  names: readonly string[],
  model: string,
): void {
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  fail({
    code: 'E209',
    message: `the model has no input named ${JSON.stringify(unknown)}`,
    where: model,
    why: `its inputs are ${names.join(', ')}`,
    help: 'name one of these in --input NAME=SHAPE',
  });
}

function printShape(shape: readonly (Dim | null)[]): string {
  return shape.map((dim) => (dim === null ? '?' : printDim(dim))).join(',');
}

function printDim(dim: Dim): string {
  return typeof dim !== 'number' ? 'N' : dim === -1 ? '?' : String(dim);
}
