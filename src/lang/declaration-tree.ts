import type { Node } from 'ohm-js';
import type { Span } from '../diagnostics/diagnostic.js';
import type {
  AttrDecl,
  AttrType,
  AxesClause,
  AxisFunctionName,
  Build,
  Declaration,
  EmitClause,
  Expr,
  ExtendRule,
  FromClause,
  InfixRule,
  OperandDecl,
  OpRule,
  PassRule,
  PipelineRule,
  ResultDecl,
  SourcePattern,
  ZeroExpr,
} from './ast.js';
import { unquote } from './expression-tree.js';
import { arityOf, items, optional, problem, span, spanOf, text } from './tree-context.js';

/** A clause adds to the op that is being read. */
type Clause = (op: Draft) => void;

/** A rule while its clauses are read. */
type Draft = { -readonly [K in keyof OpRule]: OpRule[K] } & {
  attrs: AttrDecl[];
  axes: AxesClause[];
  froms: FromClause[];
  emits: EmitClause[];
  places: Record<string, Span>;
};

interface Equation {
  readonly name: string;
  readonly nameSpan: Span;
  readonly value: Expr;
  readonly span: Span;
}

/** Notes that a clause is there, and complains if it was already. */
function once(op: Draft, word: Node): void {
  const key = text(word);
  const first = op.places[key];
  if (first) {
    problem({
      code: 'E102',
      message: `\`${key}\` is given twice`,
      span: spanOf(word),
      why: `An op has at most one \`${key}\` clause.`,
      help: 'Join the two, separated by commas, or remove one.',
      notes: [{ message: 'the first is here', span: first }],
    });
  }
  op.places[key] = spanOf(word);
}

function names(op: Draft, word: Node, list: Node): string[] {
  return list.asIteration().children.map((name) => {
    op.places[`${text(word)}:${text(name)}`] = spanOf(name);
    return text(name);
  });
}

function docOf(lines: Node): string {
  return lines.children.map((line) => text(line).trim().slice(3).trim()).join('\n');
}

