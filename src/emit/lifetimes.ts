/** When a function reads its values for the last time: they are freed there, as the model's own runtime does. */
import type { Graph, ValueId } from '../ir/graph.js';
import { valuesRead, type Fn, type Statement } from './functions.js';

/** The values that a statement makes, and those that it reads; parameters of the model are not among them. */
function flowOf(statement: Statement, graph: Graph): { made: readonly ValueId[]; read: readonly ValueId[] } {
  return statement.kind === 'call'
    ? { made: statement.fn.outputs, read: statement.fn.inputs }
    : { made: statement.node.results, read: valuesRead(statement.node, graph) };
}

/**
 * The values that nothing reads after a statement, for each statement of a function. Only what the function makes and
 * does not give back is among them.
 */
export function lastReads(
  fn: Fn,
  returned: readonly ValueId[],
  graph: Graph,
): ReadonlyMap<Statement, readonly ValueId[]> {
  const seen = new Set(returned);
  const made = new Set(fn.statements.flatMap((statement) => flowOf(statement, graph).made));
  const dying = new Map<Statement, ValueId[]>();
  for (const statement of [...fn.statements].reverse()) {
    const last = new Set(flowOf(statement, graph).read.filter((id) => made.has(id) && !seen.has(id)));
    last.forEach((id) => seen.add(id));
    dying.set(statement, [...last]);
  }
  return dying;
}
