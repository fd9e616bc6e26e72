/** Shapes of a model's inputs: what the model says, with what the user says filled in. */
import { DiagnosticError, type Diagnostic } from '../diagnostics/diagnostic.js';
import type { Dim, Shape } from '../ir/graph.js';

/** A size that the model leaves open is null. */
export type OpenShape = readonly (number | null)[];

/** An input as the model declares it. */
export interface DeclaredShape {
  readonly name: string;
  /** Other names that the user may call it by. */
  readonly aliases?: readonly string[];
  /** Null where the model accepts any shape. */
  readonly own: OpenShape | null;
  /** What the model says of it in another place; for sizes that are open. */
  readonly stated?: OpenShape | null;
}

/**
 * The shapes of all inputs, in their order. The first size of each is the batch where it is open; other open sizes must
 * be given.
 * @throws DiagnosticError with every input that is not known, every shape that does not fit, every name of no input
 */
export function resolveShapes(
  inputs: readonly DeclaredShape[],
  given: Readonly<Record<string, Shape>>,
  model: string,
): Shape[] {
  const names = new Set(inputs.flatMap(({ name, aliases }) => [name, ...(aliases ?? [])]));
  const resolved = inputs.map((input) => {
    const called = [input.name, ...(input.aliases ?? [])].find((name) => Object.hasOwn(given, name));
    const where = `input ${JSON.stringify(input.name)} of ${model}`;
    return called === undefined ? knownShape(input, where) : givenShape(input, given[called]!, where);
  });
  const problems = [
    ...Object.keys(given).flatMap((name) => (names.has(name) ? [] : [noSuchInput(name, inputs, model)])),
    ...resolved.filter((shape) => 'code' in shape),
  ];
  if (problems.length > 0) throw new DiagnosticError(problems);
  return resolved as Shape[];
}

function knownShape({ name, own, stated }: DeclaredShape, where: string): Shape | Diagnostic {
  const known = own ?? stated ?? null;
  const shape = known?.map((size, i): Dim | null => {
    if (size !== null) return size;
    if (i === 0) return { batch: 1 };
    return stated?.length === known.length ? stated[i]! : null;
  });
  if (shape?.every((dim) => dim !== null)) return shape;
  return {
    code: 'E208',
    severity: 'error',
    message: `the shape of ${where} is not known`,
    where,
    why:
      shape === undefined
        ? 'the model does not state its rank'
        : `the model says ${printShape(shape)}; only the batch may stay open`,
    help:
      `state it: --input ${name}=` +
      (shape === undefined
        ? 'N,…; nothing after the `=` if it is a single number'
        : shape.map((dim) => (dim === null ? '<size>' : printDim(dim))).join(',')),
  };
}

function givenShape({ name, own }: DeclaredShape, given: Shape, where: string): Shape | Diagnostic {
  const shape = given.map((dim, i): Dim => (dim === -1 && i === 0 ? { batch: 1 } : dim));
  const fits =
    own === null ||
    (own.length === shape.length && own.every((size, i) => size === null || size === shape[i]));
  if (fits && shape.every(isSize)) return shape;
  return {
    code: 'E209',
    severity: 'error',
    message: `the shape ${printShape(given)} does not fit ${where}`,
    where,
    why:
      own === null
        ? 'sizes are whole numbers; only the first may be N'
        : `the model says ${printShape(own)}; sizes are whole numbers, and only the first may be N`,
    help: `sizes that the model states stay as they are: --input ${name}=${printShape(own ?? given)}`,
  };
}

function isSize(dim: Dim, index: number): boolean {
  if (typeof dim !== 'number') return index === 0 && dim.batch === 1;
  return Number.isSafeInteger(dim) && dim >= 0;
}

function noSuchInput(name: string, inputs: readonly DeclaredShape[], model: string): Diagnostic {
  return {
    code: 'E209',
    severity: 'error',
    message: `the model has no input named ${JSON.stringify(name)}`,
    where: model,
    why: `its inputs are ${inputs.map((input) => input.name).join(', ')}`,
    help: 'name one of these in --input NAME=SHAPE',
  };
}

function printShape(shape: readonly (Dim | null)[]): string {
  return shape.map((dim) => (dim === null ? '?' : printDim(dim))).join(',');
}

function printDim(dim: Dim): string {
  return typeof dim !== 'number' ? 'N' : dim === -1 ? '?' : String(dim);
}
