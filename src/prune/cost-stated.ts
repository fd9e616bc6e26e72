/** Multiply-accumulates by a rule's own `cost` expression, evaluated with the sizes that pruning leaves. */
import type { AxisAnalysis } from '../axes/analysis.js';
import type { Term } from '../axes/terms.js';
import { fail, type Span } from '../diagnostics/diagnostic.js';
import type { Attr, Graph, Node, TensorType, ValueId } from '../ir/graph.js';
import type { Expr, OpRule } from '../lang/ast.js';
import { evaluate, type Scope } from '../lang/evaluate.js';
import { EvaluationError } from '../lang/evaluation-error.js';
import type { CostFunction } from './cost.js';
import { type LeafSizes, termSize } from './polynomial.js';

/** A function from kept sizes to the cost of one node. */
export function statedCost(
  graph: Graph,
  node: Node,
  rule: OpRule,
  cost: Expr,
  analysis: AxisAnalysis,
): CostFunction {
  const axes = analysis.nodeAxes.get(node.id) ?? new Map<string, readonly Term[]>();
  return (sizes) => {
    try {
      const value = evaluate(cost, scopeOf(graph, node, rule, analysis, axes, sizes));
      if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value;
      return badCost(node, rule, cost.span, `It comes to ${JSON.stringify(value)}.`);
    } catch (error) {
      if (!(error instanceof EvaluationError)) throw error;
      return badCost(node, rule, error.span ?? cost.span, error.message);
    }
  };
}

function scopeOf(
  graph: Graph,
  node: Node,
  rule: OpRule,
  analysis: AxisAnalysis,
  axes: ReadonlyMap<string, readonly Term[]>,
  sizes: LeafSizes,
): Scope {
  const typeOf = (value: ValueId): TensorType => ({
    dtype: graph.values[value]!.dtype,
    shape: analysis.terms.get(value)!.map((term) => termSize(term, sizes)),
  });
  const sizeOf = (axis: string, at: LeafSizes): Attr | undefined => {
    const terms = axes.get(axis);
    if (terms === undefined) return undefined;
    const all = terms.map((term) => termSize(term, at));
    return all.length === 1 ? all[0]! : all;
  };
  return {
    name: (name) => node.attrs[name] ?? sizeOf(name, sizes),
    tensor: (name) => {
      const operand = node.operands[name];
      if (operand === null) return null;
      if (typeof operand === 'string') return typeOf(operand);
      const result = rule.results.findIndex((r) => r.name === name && r.kind === 'one');
      return result < 0 ? undefined : typeOf(node.results[result]!);
    },
    raw: (axis) => {
      const size = sizeOf(axis, new Map());
      return typeof size === 'number' ? size : undefined;
    },
  };
}

function badCost(node: Node, rule: OpRule, span: Span, why: string): never {
  return fail({
    code: 'E413',
    message: `the cost of "${rule.name}" can't be computed`,
    span,
    where: `node "${node.source.name}"`,
    why,
    help: 'Write it with the sizes of the axes, attributes and shapes, so that it comes to one number.',
  });
}
