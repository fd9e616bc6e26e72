/**
 * Ways to write a statement. TensorFlow.js's typings infer the rank of most results from the context; where they don't,
 * the type checker finds out, and the next way is tried. All ways compute the same.
 */
import { mapParts, type Code } from './code.js';

export interface Form {
  /**
   * How the statement says its type: by the type of what it is assigned to, by `as`, or by `as` after giving up the
   * ranks that the function would infer from its arguments.
   */
  readonly typing: 'declared' | 'cast' | 'general';
  /** Whether float scalars of the model are written as numbers, or as tensors made of them. */
  readonly scalars: 'number' | 'tensor';
}

const typings = ['declared', 'cast', 'general'] as const;
const withNumbers: readonly Form[] = typings.map((typing) => ({ typing, scalars: 'number' }));
const withTensors: readonly Form[] = typings.map((typing) => ({ typing, scalars: 'tensor' }));

/** The forms of a statement, in the order of trying. */
export function formsOf(hasScalars: boolean): readonly Form[] {
  return hasScalars ? [...withNumbers, ...withTensors] : withNumbers;
}

/** The expression in a form: `f<tf.Tensor>(…)` takes and gives any rank. */
export function inForm(code: Code, form: Form): Code {
  if (form.typing !== 'general') return code;
  if (code.kind === 'call') return { ...code, typeArgument: 'tf.Tensor' };
  return code.kind === 'member' ? mapParts(code, (part) => inForm(part, form)) : code;
}
