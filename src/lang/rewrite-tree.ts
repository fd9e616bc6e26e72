import type { Node } from 'ohm-js';
import type { Build, Expr, Match, RewriteRule } from './ast.js';
import type { Token } from './precedence.js';
import { arityOf, items, optional, problem, row, span, spanOf, text } from './tree-context.js';

interface AttrValue {
  readonly name: string;
  readonly value: Expr;
  readonly span: Expr['span'];
}

const makeBuild = {
  unary(_operator: '-' | 'not', operand: Build, at: Build['span']): Build {
    if (operand.kind === 'scalar') {
      const { value } = operand;
      return typeof literalOf(value) === 'number'
        ? {
            kind: 'scalar',
            value: { kind: 'literal', value: -(literalOf(value) as number), span: at },
            span: at,
          }
        : { kind: 'scalar', value: { kind: 'unary', operator: '-', operand: value, span: at }, span: at };
    }
    problem({
      code: 'E104',
      message: 'a minus sign stands before a tensor',
      span: at,
      why: 'Only `a - b` is an operator of rewrites; each operator stands for one op, as `infix` declares.',
      help: 'Write `0 - x`, or name the op.',
    });
    return operand;
  },
  /** The operator stands for its op until `resolve` looks it up. */
  binary: (operator: string, left: Build, right: Build, at: Build['span']): Build =>
    operator === '??'
      ? { kind: 'else', first: left, second: right, span: at }
      : { kind: 'node', op: operator, args: [left, right], spread: null, attrs: [], span: at },
};

function literalOf(expr: Expr): unknown {
  return expr.kind === 'literal' ? expr.value : undefined;
}

