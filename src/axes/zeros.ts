/**
 * Where channels end at a sum over data alone, nothing multiplies them by a sliced weight: removing them is exact only
 * if they are zero there when their weights are. This follows the rules' `zeros` clauses from the end back to where the
 * channels are born, and marks those that need not arrive as zeros with `mixes`.
 */
import type { RuleSet, ZeroExpr } from '../lang/ast.js';
import type { Graph, Node, ValueId } from '../ir/graph.js';
import { operandList } from '../shapes/operands.js';
import type { Walk } from './infer.js';
import { leavesOf } from './terms.js';

export function markNonZero(graph: Graph, rules: RuleSet, walk: Walk): void {
  const zeros = new Zeros(graph, rules, walk);
  for (const { node, dims, dataOnly } of walk.ends) {
    if (!dataOnly) continue;
    const leaves = new Map(
      dims.flatMap(({ value, dim }) => leavesOf(walk.terms.get(value)![dim]!)).map((l) => [l.id, l]),
    );
    for (const leaf of leaves.values()) {
      if (leaf.marks.frozen !== undefined || leaf.marks.mixes !== undefined) continue;
      if (dims.some(({ value }) => zeros.isZero(value, leaf.id))) continue;
      walk.unifier.why = { message: '', node: node.id, rule: node.rule };
      walk.unifier.mark(
        leaf,
        'mixes',
        `${node.op} adds up values of it that need not be zero where its weights are`,
      );
    }
  }
}

class Zeros {
  readonly #producers = new Map<ValueId, Node>();
  readonly #leaves = new Map<ValueId, ReadonlySet<number>>();
  readonly #known = new Map<string, boolean>();
  readonly #graph: Graph;
  readonly #rules: RuleSet;
  readonly #walk: Walk;

  constructor(graph: Graph, rules: RuleSet, walk: Walk) {
    this.#graph = graph;
    this.#rules = rules;
    this.#walk = walk;
    for (const node of graph.nodes) for (const value of node.results) this.#producers.set(value, node);
  }

  #carries(value: ValueId, leaf: number): boolean {
    let leaves = this.#leaves.get(value);
    if (leaves === undefined) {
      leaves = new Set(this.#walk.terms.get(value)!.flatMap((term) => leavesOf(term).map((l) => l.id)));
      this.#leaves.set(value, leaves);
    }
    return leaves.has(leaf);
  }

  /** Whether the leaf's channels of a value are zero once the weights that they own are. An explicit stack: graphs are deep. */
  isZero(value: ValueId, leaf: number): boolean {
    const key = (v: ValueId): string => `${leaf}:${v}`;
    const stack = [value];
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!;
      if (this.#known.has(key(top))) {
        stack.pop();
        continue;
      }
      const node = this.#producers.get(top);
      const expr = node === undefined ? undefined : this.#rules.ops.get(node.op)!.zeros;
      if (node === undefined || expr === null || expr === undefined || !this.#carries(top, leaf)) {
        this.#known.set(key(top), this.#carries(top, leaf) && top in this.#graph.parameters);
        continue;
      }
      const operands = namesIn(expr).flatMap((name) => operandList(node.operands[name]));
      const open = operands.filter((v) => this.#carries(v, leaf) && !this.#known.has(key(v)));
      if (open.length > 0) stack.push(...open);
      else this.#known.set(key(top), this.#holds(expr, node, leaf, key));
    }
    return this.#known.get(key(value))!;
  }

  #holds(expr: ZeroExpr, node: Node, leaf: number, key: (v: ValueId) => string): boolean {
    if (expr.kind !== 'operand') {
      const holds = (e: ZeroExpr): boolean => this.#holds(e, node, leaf, key);
      return expr.kind === 'all' ? expr.of.every(holds) : expr.of.some(holds);
    }
    if (node.operands[expr.name] === null) return true;
    const carriers = operandList(node.operands[expr.name]).filter((v) => this.#carries(v, leaf));
    return carriers.length > 0 && carriers.every((v) => this.#known.get(key(v)) === true);
  }
}

function namesIn(expr: ZeroExpr): string[] {
  return expr.kind === 'operand' ? [expr.name] : expr.of.flatMap(namesIn);
}
