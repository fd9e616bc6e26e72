/** Removes what no output depends on. */
import type { Graph, Node, ValueId } from '../ir/graph.js';
import { operandValues } from '../ir/graph.js';

/** Drops nodes and parameters that no output reads, directly or not. Inputs stay: they are the model's signature. */
export function removeDead(graph: Graph): Graph {
  const live = new Set<ValueId>(graph.outputs.map(({ value }) => value));
  const nodes: Node[] = [];
  for (const node of [...graph.nodes].reverse()) {
    if (!node.results.some((id) => live.has(id))) continue;
    nodes.push(node);
    for (const id of operandValues(node)) live.add(id);
  }
  nodes.reverse();
  const parameters = Object.entries(graph.parameters).filter(([id]) => live.has(id));
  if (nodes.length === graph.nodes.length && parameters.length === Object.keys(graph.parameters).length)
    return graph;

  const kept = new Set<ValueId>([
    ...graph.inputs.map(({ value }) => value),
    ...parameters.map(([id]) => id),
    ...nodes.flatMap(({ results }) => results),
  ]);
  return {
    ...graph,
    nodes,
    parameters: Object.fromEntries(parameters),
    values: Object.fromEntries(Object.entries(graph.values).filter(([id]) => kept.has(id))),
  };
}
