/** What of a graph reaches an output. */
import { operandValues, type Graph, type ValueId } from '../ir/graph.js';
import { valuesRead } from './functions.js';

/** The graph without nodes that nothing reads, and what is read of it. */
export function liveGraph(graph: Graph): { graph: Graph; read: ReadonlySet<ValueId> } {
  const read = new Set(graph.outputs.map(({ value }) => value));
  const nodes = [...graph.nodes].reverse().filter((node) => {
    if (!node.results.some((id) => read.has(id))) return false;
    for (const id of [...operandValues(node), ...valuesRead(node, graph)]) read.add(id);
    return true;
  });
  return { graph: { ...graph, nodes: nodes.reverse() }, read };
}
