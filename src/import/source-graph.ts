/**
 * What every importer produces: a framework's own graph, before any rule has looked at it.
 * Readers know a file format; they know no operation.
 */
import type { Attr, Attrs, DType, Shape, WeightStore } from '../ir/graph.js';
import type { RuleSet } from '../lang/ast.js';

/** One output of a source node. */
export interface SourceRef {
  readonly node: string;
  readonly output: number;
}

export interface SourceInput extends SourceRef {
  /** The input's name, in sources that name inputs (`tfjs` kernels: `x`, `filter`); else ''. */
  readonly name: string;
}

export interface SourceNode {
  /** Unique in its graph. */
  readonly name: string;
  /** The framework's operation type, e.g. `Conv2D`; matched by `from`. */
  readonly type: string;
  readonly inputs: readonly SourceInput[];
  /** Missing ones read as null in a `from`. */
  readonly attrs: Attrs;
  /** Module path; '' where there is none. */
  readonly scope: string;
  /** How many outputs the node has, where the source says so; else 1. */
  readonly outputs: number;
  /** What the file format itself says the node does: no rule is asked. */
  readonly structure?: SourceStructure;
  /** Known types of the outputs (a trace knows them); checked against what the rules infer. */
  readonly types?: readonly { readonly dtype: DType; readonly shape: Shape }[];
}

/** Control flow and lists: how formats put graphs together, not what they compute. */
export type SourceStructure =
  /** The first input, handed on. */
  | { readonly kind: 'same' }
  /**
   * A loop, run while compiling: the rules' `value` clauses tell its condition. The node's first inputs are what the
   * variables start with, its outputs what they end with; the other inputs are the values of the surrounding graph that
   * its parts read. In its parts a variable is `{ node: variable, output: 0 }`.
   */
  | {
      readonly kind: 'loop';
      readonly variables: readonly string[];
      readonly condition: { readonly nodes: readonly SourceNode[]; readonly result: SourceRef };
      readonly body: { readonly nodes: readonly SourceNode[]; readonly results: readonly SourceRef[] };
    }
  /** A list of as many empty places as the first input says. */
  | { readonly kind: 'list-places' }
  /** A list of all outputs of the node that the first input refers to. */
  | { readonly kind: 'list-outputs' }
  /** Item (second input) of a list (first input). */
  | { readonly kind: 'list-get' }
  /** The list (first input) with an item (second input) replaced by the third. */
  | { readonly kind: 'list-set' };

/** A constant of the source: its data is in the weight store under its name. */
export interface SourceConstant {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

export interface SourcePort {
  /** The name that users know. */
  readonly name: string;
  readonly dtype: DType;
  /** With `{ batch: 1 }` for the symbolic batch. */
  readonly shape: Shape;
}

export interface SourceGraph {
  /** `tf`, `tfjs`, `torch`, `aten`: which `from` clauses apply. */
  readonly source: string;
  readonly name: string;
  /** Inputs are referred to as `{ node: port.name, output: 0 }`, constants as `{ node: constant.name, output: 0 }`. */
  readonly inputs: readonly SourcePort[];
  readonly constants: readonly SourceConstant[];
  /** In topological order. */
  readonly nodes: readonly SourceNode[];
  readonly outputs: readonly { readonly name: string; readonly ref: SourceRef }[];
}

/** Named tensors, as plain data: what models take and give when they are run for verification. */
export interface NamedTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | Uint8Array;
}
export type NamedTensors = Readonly<Record<string, NamedTensor>>;

/** Runs the original model in its own runtime (tf.loadGraphModel, tf.loadLayersModel, the function itself). */
export interface Reference {
  /** Outputs by the names of the imported graph's outputs. */
  run(inputs: NamedTensors): Promise<NamedTensors>;
  dispose(): void;
}

/** One run of a model that cannot run here: what it was given, and what it made of it. */
export interface SourceExample {
  /** As shown in results: `random, batch 1`. */
  readonly name: string;
  readonly inputs: NamedTensors;
  readonly outputs: NamedTensors;
}

/** A model as read from disk, before rules. */
export interface SourceModel {
  readonly graph: SourceGraph;
  readonly weights: WeightStore;
  /** Hex SHA-256 over all bytes of the model's files, in a fixed order. */
  readonly hash: string;
  /**
   * The model's own runtime; TensorFlow.js is loaded only here. Runs on the current tf backend.
   * `outputs` are the imported graph's output names, where its tail was cut off; without them, the model's own.
   */
  reference(outputs?: readonly string[]): Promise<Reference>;
  /** Where the model's own runtime is not at hand: the only inputs that `reference` can answer for. */
  readonly examples?: readonly SourceExample[];
  /** The model's own tensors, where the graph's constants are not all of them, or hold others too. */
  readonly state?: readonly SourceConstant[];
  /** Another view of the same model, with the same parameters: its channel spaces must be the same. */
  readonly backward?: SourceGraph;
}

export interface ReadOptions {
  /** `--input NAME=SHAPE`: shapes for inputs with dynamic sizes; `-1` or `N` first keeps the batch symbolic. */
  readonly inputShapes: Readonly<Record<string, Shape>>;
  /** Output names (source refs) to use instead of the model's own, when its tail can't be compiled. */
  readonly outputs?: readonly string[];
  /** Rules that can tell sizes without computing: not for models whose code may be at odds with them. */
  readonly rules?: RuleSet;
}

export type { Attr };
