/** What one run of a model under the trace leaves behind: plain data, its tensors numbered by where they come from. */
import type { Attrs, DType, TensorData } from '../../ir/graph.js';

/** Where a tensor comes from. */
export type Ref =
  | { readonly kind: 'input'; readonly index: number }
  | { readonly kind: 'constant'; readonly index: number }
  | { readonly kind: 'node'; readonly index: number; readonly output: number };

/**
 * What a value is computed from: the model's inputs; no input, but a tensor that the model had before the run
 * (a parameter); or nothing but numbers written in the model's code.
 */
export type Origin = 'input' | 'parameter' | 'literal';

export interface RecordedType {
  readonly dtype: DType;
  readonly shape: readonly number[];
}

export interface RecordedNode {
  /** The kernel's name. */
  readonly type: string;
  /** Members of a list have no name. */
  readonly inputs: readonly { readonly name: string; readonly ref: Ref }[];
  readonly attrs: Attrs;
  readonly scope: string;
  readonly outputs: readonly RecordedType[];
  /** Whether the kernel returns a list, be it of one. */
  readonly list: boolean;
  readonly origin: Origin;
  /** The outputs themselves, where the origin is `literal`. */
  readonly values: readonly TensorData[] | null;
}

export interface RecordedConstant extends RecordedType {
  /** The name that the model gives it, or null. */
  readonly name: string | null;
  readonly origin: 'parameter' | 'literal';
  readonly data: TensorData;
  /** Where it is used first. */
  readonly scope: string;
}

export interface Recording {
  /** The size of the batch in this run. */
  readonly batch: number;
  readonly nodes: readonly RecordedNode[];
  readonly constants: readonly RecordedConstant[];
  readonly outputs: readonly { readonly name: string; readonly ref: Ref }[];
  /** Where random numbers were first drawn, or null. */
  readonly random: string | null;
}
