/**
 * Weights that a model computes from others every time it runs: standardised, scaled to a length, divided by their
 * largest singular value. What is computed over all channels of a weight changes when some go, so it is computed before,
 * and what it makes is a weight like any other.
 */
import { operandValues, type Graph, type Node, type ValueId } from '../ir/graph.js';
import { elementCount, sameShape } from '../ir/types.js';
import type { RuleSet } from '../lang/ast.js';

/** What is known of a value that parameters alone determine. */
interface Constant {
  /** The parameter whose elements these are, each changed on its own; null where it is none's. */
  readonly elements: ValueId | null;
  /** The parameters that it depends on. */
  readonly reads: ReadonlySet<ValueId>;
  /** Those of them that several elements of are looked at together. */
  readonly sums: ReadonlySet<ValueId>;
}

/**
 * The graph in which such weights are parameters, named after those that they are made of. Their data is
 * not computed, and what they were made of is still there.
 * @returns the same graph where there are none
 */
export function withSettled(graph: Graph, rules: RuleSet): Graph {
  const settled = settledValues(graph, rules);
  if (settled.size === 0) return graph;
  const parameters = [...settled].map(([id, name]) => [id, { name, ...graph.values[id]! }] as const);
  return {
    ...graph,
    nodes: graph.nodes.filter((node) => !node.results.some((id) => settled.has(id))),
    parameters: { ...graph.parameters, ...Object.fromEntries(parameters) },
  };
}

/** Values that have the elements and the shape of a parameter, and depend on several of its elements together. */
export function settledValues(graph: Graph, rules: RuleSet): ReadonlyMap<ValueId, string> {
  const constants = new Map<ValueId, Constant>(
    Object.keys(graph.parameters).map((id) => [id, { elements: id, reads: new Set([id]), sums: new Set() }]),
  );
  const found = new Map<ValueId, ValueId>();
  for (const node of graph.nodes) {
    const operands = operandValues(node);
    const known = operands.flatMap((id) => constants.get(id) ?? []);
    if (known.length < operands.length) continue;
    for (const id of node.results) {
      const constant = constantOf(id, node, graph, rules, constants);
      constants.set(id, constant);
      const { elements, sums } = constant;
      if (elements === null || !sums.has(elements) || node.results.length > 1) continue;
      if (!sameShape(graph.values[id]!.shape, graph.values[elements]!.shape)) continue;
      // Only the last step of a computation.
      for (const earlier of operands) if (found.get(earlier) === elements) found.delete(earlier);
      found.set(id, elements);
    }
  }
  const taken = new Set(Object.values(graph.parameters).map(({ name }) => name));
  return new Map(
    [...found].map(([id, elements]) => {
      let name = `${graph.parameters[elements]!.name}.computed`;
      while (taken.has(name)) name += '_';
      taken.add(name);
      return [id, name];
    }),
  );
}

function constantOf(
  id: ValueId,
  node: Node,
  graph: Graph,
  rules: RuleSet,
  constants: ReadonlyMap<ValueId, Constant>,
): Constant {
  const rule = rules.ops.get(node.op);
  const count = elementCount(graph.values[id]!.shape);
  const operands = operandValues(node).map((operand) => ({
    ...constants.get(operand)!,
    count: elementCount(graph.values[operand]!.shape),
  }));
  const together = rule !== undefined && rule.fixed.length + rule.mixes.length > 0;
  return {
    elements:
      operands.find((operand) => operand.elements !== null && operand.count === count)?.elements ?? null,
    reads: new Set(operands.flatMap(({ reads }) => [...reads])),
    sums: new Set(
      operands.flatMap((operand) => [
        ...operand.sums,
        ...(together || (operand.count ?? 0) > (count ?? 0) ? operand.reads : []),
      ]),
    ),
  };
}
