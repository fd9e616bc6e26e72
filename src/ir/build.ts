/**
 * Evaluates the right side of a rewrite, or the expansion of a `from`: `relu(conv2d(x, k, b) { stride: s })`.
 * What a node is, and where it goes, is the caller's.
 */
import { fail } from '../diagnostics/diagnostic.js';
import type { Build, Expr, OpRule, RuleSet } from '../lang/ast.js';
import { truthOf } from '../lang/values.js';
import type { Attr, Attrs, Operand, ValueId } from './graph.js';

/** What a name stands for: a value (or list, or absent optional value) of the graph, or a compile-time value. */
export type Binding =
  { readonly kind: 'tensor'; readonly value: Operand } | { readonly kind: 'attr'; readonly value: Attr };

export type Locals = ReadonlyMap<string, Binding>;

export interface BuildContext {
  readonly rules: RuleSet;
  /** A value bound by the left side; undefined: no such name. */
  tensor(name: string): Operand | undefined;
  /** Evaluates an expression, in which the locals come first. */
  evaluate(expr: Expr, locals: Locals): Attr;
  /** The attributes of a matched node, for `{ ...c }`. */
  spread(name: string): Attrs;
  /** Adds a node; its results. `like` names the matched node whose attributes it takes over, `{ ...c }`. */
  node(
    rule: OpRule,
    operands: Readonly<Record<string, Operand>>,
    attrs: Attrs,
    like: string | null,
  ): readonly ValueId[];
  /** Adds a constant; `beside` is another operand of the node that it is built for, whose element type it takes. */
  scalar(value: Attr, beside: ValueId | null): ValueId;
  /** The op of a matched node, whose name stands for it on the right: `(relu | tanh)(x) as a => a(x)`. */
  opOf?(name: string): string | undefined;
}

/** Builds the nodes and returns the value that the expression stands for. */
export function build(
  expr: Build,
  context: BuildContext,
  locals: Locals = new Map(),
  beside: ValueId | null = null,
): Operand {
  switch (expr.kind) {
    case 'value': {
      const local = locals.get(expr.name);
      if (local !== undefined) {
        return local.kind === 'tensor' ? local.value : context.scalar(local.value, beside);
      }
      const value = context.tensor(expr.name);
      return value === undefined ? badBuild(expr, `no value is named ${expr.name}`) : value;
    }
    case 'scalar':
      return context.scalar(context.evaluate(expr.value, locals), beside);
    case 'node':
      return buildNode(expr, context, locals);
    case 'else': {
      const first = build(expr.first, context, locals, beside);
      return first ?? build(expr.second, context, locals, beside);
    }
    case 'if': {
      const chosen = truthOf(context.evaluate(expr.test, locals), 'a condition') ? expr.then : expr.otherwise;
      return build(chosen, context, locals, beside);
    }
    case 'none':
      return null;
    case 'list':
      return expr.items.map((item) => single(item, build(item, context, locals)));
    case 'each':
      return bindings(expr.over, context, locals).map((binding) =>
        single(expr.body, build(expr.body, context, new Map([...locals, [expr.name, binding]]))),
      );
    case 'result':
      return pick(expr, context, locals);
    case 'let': {
      const inner = new Map(locals);
      for (const { name, value } of expr.bindings) {
        inner.set(name, { kind: 'tensor', value: build(value, context, inner) });
      }
      return build(expr.body, context, inner, beside);
    }
  }
}

type NodeBuild = Extract<Build, { kind: 'node' }>;

