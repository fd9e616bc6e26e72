/** What a model returned, as named tensors. */
import type * as Tf from '@tensorflow/tfjs';
import { fail } from '../../diagnostics/diagnostic.js';
import type { TensorFlow } from './tensorflow.js';

export interface NamedOutput {
  readonly name: string;
  readonly tensor: Tf.Tensor;
}

interface Returned {
  readonly name: string;
  readonly value: unknown;
}

/** The result of a run by name: one tensor is `output`, a list `output_0`, …, an object by its keys. */
export function namedOutputs(
  tf: TensorFlow,
  result: unknown,
  { name: where, outputNames }: { readonly name: string; readonly outputNames: readonly string[] | null },
): NamedOutput[] {
  const returned = splitResult(tf, result, outputNames);
  if (returned.length === 0) {
    fail({
      code: 'E258',
      message: 'the model returned no tensors',
      where,
      why: `it returned ${describe(result)}`,
      help: 'return a tensor, a list of tensors, or an object of tensors',
    });
  }
  return returned.map(({ name, value }) => ({ name, tensor: checkTensor(tf, value, name, where) }));
}

function splitResult(tf: TensorFlow, result: unknown, names: readonly string[] | null): Returned[] {
  if (result === null || result === undefined) return [];
  if (Array.isArray(result)) {
    return result.map((value: unknown, i) => ({ name: names?.[i] ?? `output_${i}`, value }));
  }
  if (result instanceof tf.Tensor || typeof result !== 'object' || isForeignTensor(result)) {
    return [{ name: names?.[0] ?? 'output', value: result }];
  }
  return Object.entries(result).map(([name, value]) => ({ name, value: value as unknown }));
}

function checkTensor(tf: TensorFlow, value: unknown, name: string, where: string): Tf.Tensor {
  if (value instanceof tf.Tensor) {
    if (!value.isDisposed) return value;
    return fail({
      code: 'E255',
      message: `the output ${JSON.stringify(name)} has been disposed of`,
      where,
      why: 'tf.tidy disposes of every tensor made inside it except those that it returns',
      help: 'return the tensor from tf.tidy, and do not call dispose on it',
    });
  }
  const foreign = typeof value === 'object' && value !== null && isForeignTensor(value);
  return fail({
    code: 'E258',
    message: `the output ${JSON.stringify(name)} is not a tensor of this TensorFlow.js`,
    where,
    why: foreign
      ? 'it is a tensor of another copy of TensorFlow.js, whose kernels were not recorded'
      : `it is ${describe(value)}`,
    help: foreign
      ? 'use the `tf` that the module is given, instead of importing @tensorflow/tfjs'
      : 'return a tensor, a list of tensors, or an object of tensors',
  });
}

function isForeignTensor(value: object): boolean {
  return 'dataId' in value && 'shape' in value && 'dtype' in value;
}

/** What a value is, for a message. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'object') {
    const keys = Object.keys(value);
    return keys.length === 0 ? 'an empty object' : `an object with ${keys.slice(0, 8).join(', ')}`;
  }
  return `${JSON.stringify(value)}, a ${typeof value}`;
}
