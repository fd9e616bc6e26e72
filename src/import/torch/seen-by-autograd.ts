/** The program of a model as its backward graph can see it. */
import {
  operandValues,
  type Graph,
  type Operand,
  type Parameter,
  type TensorType,
  type ValueId,
} from '../../ir/graph.js';

/**
 * What is computed without learnt tensors has no gradient, and is no part of the backward graph: a table of angles that
 * all layers read couples their channels in the program alone. Here every place that reads such a constant reads one of
 * its own.
 * @returns null where there is no such constant
 */
export function seenByAutograd(program: Graph, backward: Graph): Graph | null {
  const learnt = new Set(Object.values(backward.parameters).map(({ name }) => name));
  const hidden = new Set<ValueId>(
    Object.entries(program.parameters).flatMap(([id, { name }]) => (learnt.has(name) ? [] : [id])),
  );
  const copies = new Map<ValueId, TensorType>();
  const ownCopy = (id: ValueId): ValueId => {
    if (!hidden.has(id)) return id;
    const copy = `${id}/${copies.size}`;
    copies.set(copy, program.values[id]!);
    return copy;
  };
  const copied = (operand: Operand): Operand =>
    operand === null ? null : typeof operand === 'string' ? ownCopy(operand) : operand.map(ownCopy);

  const nodes = program.nodes.map((node) => {
    if (operandValues(node).every((id) => hidden.has(id))) {
      for (const id of node.results) hidden.add(id);
      return node;
    }
    const operands = Object.entries(node.operands).map(([name, operand]) => [name, copied(operand)]);
    return { ...node, operands: Object.fromEntries(operands) as typeof node.operands };
  });
  if (copies.size === 0) return null;
  const parameters = [...copies].map(([id, type]): [ValueId, Parameter] => [id, { ...type, name: id }]);
  return {
    ...program,
    nodes,
    parameters: { ...program.parameters, ...Object.fromEntries(parameters) },
    values: { ...program.values, ...Object.fromEntries(copies) },
  };
}
