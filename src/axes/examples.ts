/** Whether a network may be given its examples in parts: what it computes of one does not depend on the others. */
import type { RuleSet } from '../lang/ast.js';
import { mentions } from '../lang/mentions.js';
import type { Attr, Graph, Node } from '../ir/graph.js';
import { sameSize } from '../ir/sizes.js';
import { ruleInfo } from '../shapes/rule-info.js';
import { Walk } from './infer.js';
import { find, leavesOf, type TermNode } from './terms.js';

const oneBatch = { batch: 1 };

/**
 * Examples are independent where their axis could be pruned: then a network of some of them gives the same as the whole
 * one gives for those. So it is followed like channels, and is refused where rules say that an axis can't go, that
 * values would change, or that it is summed up; and where the size of the batch becomes a number to compute with.
 *
 * Says no rather than yes in doubt. Linear in the size of the graph.
 */
export function examplesAreIndependent(graph: Graph, rules: Pick<RuleSet, 'ops'>): boolean {
  const ports = [...graph.inputs, ...graph.outputs];
  const hasExamples = ports.every(({ value }) => {
    const [first] = graph.values[value]!.shape;
    return first !== undefined && sameSize(first, oneBatch);
  });
  if (!hasExamples || !graph.nodes.every((node) => namesBatchInSizesOnly(node, rules))) return false;

  const walk = new Walk(graph, rules);
  const axis = walk.unifier.leaf(oneBatch);
  walk.inputs((dim) => (dim === 0 ? axis : null));
  for (const node of graph.nodes) walk.node(node);

  const examples = find(axis);
  const has = (term: TermNode): boolean => leavesOf(term).some((leaf) => leaf === examples);
  const { frozen, mixes } = examples.marks;
  if (examples.kind !== 'leaf' || frozen !== undefined || mixes !== undefined) return false;
  // Another axis as long as the batch was made from its size alone.
  const isOther = (leaf: TermNode): boolean => typeof leaf.size !== 'number' && leaf !== examples;
  if (walk.unifier.leaves.some((leaf) => leaf.forward === null && isOther(leaf))) return false;
  if (walk.ends.some(({ dims }) => dims.some(({ value, dim }) => has(walk.terms.get(value)![dim]!))))
    return false;
  return graph.outputs.every(({ value }) => {
    const [first, ...others] = walk.terms.get(value)!;
    return find(first!) === examples && !others.some(has);
  });
}

/** Whether the batch is named only by attributes that say how large the result is. */
function namesBatchInSizesOnly(node: Node, rules: Pick<RuleSet, 'ops'>): boolean {
  const named = Object.keys(node.attrs).filter((name) => hasBatch(node.attrs[name]!));
  if (named.length === 0) return true;
  const { axes, signature, functions } = ruleInfo(rules.ops.get(node.op)!);
  const sizes = new Set(axes);
  for (const { right } of signature?.where ?? []) mentions(right, sizes);
  for (const { args } of functions) for (const arg of args) mentions(arg, sizes);
  return named.every((name) => sizes.has(name));
}

function hasBatch(attr: Attr): boolean {
  if (typeof attr !== 'object' || attr === null) return false;
  if (Array.isArray(attr)) return (attr as readonly Attr[]).some(hasBatch);
  return 'batch' in attr || Object.values(attr).some(hasBatch);
}
