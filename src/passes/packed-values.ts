/**
 * Which constants are still what the model stores, in other order or times some factors, while they are folded. What is
 * noted here is a guess until `unpacksTo` has found it right to the last bit.
 */
import {
  operandValues,
  type Graph,
  type Node,
  type TensorData,
  type ValueId,
  type WeightStore,
} from '../ir/graph.js';
import type { PackedData } from '../ir/packed.js';
import { elementCount, sameShape } from '../ir/types.js';
import type { RuleSet } from '../lang/ast.js';
import { isRelayout } from './relayout.js';

/** What computes the node that is followed. */
export interface NodeValues {
  /** The numbers of an operand. */
  read(id: ValueId): TensorData;
  /** The numbers of the node's result if its operand held these. */
  rerun(numbers: Float32Array): TensorData;
}

export class PackedValues {
  private readonly known = new Map<ValueId, PackedData | null>();

  constructor(
    private readonly graph: Graph,
    private readonly weights: WeightStore,
    private readonly rules: RuleSet,
  ) {}

  of(id: ValueId): PackedData | null {
    const known = this.known.get(id);
    if (known !== undefined) return known;
    const parameter = this.graph.parameters[id];
    const packed = parameter === undefined ? null : (this.weights.packed?.(parameter.name) ?? null);
    this.known.set(id, packed);
    return packed;
  }

  /** Notes what a node makes of packed operands. */
  follow(node: Node, values: NodeValues): void {
    const [result, ...others] = node.results;
    if (others.length > 0) return;
    const packed = this.multiplied(node, values) ?? this.laidOut(node, values);
    if (packed !== null) this.known.set(result!, packed);
  }

  /** A re-layout moves the codes. Factors stay as they are: where that is wrong, it is found out. */
  private laidOut(node: Node, { rerun }: NodeValues): PackedData | null {
    const [operand, ...others] = operandValues(node);
    if (operand === undefined || others.length > 0 || !isRelayout(this.rules.ops.get(node.op)!)) return null;
    const packed = this.of(operand);
    if (packed === null) return null;
    const codes = rerun(new Float32Array(packed.codes));
    return {
      ...packed,
      codes: packed.codes instanceof Uint8Array ? new Uint8Array(codes) : new Uint16Array(codes),
    };
  }

  /** A product with numbers that repeat along the result is one factor more. */
  private multiplied(node: Node, { read }: NodeValues): PackedData | null {
    if (node.op !== this.rules.infix.get('*')) return null;
    const [x, y, ...others] = operandValues(node);
    if (x === undefined || y === undefined || others.length > 0) return null;
    return this.timesFactor(node, x, y, read) ?? this.timesFactor(node, y, x, read);
  }

  private timesFactor(node: Node, of: ValueId, by: ValueId, read: NodeValues['read']): PackedData | null {
    const shapes = [of, by, node.results[0]!].map((id) => this.graph.values[id]!.shape as readonly number[]);
    const [shape, factor, result] = shapes as [readonly number[], readonly number[], readonly number[]];
    const run = runOf(factor, result);
    if (!sameShape(shape, result) || run === null || elementCount(factor) === elementCount(result))
      return null;
    const packed = this.of(of);
    const data = packed === null ? null : read(by);
    if (packed === null || !(data instanceof Float32Array)) return null;
    return { ...packed, factors: [...packed.factors, { data, run }] };
  }
}

/**
 * How many elements of the whole in a row meet the same element of a part that is broadcast to it; null where the part's
 * axes are not next to each other.
 */
export function runOf(part: readonly number[], whole: readonly number[]): number | null {
  const padded = [...Array.from({ length: whole.length - part.length }, () => 1), ...part];
  const first = padded.findIndex((size) => size !== 1);
  const last = padded.findLastIndex((size) => size !== 1);
  const block = padded.slice(Math.max(first, 0), last + 1);
  if (!block.every((size, i) => size === whole[first + i])) return null;
  return whole.slice(last + 1).reduce((product, size) => product * size, 1);
}
