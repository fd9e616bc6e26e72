/** What the passes did, as text: `compile --trace-passes`. */
import type { Node } from '../ir/graph.js';
import { printId, printNode } from '../ir/print.js';
import type { StageRecord } from './pipeline.js';

/** A stage with the rewrites that it applied and the nodes that it took out and put in. */
export function printTrace(record: StageRecord): string {
  const { name, before, after, milliseconds, patches, applied, removed, added } = record;
  const lines = [
    `== ${name}: ${String(before.nodes.length)} -> ${String(after.nodes.length)} nodes, ` +
      `${String(patches.length)} patches, ${milliseconds.toFixed(1)} ms`,
  ];
  /** Signs and names of nodes: one that was only rewired in between is not told twice. */
  const told = new Set<string>();
  const line = (sign: string, node: Node): string =>
    `  ${sign} ${printNode(node, sign === '-' ? before.values : after.values, { provenance: false })}`;
  for (const { rewrite, node, matched, built } of applied) {
    lines.push(`${rewrite} at ${printId(node)}`);
    for (const old of [...matched].reverse()) {
      lines.push(line('-', old));
      told.add(`-${old.id}`);
    }
    for (const now of built) {
      lines.push(line('+', now));
      told.add(`+${now.id}`);
    }
  }
  const rest = [
    ...removed.filter(({ id }) => !told.has(`-${id}`)).map((node) => line('-', node)),
    ...added.filter(({ id }) => !told.has(`+${id}`)).map((node) => line('+', node)),
  ];
  if (rest.length > 0 && applied.length > 0) lines.push('then, folded or no longer read:');
  return [...lines, ...rest].join('\n') + '\n';
}