/** Trees of declarations and the clauses of ops: the actions of the grammar's rules, by rule name. */
export const declarationActions = {
  Declaration(docs: Node, declaration: Node): Declaration {
    const tree = declaration.tree() as Declaration;
    return 'doc' in tree ? { ...tree, doc: docOf(docs) } : tree;
  },
  Op(
    this: Node,
    _op: Node,
    name: Node,
    _open: Node,
    operands: Node,
    _close: Node,
    _arrow: Node,
    results: Node,
    _begin: Node,
    clauses: Node,
    _end: Node,
  ): OpRule {
    const draft: Draft = {
      kind: 'op',
      name: text(name),
      doc: '',
      operands: items<OperandDecl>(operands),
      results: items<ResultDecl>(results),
      attrs: [],
      axes: [],
      sizes: [],
      fixed: [],
      mixes: [],
      keep: [],
      zeros: null,
      dtypes: [],
      roles: {},
      commutes: [],
      value: null,
      cost: null,
      dynamic: null,
      froms: [],
      emits: [],
      places: { name: spanOf(name) },
      span: spanOf(this),
    };
    for (const clause of clauses.children) (clause.tree() as Clause)(draft);
    return draft;
  },
  Operand(this: Node, name: Node, mark: Node): OperandDecl {
    return { name: text(name), kind: arityOf(mark), span: spanOf(this) };
  },
  Result(this: Node, name: Node, star: Node): ResultDecl {
    return {
      name: text(name),
      kind: text(star) === '*' ? 'variadic' : 'one',
      span: spanOf(this),
    };
  },
  Pass(
    this: Node,
    _pass: Node,
    name: Node,
    _open: Node,
    rewrites: Node,
    _comma: Node,
    _close: Node,
  ): PassRule {
    return {
      kind: 'pass',
      name: text(name),
      doc: '',
      rewrites: rewrites.asIteration().children.map(text),
      places: Object.fromEntries(rewrites.asIteration().children.map((name) => [text(name), spanOf(name)])),
      span: spanOf(this),
    };
  },
  Extension(
    this: Node,
    _extend: Node,
    _pass: Node,
    name: Node,
    _open: Node,
    rewrites: Node,
    _comma: Node,
    _close: Node,
  ): ExtendRule {
    return {
      kind: 'extend',
      name: text(name),
      rewrites: rewrites
        .asIteration()
        .children.map((rewrite) => ({ name: text(rewrite), span: spanOf(rewrite) })),
      place: spanOf(name),
      span: spanOf(this),
    };
  },
  Pipeline(
    this: Node,
    _pipeline: Node,
    name: Node,
    _equals: Node,
    stages: Node,
    _semicolon: Node,
  ): PipelineRule {
    return {
      kind: 'pipeline',
      name: text(name),
      doc: '',
      stages: stages.asIteration().children.map((stage) => ({ name: text(stage), span: spanOf(stage) })),
      span: spanOf(this),
    };
  },
  Infix(this: Node, _infix: Node, operator: Node, _equals: Node, op: Node): InfixRule {
    return {
      kind: 'infix',
      operator: text(operator),
      op: text(op),
      span: spanOf(this),
    };
  },

  Axes(_axes: Node, signature: Node): Clause {
    const clause = signature.tree() as AxesClause;
    return (op) => op.axes.push(clause);
  },
  AxisFunction(
    this: Node,
    result: Node,
    _equals: Node,
    name: Node,
    _open: Node,
    args: Node,
    _close: Node,
  ): AxesClause {
    return {
      kind: 'function',
      result: text(result),
      // Any word parses; `check` reports the ones that are no axis functions.
      function: text(name) as AxisFunctionName,
      args: items(args),
      span: spanOf(this),
    };
  },
  Attrs(word: Node, list: Node): Clause {
    return (op) => {
      once(op, word);
      op.attrs.push(...items<AttrDecl>(list));
    };
  },
  Attr(this: Node, name: Node, _colon: Node, type: Node, _equals: Node, fallback: Node): AttrDecl {
    return {
      name: text(name),
      type: type.tree() as AttrType,
      default: optional(fallback),
      span: spanOf(this),
    };
  },
  Type_words(words: Node): AttrType {
    return { oneOf: words.asIteration().children.map((word) => unquote(text(word))) };
  },
  typeName(this: Node, _start: Node, _rest: Node, _brackets: Node): string {
    return text(this);
  },
  Sizes(word: Node, list: Node): Clause {
    return (op) => {
      once(op, word);
      op.sizes = items<Equation>(list).map(({ name, value, span: at }) => ({ name, value, span: at }));
    };
  },
  Equation(this: Node, name: Node, _equals: Node, value: Node): Equation {
    return {
      name: text(name),
      nameSpan: spanOf(name),
      value: value.tree() as Expr,
      span: spanOf(this),
    };
  },
  Names(word: Node, list: Node): Clause {
    return (op) => {
      once(op, word);
      op[text(word) as 'fixed' | 'mixes' | 'keep'] = names(op, word, list);
    };
  },
  Zeros(word: Node, zeros: Node): Clause {
    return (op) => {
      once(op, word);
      const { tree, places } = zeros.tree() as Zeros;
      op.zeros = tree;
      for (const place of places) op.places[`zeros:${place.name}`] = place.span;
    };
  },
  ZeroOr(terms: Node): Zeros {
    return joinZeros('any', items(terms));
  },
  ZeroAnd(terms: Node): Zeros {
    return joinZeros('all', items(terms));
  },
  ZeroTerm_group(_open: Node, inner: Node, _close: Node): Zeros {
    return inner.tree() as Zeros;
  },
  tensorName(name: Node): Zeros {
    return {
      tree: { kind: 'operand', name: text(name) },
      places: [{ name: text(name), span: spanOf(name) }],
    };
  },
  Dtype(word: Node, list: Node): Clause {
    return (op) => {
      once(op, word);
      const equations = items<Equation>(list);
      op.dtypes = equations.map(({ name, value }) => ({ result: name, value }));
      for (const { name, nameSpan } of equations) op.places[`dtype:${name}`] = nameSpan;
    };
  },
  Role(word: Node, list: Node): Clause {
    return (op) => {
      once(op, word);
      const roles = items<{ operand: string; role: string; span: Span }>(list);
      op.roles = Object.fromEntries(roles.map(({ operand, role }) => [operand, role]));
      for (const role of roles) op.places[`role:${role.operand}`] = role.span;
    };
  },
  RoleOf(operand: Node, _equals: Node, role: Node) {
    return { operand: text(operand), role: text(role), span: spanOf(operand) };
  },
  Commutes(word: Node, list: Node): Clause {
    return (op) => {
      once(op, word);
      op.commutes = names(op, word, list);
    };
  },
  Value(word: Node, value: Node): Clause {
    return (op) => {
      once(op, word);
      op.value = value.tree() as Expr;
    };
  },
  Cost(word: Node, cost: Node): Clause {
    return (op) => {
      once(op, word);
      op.cost = cost.tree() as Expr;
    };
  },
  Dynamic(word: Node, why: Node): Clause {
    return (op) => {
      once(op, word);
      op.dynamic = unquote(text(why));
    };
  },
  Emit(this: Node, _emit: Node, _when: Node, condition: Node, _colon: Node, value: Node): Clause {
    const clause: EmitClause = {
      when: optional(condition),
      value: value.tree() as Expr,
      span: spanOf(this),
    };
    return (op) => op.emits.push(clause);
  },

  From(
    _from: Node,
    source: Node,
    types: Node,
    _open: Node,
    args: Node,
    _close: Node,
    _let: Node,
    lets: Node,
    _when: Node,
    when: Node,
    _to: Node,
    results: Node,
    override: Node,
    attrs: Node,
    _arrow: Node,
    expansion: Node,
  ): Clause {
    const last = [expansion, attrs, override, results, when, lets].find((part) => part.children.length > 0);
    const clause: FromClause = {
      source: text(source),
      types: types.asIteration().children.map(text),
      args: items(args),
      results: results.children.length === 0 ? null : items(results.children[0]!),
      lets: lets.children.length === 0 ? [] : items(lets.children[0]!),
      when: optional(when),
      attrs: optional<FromClause['attrs']>(attrs) ?? [],
      expansion: optional<Build>(expansion),
      override: override.children.length > 0,
      span: span(_from.source.startIdx, (last ?? _close).source.endIdx),
    };
    return (op) => op.froms.push(clause);
  },
  SourcePattern_node(this: Node, types: Node, _open: Node, args: Node, _close: Node): SourcePattern {
    return {
      kind: 'node',
      types: types.tree() as string[],
      args: items(args),
      span: spanOf(this),
    };
  },
  SourcePattern_ignore(word: Node): SourcePattern {
    return { kind: 'ignore', span: spanOf(word) };
  },
  SourcePattern_renamed(
    this: Node,
    sourceName: Node,
    _as: Node,
    name: Node,
    mark: Node,
    dims: Node,
  ): SourcePattern {
    return {
      kind: 'bind',
      sourceName: text(sourceName),
      name: text(name),
      arity: arityOf(mark),
      dims: optional(dims),
      span: spanOf(this),
    };
  },
  SourcePattern_plain(this: Node, name: Node, mark: Node, dims: Node): SourcePattern {
    return {
      kind: 'bind',
      sourceName: text(name),
      name: text(name),
      arity: arityOf(mark),
      dims: optional(dims),
      span: spanOf(this),
    };
  },
  SourceTypes_several(_open: Node, types: Node, _close: Node): string[] {
    return types.asIteration().children.map(text);
  },
  SourceTypes_one(type: Node): string[] {
    return [text(type)];
  },
  SourceResult(name: Node, _star: Node, dims: Node) {
    return { name: text(name), dims: optional(dims) };
  },
};

interface Zeros {
  readonly tree: ZeroExpr;
  readonly places: readonly { readonly name: string; readonly span: Span }[];
}

function joinZeros(kind: 'all' | 'any', parts: readonly Zeros[]): Zeros {
  return {
    tree: parts.length === 1 ? parts[0]!.tree : { kind, of: parts.map((part) => part.tree) },
    places: parts.flatMap((part) => part.places),
  };
}
