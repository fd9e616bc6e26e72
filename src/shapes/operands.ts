import type { Graph, Node, Operand, TensorType, ValueId } from '../ir/graph.js';
import type { OperandTypes } from './infer-shapes.js';

/** The values of one operand: none for one left out. */
export function operandList(operand: Operand | undefined): readonly ValueId[] {
  if (operand === null || operand === undefined) return [];
  return typeof operand === 'string' ? [operand] : operand;
}

/** The types of a node's operands, as shape inference takes them. */
export function operandTypes(node: Node, values: Graph['values']): OperandTypes {
  const types: Record<string, TensorType | readonly TensorType[] | null> = {};
  for (const [name, operand] of Object.entries(node.operands)) {
    if (operand === null) types[name] = null;
    else
      types[name] = typeof operand === 'string' ? values[operand]! : operand.map((value) => values[value]!);
  }
  return types;
}
