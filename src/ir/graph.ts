/**
 * The intermediate representation: an immutable, framework-neutral graph of canonical operations.
 * Every pass is a function from a graph to a graph.
 */

import type { PackedData } from './packed.js';

/** Element types that TensorFlow.js has. */
export type DType = 'float32' | 'int32' | 'bool';

/**
 * One size of a shape: a number, or a multiple of the symbolic batch size N.
 * `{ batch: 4 }` is 4·N. The batch stays symbolic from import to the emitted code.
 */
export type Dim = number | { readonly batch: number };

export type Shape = readonly Dim[];

/** What an attribute can hold. Plain data: it prints, parses back and compares by structure. */
export type Attr =
  number | string | boolean | null | Dim | readonly Attr[] | { readonly [key: string]: Attr };

export type Attrs = Readonly<Record<string, Attr>>;

/** Names a value inside one graph: a parameter, an input, or a result of a node. Printed as `%id`. */
export type ValueId = string;

export interface TensorType {
  readonly dtype: DType;
  readonly shape: Shape;
}

/** An operand of a node: one value, a variadic list, or an optional operand left out. */
export type Operand = ValueId | readonly ValueId[] | null;

/** A place in a rule file, for provenance. */
export interface RulePlace {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
}

export interface Node {
  /** Unique in its graph, equal to the first result's id. */
  readonly id: string;
  /** The canonical operation: a name that some rule defines. */
  readonly op: string;
  /** By the rule's operand names; every operand of the rule has an entry. */
  readonly operands: Readonly<Record<string, Operand>>;
  readonly attrs: Attrs;
  /** In the order of the rule's results; a variadic result (`ys*`) fills the rest. */
  readonly results: readonly ValueId[];
  /** The module that the node belongs to in the source model, e.g. `features/3/conv`; may be empty. */
  readonly scope: string;
  /** The source node this one came from. Rewrites keep the root node's, or, with `{ ...c }`, that of c. */
  readonly source: { readonly name: string; readonly type: string };
  /** The `from`, or the rewrite, that made this node. */
  readonly rule: RulePlace;
}

/** A constant tensor, by reference: its data is in the weight store under `name`, never in the graph. */
export interface Parameter extends TensorType {
  /** The name in the source model, and the key in the weight store. */
  readonly name: string;
}

/** A named input or output of the model. */
export interface Port {
  readonly name: string;
  readonly value: ValueId;
}

export interface Graph {
  readonly name: string;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly parameters: Readonly<Record<ValueId, Parameter>>;
  /** The type of every value: inputs, parameters and results. */
  readonly values: Readonly<Record<ValueId, TensorType>>;
  /** In topological order. */
  readonly nodes: readonly Node[];
}

/** The data of one tensor. `bool` is a Uint8Array of zeros and ones. */
export type TensorData = Float32Array | Int32Array | Uint8Array;

/** Where the data of parameters lives. Data may be decoded on demand; callers must not write to it. */
export interface WeightStore {
  /** @throws if there is no such weight. */
  get(name: string): TensorData;
  has(name: string): boolean;
  /** The same weight in fewer bits, to the last bit of every number; null or not there: only `get` has it. */
  packed?(name: string): PackedData | null;
}

/** All values that a node reads, in the order of its rule's operands. */
export function operandValues(node: Node): ValueId[] {
  // A loop, since every stage asks this of every node.
  const values: ValueId[] = [];
  for (const operand of Object.values(node.operands)) {
    if (typeof operand === 'string') values.push(operand);
    else if (operand !== null) values.push(...operand);
  }
  return values;
}
