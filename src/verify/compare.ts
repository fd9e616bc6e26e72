/** How far two tensors are apart. */
import type { NamedTensor, NamedTensors } from '../import/source-graph.js';

export interface Difference {
  /** Largest absolute difference; infinite where only one side is finite, or shapes or types differ. */
  readonly absolute: number;
  /** Largest magnitude of the reference. */
  readonly scale: number;
  /** `absolute / scale`; 0 where nothing differs, even on a scale of 0. */
  readonly relative: number;
  /** How many elements the reference has, and how many of them are infinite or not numbers. */
  readonly elements: number;
  readonly notFinite: number;
  /** Why the two can't be compared element by element. */
  readonly problem?: string;
}

/**
 * Compares element by element. Not-a-number, and equal infinities, at the same place are no difference; they have no
 * part in the scale.
 */
export function compareTensors(reference: NamedTensor, actual: NamedTensor | undefined): Difference {
  const problem = mismatch(reference, actual);
  if (actual === undefined || problem !== undefined) return { ...incomparable, problem };
  let absolute = 0;
  let scale = 0;
  let notFinite = 0;
  const { data } = reference;
  for (let i = 0; i < data.length; i++) {
    const expected = data[i]!;
    if (Number.isFinite(expected)) scale = Math.max(scale, Math.abs(expected));
    else notFinite++;
    const difference = elementDifference(expected, actual.data[i]!);
    if (difference > absolute) absolute = difference;
  }
  return {
    absolute,
    scale,
    relative: absolute === 0 ? 0 : absolute / scale,
    elements: data.length,
    notFinite,
  };
}

/** Compares every output of the reference, by name; an output that only the other side has is a problem too. */
export function compareOutputs(
  reference: NamedTensors,
  actual: NamedTensors,
): readonly { readonly output: string; readonly difference: Difference }[] {
  const expected = Object.entries(reference).map(([output, tensor]) => ({
    output,
    difference: compareTensors(tensor, Object.hasOwn(actual, output) ? actual[output] : undefined),
  }));
  const extra = Object.keys(actual).filter((output) => !Object.hasOwn(reference, output));
  return [
    ...expected,
    ...extra.map((output) => ({
      output,
      difference: { ...incomparable, problem: 'the reference has no such output' },
    })),
  ];
}

const incomparable: Difference = {
  absolute: Infinity,
  scale: 0,
  relative: Infinity,
  elements: 0,
  notFinite: 0,
};

function mismatch(reference: NamedTensor, actual: NamedTensor | undefined): string | undefined {
  if (actual === undefined) return 'the output is missing';
  if (reference.dtype !== actual.dtype) {
    return `the element type is ${actual.dtype} instead of ${reference.dtype}`;
  }
  const [expected, got] = [reference.shape.join(', '), actual.shape.join(', ')];
  return expected === got && reference.data.length === actual.data.length
    ? undefined
    : `the shape is [${got}] instead of [${expected}]`;
}

function elementDifference(expected: number, actual: number): number {
  if (Object.is(expected, actual)) return 0;
  const difference = Math.abs(expected - actual);
  if (Number.isNaN(difference)) return Infinity;
  return difference;
}