/** Trees of rewrites: the actions of the grammar's rules, by rule name. */
export const rewriteActions = {
  Rewrite(
    this: Node,
    _word: Node,
    name: Node,
    _open: Node,
    match: Node,
    _where: Node,
    where: Node,
    _arrow: Node,
    build: Node,
    _close: Node,
  ): RewriteRule {
    return {
      kind: 'rewrite',
      name: text(name),
      doc: '',
      match: match.tree() as Match,
      where: optional(where),
      build: build.tree() as Build,
      span: spanOf(this),
    };
  },
  Match_number(minus: Node, number: Node): Match {
    const size = Number(text(number));
    const at = span(minus.source.startIdx, number.source.endIdx);
    return { kind: 'number', value: text(minus) === '-' ? -size : size, span: at };
  },
  Match_any(word: Node): Match {
    return { kind: 'any', span: spanOf(word) };
  },
  Match_value(this: Node, name: Node, mark: Node): Match {
    return { kind: 'value', name: text(name), arity: arityOf(mark), span: spanOf(this) };
  },
  MatchNode(
    this: Node,
    ops: Node,
    _open: Node,
    args: Node,
    _comma: Node,
    _close: Node,
    attrs: Node,
    _as: Node,
    alias: Node,
  ): Match {
    return {
      kind: 'node',
      ops: ops.tree() as string[],
      args: items(args),
      attrs: (optional<AttrValue[]>(attrs) ?? []).map(({ name, value }) => ({ name, value })),
      as: alias.children[0] === undefined ? null : text(alias.children[0]),
      span: spanOf(this),
    };
  },
  MatchOps_several(_open: Node, ops: Node, _close: Node): string[] {
    return ops.asIteration().children.map(text);
  },
  MatchOps_one(op: Node): string[] {
    return [text(op)];
  },

  BuildIf(this: Node, _if: Node, test: Node, _then: Node, yes: Node, _else: Node, no: Node): Build {
    return {
      kind: 'if',
      test: test.tree() as Expr,
      then: yes.tree() as Build,
      otherwise: no.tree() as Build,
      span: spanOf(this),
    };
  },
  BuildLet(this: Node, _let: Node, bindings: Node, _in: Node, body: Node): Build {
    return {
      kind: 'let',
      bindings: items(bindings),
      body: body.tree() as Build,
      span: spanOf(this),
    };
  },
  BuildBinding(name: Node, _equals: Node, value: Node): { name: string; value: Build } {
    return { name: text(name), value: value.tree() as Build };
  },
  BuildOperation(first: Node, operators: Node, others: Node): Build {
    return row<Build>(first, operators, others, makeBuild);
  },
  BuildTerm(minus: Node, primary: Node, _dots: Node, fields: Node): Token<Build>[] {
    const value = fields.children.reduce<Build>(
      (of, field) => fieldOf(of, text(field), { ...of.span, end: spanOf(field).end }),
      primary.tree() as Build,
    );
    const operand: Token<Build> = { type: 'operand', value };
    return text(minus) === '-'
      ? [{ type: 'prefix', operator: '-', start: minus.source.startIdx }, operand]
      : [operand];
  },
  BuildPrimary_number(digits: Node): Build {
    const at = spanOf(digits);
    return { kind: 'scalar', value: { kind: 'literal', value: Number(text(digits)), span: at }, span: at };
  },
  BuildPrimary_none(word: Node): Build {
    return { kind: 'none', span: spanOf(word) };
  },
  BuildPrimary_group(_open: Node, inner: Node, _close: Node): Build {
    return inner.tree() as Build;
  },
  BuildPrimary_each(
    open: Node,
    body: Node,
    _for: Node,
    name: Node,
    _in: Node,
    over: Node,
    close: Node,
  ): Build {
    return {
      kind: 'each',
      body: body.tree() as Build,
      name: text(name),
      over: over.tree() as Expr,
      span: span(open.source.startIdx, close.source.endIdx),
    };
  },
  BuildPrimary_list(open: Node, list: Node, _comma: Node, close: Node): Build {
    return { kind: 'list', items: items(list), span: span(open.source.startIdx, close.source.endIdx) };
  },
  BuildPrimary_scalar(word: Node, _open: Node, value: Node, close: Node): Build {
    return {
      kind: 'scalar',
      value: value.tree() as Expr,
      span: span(word.source.startIdx, close.source.endIdx),
    };
  },
  BuildPrimary_node(callee: Node, _open: Node, args: Node, _comma: Node, close: Node, given: Node): Build {
    const { spread, attrs } = optional<{ spread: string | null; attrs: AttrValue[] }>(given) ?? {
      spread: null,
      attrs: [],
    };
    const end = given.children.length === 0 ? close.source.endIdx : given.source.endIdx;
    return {
      kind: 'node',
      op: text(callee),
      args: items(args),
      spread,
      attrs: attrs.map(({ name, value }) => ({ name, value })),
      span: span(callee.source.startIdx, end),
    };
  },
  BuildPrimary_name(name: Node): Build {
    return { kind: 'value', name: text(name), span: spanOf(name) };
  },
  Given_spread(_open: Node, _dots: Node, name: Node, _commas: Node, attrs: Node, _comma: Node, _close: Node) {
    return { spread: text(name), attrs: attrs.children.map((attr) => attr.tree() as AttrValue) };
  },
  Given_plain(attrs: Node) {
    return { spread: null, attrs: attrs.tree() as AttrValue[] };
  },
  AttrValues(_open: Node, attrs: Node, _comma: Node, _close: Node): AttrValue[] {
    return items(attrs);
  },
  AttrValue(this: Node, name: Node, _equals: Node, value: Node): AttrValue {
    const own: Expr = { kind: 'name', name: text(name), span: spanOf(name) };
    return { name: text(name), value: optional<Expr>(value) ?? own, span: spanOf(this) };
  },
};

/**
 * `n.epsilon` reads an attribute of the matched node `n`: a number; a field of anything else is one of its results.
 * Which of them a field of a name is, `resolve` decides.
 */
function fieldOf(of: Build, field: string, at: Build['span']): Build {
  if (of.kind === 'value') {
    const base: Expr = { kind: 'name', name: of.name, span: of.span };
    return { kind: 'scalar', value: { kind: 'field', of: base, field, span: at }, span: at };
  }
  if (of.kind === 'scalar' && of.value.kind !== 'literal') {
    return { kind: 'scalar', value: { kind: 'field', of: of.value, field, span: at }, span: at };
  }
  return { kind: 'result', of, index: field, span: at };
}
