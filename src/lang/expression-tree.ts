import type { Node } from 'ohm-js';
import type { BinaryOperator, Expr } from './ast.js';
import type { Token } from './precedence.js';
import { items, optional, row, span, spanOf, text } from './tree-context.js';

const makeExpr = {
  unary: (operator: '-' | 'not', operand: Expr, at: Expr['span']): Expr =>
    operator === '-' && operand.kind === 'literal' && typeof operand.value === 'number'
      ? { kind: 'literal', value: -operand.value, span: at }
      : { kind: 'unary', operator, operand, span: at },
  binary: (operator: string, left: Expr, right: Expr, at: Expr['span']): Expr => ({
    kind: 'binary',
    operator: (operator === 'div' ? '//' : operator) as BinaryOperator,
    left,
    right,
    span: at,
  }),
};

function operation(first: Node, operators: Node, others: Node): Expr {
  return row<Expr>(first, operators, others, makeExpr);
}

function binding(name: Node, _equals: Node, value: Node): { name: string; value: Expr } {
  return { name: text(name), value: value.tree() as Expr };
}

/** Trees of expressions: the actions of the grammar's rules, by rule name. */
export const expressionActions = {
  If(this: Node, _if: Node, test: Node, _then: Node, yes: Node, _else: Node, no: Node): Expr {
    return {
      kind: 'conditional',
      test: test.tree() as Expr,
      then: yes.tree() as Expr,
      otherwise: no.tree() as Expr,
      span: spanOf(this),
    };
  },
  Let(this: Node, _let: Node, bindings: Node, _in: Node, body: Node): Expr {
    return {
      kind: 'let',
      bindings: items(bindings),
      body: body.tree() as Expr,
      span: spanOf(this),
    };
  },
  Binding: binding,
  Operation: operation,
  BoundOperation: operation,
  Term(prefixes: Node, primary: Node, suffixes: Node): Token<Expr>[] {
    const start = primary.tree() as Expr;
    const value = suffixes.children.reduce<Expr>((of, suffix) => {
      const at = { ...of.span, end: spanOf(suffix).end };
      const part = suffix.tree() as { field: string } | { index: Expr };
      return 'field' in part
        ? { kind: 'field', of, field: part.field, span: at }
        : { kind: 'index', of, index: part.index, span: at };
    }, start);
    return [
      ...prefixes.children.map((prefix): Token<Expr> => ({
        type: 'prefix',
        operator: text(prefix),
        start: prefix.source.startIdx,
      })),
      { type: 'operand', value },
    ];
  },
  Suffix_field(_dot: Node, field: Node): { field: string } {
    return { field: text(field) };
  },
  Suffix_index(_open: Node, index: Node, _close: Node): { index: Expr } {
    return { index: index.tree() as Expr };
  },
  Primary_number(digits: Node): Expr {
    return { kind: 'literal', value: Number(text(digits)), span: spanOf(digits) };
  },
  Primary_string(quoted: Node): Expr {
    return { kind: 'literal', value: unquote(text(quoted)), span: spanOf(quoted) };
  },
  Primary_constant(word: Node): Expr {
    const value = text(word) === 'null' ? null : text(word) === 'true';
    return { kind: 'literal', value, span: spanOf(word) };
  },
  Primary_group(_open: Node, inner: Node, _close: Node): Expr {
    return inner.tree() as Expr;
  },
  Primary_each(
    open: Node,
    body: Node,
    _for: Node,
    name: Node,
    _in: Node,
    over: Node,
    _if: Node,
    where: Node,
    close: Node,
  ): Expr {
    return {
      kind: 'each',
      body: body.tree() as Expr,
      name: text(name),
      over: over.tree() as Expr,
      where: optional(where),
      span: span(open.source.startIdx, close.source.endIdx),
    };
  },
  Primary_list(open: Node, list: Node, _comma: Node, close: Node): Expr {
    return { kind: 'list', items: items(list), span: span(open.source.startIdx, close.source.endIdx) };
  },
  Primary_object(open: Node, list: Node, _comma: Node, close: Node): Expr {
    return { kind: 'object', entries: items(list), span: span(open.source.startIdx, close.source.endIdx) };
  },
  Primary_call(callee: Node, _open: Node, args: Node, _comma: Node, close: Node): Expr {
    return {
      kind: 'call',
      callee: text(callee).split('.'),
      args: items(args),
      span: span(callee.source.startIdx, close.source.endIdx),
    };
  },
  Primary_name(name: Node): Expr {
    return { kind: 'name', name: text(name), span: spanOf(name) };
  },
  Argument_optional(this: Node, name: Node, _mark: Node): Expr {
    return { kind: 'name', name: text(name), mayBeAbsent: true, span: spanOf(this) };
  },
  Argument_spread(dots: Node, of: Node): Expr {
    return { kind: 'spread', of: of.tree() as Expr, span: span(dots.source.startIdx, of.source.endIdx) };
  },
  Entry(key: Node, _colon: Node, value: Node): { key: string; value: Expr } {
    return {
      key: text(key),
      value: optional<Expr>(value) ?? { kind: 'name', name: text(key), span: spanOf(key) },
    };
  },
};

/** The value of a quoted string. */
export function unquote(quoted: string): string {
  return quoted.slice(1, -1).replace(/\\(.)/gs, (_, c: string) => (c === 'n' ? '\n' : c === 't' ? '\t' : c));
}
