/** What names mean in an `emit`: the attributes of the node, the sizes of its axes, the types of its tensors. */
import type { Attr, Graph, Node, TensorType } from '../ir/graph.js';
import type { OpRule } from '../lang/ast.js';
import type { Scope } from '../lang/evaluate.js';
import { targetNames, type EmitTarget } from '../lang/backends.js';
import { inferNode } from '../shapes/infer-shapes.js';
import { ruleInfo } from '../shapes/rule-info.js';
import type { Solution } from '../shapes/solve.js';

/** The type of an operand: one tensor, a list for a variadic one, null for one that is left out. */
export type OperandType = TensorType | readonly TensorType[] | null;

export interface EmitScope extends Scope {
  /** The type of an operand or result. */
  type(name: string): OperandType | undefined;
}

/** The scope of one node of a graph, emitted for a target. Axis sizes are inferred only if the `emit` mentions an axis. */
export function emitScope(
  rule: OpRule,
  node: Node,
  graph: Pick<Graph, 'values'>,
  target: EmitTarget,
): EmitScope {
  const types = operandTypes(rule, node, graph);
  const results = resultTypes(rule, node, graph);
  let solution: Solution | undefined;
  const axisSize = (name: string): Attr | undefined => {
    if (!ruleInfo(rule).axes.has(name)) return undefined;
    solution ??= inferNode(rule, types, node.attrs, node.results.length).solution;
    const family = solution.families.get(name)?.filter((size) => size !== undefined);
    return solution.sizes.get(name) ?? solution.rests.get(name) ?? family;
  };
  const type = (name: string): OperandType | undefined =>
    Object.hasOwn(types, name) ? types[name] : results.get(name);
  const name = (given: string): Attr | undefined => {
    if (Object.hasOwn(node.attrs, given)) return node.attrs[given];
    const size = axisSize(given);
    if (size !== undefined) return size;
    return targetNames.includes(given) ? target[given as keyof EmitTarget] : undefined;
  };
  return {
    name,
    tensor: (name) => {
      const found = type(name);
      return isTypeList(found) ? undefined : found;
    },
    type,
  };
}

export function isTypeList(type: OperandType | undefined): type is readonly TensorType[] {
  return Array.isArray(type);
}

function operandTypes(rule: OpRule, node: Node, graph: Pick<Graph, 'values'>): Record<string, OperandType> {
  const types: Record<string, OperandType> = {};
  for (const { name } of rule.operands) {
    const operand = node.operands[name] ?? null;
    if (operand === null) types[name] = null;
    else if (typeof operand === 'string') types[name] = graph.values[operand]!;
    else types[name] = operand.map((value) => graph.values[value]!);
  }
  return types;
}

function resultTypes(rule: OpRule, node: Node, graph: Pick<Graph, 'values'>): Map<string, OperandType> {
  const types = node.results.map((value) => graph.values[value]!);
  return new Map(
    rule.results.map(
      ({ name, kind }, i) => [name, kind === 'variadic' ? types.slice(i) : types[i]!] as const,
    ),
  );
}
