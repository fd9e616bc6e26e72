import type { Node } from 'ohm-js';
import type { AxesClause, AxisConstraint, AxisExpr, Expr, TensorPattern } from './ast.js';
import { items, span, spanOf, text } from './tree-context.js';

/** Trees of axis signatures: the actions of the grammar's rules, by rule name. */
export const axisActions = {
  Signature(
    this: Node,
    operands: Node,
    _arrow: Node,
    results: Node,
    _where: Node,
    constraints: Node,
  ): AxesClause {
    return {
      kind: 'signature',
      operands: operands.children.map((pattern) => pattern.tree() as TensorPattern),
      results: results.children.map((pattern) => pattern.tree() as TensorPattern),
      where: constraints.children.length === 0 ? [] : items(constraints.children[0]!),
      span: spanOf(this),
    };
  },
  TensorPattern(this: Node, name: Node, _mark: Node, dims: Node): TensorPattern {
    return { tensor: text(name), dims: dims.tree() as AxisExpr[], span: spanOf(this) };
  },
  Dims(_open: Node, dims: Node, _close: Node): AxisExpr[] {
    return items(dims);
  },
  Axis_broadcast(word: Node, _open: Node, rests: Node, _close: Node, dots: Node): AxisExpr {
    return {
      kind: 'broadcast',
      names: rests.asIteration().children.map(text),
      span: span(word.source.startIdx, dots.source.endIdx),
    };
  },
  Axis_rest(this: Node, name: Node, _dots: Node): AxisExpr {
    return { kind: 'rest', name: text(name), span: spanOf(this) };
  },
  AxisFactor_sumOf(this: Node, _open: Node, _plus: Node, name: Node, _star: Node, _close: Node): AxisExpr {
    return { kind: 'sumOf', name: text(name), span: spanOf(this) };
  },
  AxisFactor_sum(this: Node, _open: Node, first: Node, _plus: Node, others: Node, _close: Node): AxisExpr {
    return {
      kind: 'sum',
      terms: [first, ...others.children].map((term) => term.tree() as AxisExpr),
      span: spanOf(this),
    };
  },
  AxisFactor_product(this: Node, _open: Node, factors: Node, _close: Node): AxisExpr {
    const trees = factors.children.map((factor) => factor.tree() as AxisExpr);
    return trees.length === 1 ? trees[0]! : { kind: 'product', factors: trees, span: spanOf(this) };
  },
  AxisFactor_each(this: Node, name: Node, _star: Node): AxisExpr {
    return { kind: 'each', name: text(name), span: spanOf(this) };
  },
  AxisFactor_literal(size: Node): AxisExpr {
    return { kind: 'literal', size: Number(text(size)), span: spanOf(size) };
  },
  AxisFactor_axis(name: Node): AxisExpr {
    return { kind: 'axis', name: text(name), span: spanOf(name) };
  },
  Constraint_count(
    this: Node,
    _open: Node,
    name: Node,
    star: Node,
    _close: Node,
    _equals: Node,
    value: Node,
  ): AxisConstraint {
    return {
      left: { kind: star.children.length > 0 ? 'sizes' : 'rank', name: text(name) },
      right: value.tree() as Expr,
      span: spanOf(this),
    };
  },
  Constraint_size(this: Node, name: Node, _equals: Node, value: Node): AxisConstraint {
    return {
      left: { kind: 'size', name: text(name) },
      right: value.tree() as Expr,
      span: spanOf(this),
    };
  },
};