function buildNode(expr: NodeBuild, context: BuildContext, locals: Locals): Operand {
  const op = context.opOf?.(expr.op) ?? expr.op;
  const rule = context.rules.ops.get(op) ?? badBuild(expr, `no rule defines the op ${op}`);
  if (expr.args.length > rule.operands.length) {
    badBuild(expr, `${rule.name} takes ${rule.operands.length} operands, and ${expr.args.length} are given`);
  }
  const args = buildArgs(expr.args, context, locals);
  const operands = rule.operands.map(({ name, kind }, i): [string, Operand] => {
    const arg = expr.args[i];
    const value = args[i] ?? null;
    if (kind === 'variadic')
      return [name, value === null ? [] : Array.isArray(value) ? value : [value as ValueId]];
    if (value === null && kind === 'one') badBuild(expr, `${rule.name} needs its operand ${name}`);
    return [name, value === null ? null : single(arg!, value)];
  });
  const spread = expr.spread === null ? {} : context.spread(expr.spread);
  const declared = Object.fromEntries(
    rule.attrs.flatMap(({ name }) => (name in spread ? [[name, spread[name]!]] : [])),
  );
  const attrs = expr.attrs.map(({ name, value }): [string, Attr] => [name, context.evaluate(value, locals)]);
  const results = context.node(
    rule,
    Object.fromEntries(operands),
    {
      ...declared,
      ...Object.fromEntries(attrs),
    },
    expr.spread,
  );
  const variadic = rule.results.some(({ kind }) => kind === 'variadic');
  return results.length === 1 && !variadic ? results[0]! : results;
}

/** Constants come last: they take their element type from the operands beside them. */
function buildArgs(args: readonly Build[], context: BuildContext, locals: Locals): Operand[] {
  const built = args.map((arg) => (isConstant(arg, context, locals) ? null : build(arg, context, locals)));
  const beside = built.flat().find((value) => value !== null) ?? null;
  return args.map((arg, i) =>
    isConstant(arg, context, locals) ? build(arg, context, locals, beside) : built[i]!,
  );
}

/** Whether an expression stands for a number, and not for a value of the graph. */
function isConstant(expr: Build, context: BuildContext, locals: Locals): boolean {
  if (expr.kind === 'scalar') return true;
  if (expr.kind === 'value') return locals.get(expr.name)?.kind === 'attr';
  if (expr.kind !== 'else' || expr.first.kind !== 'value') return false;
  const local = locals.get(expr.first.name);
  const first =
    local === undefined ? context.tensor(expr.first.name) : local.kind === 'tensor' ? local.value : undefined;
  return first === null && isConstant(expr.second, context, locals);
}

/** `over` of a comprehension: the members of a variadic value, or the items of a compile-time list. */
function bindings(over: Expr, context: BuildContext, locals: Locals): Binding[] {
  if (over.kind === 'name') {
    const local = locals.get(over.name);
    const value =
      local?.kind === 'tensor' ? local.value : local === undefined ? context.tensor(over.name) : undefined;
    if (Array.isArray(value)) return value.map((id: ValueId) => ({ kind: 'tensor', value: id }));
  }
  const list = context.evaluate(over, locals);
  if (!Array.isArray(list)) return badBuild({ span: over.span }, 'a comprehension runs over a list');
  return (list as readonly Attr[]).map((value) => ({ kind: 'attr', value }));
}

/** `ys.0`, or `c.name` where the op names its results. */
function pick(expr: Extract<Build, { kind: 'result' }>, context: BuildContext, locals: Locals): ValueId {
  const value = build(expr.of, context, locals);
  const list: readonly ValueId[] = Array.isArray(value) ? value : typeof value === 'string' ? [value] : [];
  const names = expr.of.kind === 'node' ? (context.rules.ops.get(expr.of.op)?.results ?? []) : [];
  const named = names.findIndex(({ name }) => name === expr.index);
  const result = list[named >= 0 ? named : Number(expr.index)];
  return result ?? badBuild(expr, `there is no result ${expr.index}; there are ${list.length}`);
}

function single(expr: Build, value: Operand): ValueId {
  if (typeof value === 'string') return value;
  if (value !== null && value.length === 1) return value[0]!;
  return badBuild(
    expr,
    value === null ? 'a value is needed here' : 'one value is needed here, and this is a list',
  );
}

function badBuild(at: { readonly span: Expr['span'] }, message: string): never {
  return fail({ code: 'E216', message, span: at.span, help: 'change the right side of the rule' });
}
