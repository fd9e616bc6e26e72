/**
 * Walks an `emit` expression, which mixes tensors (operands, `tf` and helper calls) with attribute expressions. What is
 * known at compile time is evaluated; the rest is handed, piece by piece, to a builder: the interpreter builds tensors,
 * the printer builds TypeScript. So both always agree on what an expression means.
 */
import { fail, type Span } from '../diagnostics/diagnostic.js';
import type { Attr } from '../ir/graph.js';
import type { Expr, OpRule } from '../lang/ast.js';
import { evaluate, EvaluationError, type Scope } from '../lang/evaluate.js';
import { truthOf } from '../lang/values.js';
import { isTypeList, type EmitScope, type OperandType } from './scope.js';

/** Builds what an `emit` expression stands for. */
export interface Builder<T> {
  /** A compile-time value; `name` is what the rule calls it, where it is one name. */
  value(value: Attr, name: string | null): T;
  /** An optional operand that is left out. */
  absent(): T;
  list(items: readonly T[]): T;
  object(entries: readonly (readonly [string, T])[]): T;
  /** `t.values`, `parts.0` */
  field(of: T, field: string | number): T;
  /** `tf.image.resizeBilinear(…)`, without the `tf` */
  call(path: readonly string[], args: readonly T[], span: Span): T;
  helper(name: string, args: readonly T[], span: Span): T;
  /** A name for a value that an expression uses. */
  bind(name: string, value: T): T;
  /** `[body for name in over]`, where the length of `over` is not known at compile time. */
  each(over: T, name: string, body: (item: T) => T): T;
}

/** What an operand is built from. */
export type Built<T> =
  | { readonly kind: 'one'; readonly value: T }
  | { readonly kind: 'list'; readonly items: readonly T[] }
  | { readonly kind: 'absent' };

/** Something that a name stands for and that is not known at compile time. */
type Binding<T> = Built<T> & { readonly type: OperandType | undefined };

interface Env<T> {
  readonly dynamic: ReadonlyMap<string, Binding<T>>;
  readonly known: ReadonlyMap<string, Attr>;
}

/** Functions that ask for a tensor's type, which is known at compile time. */
const typeFunctions = new Set(['shape', 'rank', 'dtype', 'size', 'len']);

const absent = { kind: 'absent' } as const;

/** Builds the first `emit` of a rule whose condition holds. */
export function buildEmit<T>(
  rule: OpRule,
  scope: EmitScope,
  operands: Readonly<Record<string, Built<T>>>,
  builder: Builder<T>,
): T {
  const walker = new Walker(scope, builder);
  const dynamic = new Map(
    rule.operands.map(({ name }) => [name, { ...(operands[name] ?? absent), type: scope.type(name) }]),
  );
  const env: Env<T> = { dynamic, known: new Map() };
  const clause = rule.emits.find((emit) => emit.when === null || walker.test(emit.when, env));
  if (clause === undefined) return noEmit(rule);
  return walker.build(clause.value, env);
}

function noEmit(rule: OpRule): never {
  return fail({
    code: 'E503',
    message: `no emit of ${rule.name} applies`,
    span: rule.emits[0]?.span ?? rule.span,
    why:
      rule.emits.length === 0
        ? `The rule of ${rule.name} has no emit, and no rewrite has replaced the operation by others that have one.`
        : 'Every emit has a condition, and none holds for this node.',
    help: `Add an emit that holds here, or a rewrite that builds ${rule.name} from other operations.`,
  });
}

class Walker<T> {
  constructor(
    private readonly scope: EmitScope,
    private readonly builder: Builder<T>,
  ) {}

  build(expr: Expr, env: Env<T>): T {
    if (!this.mentionsTensors(expr, new Set(env.dynamic.keys()))) {
      return this.builder.value(this.evaluate(expr, env), hintOf(expr));
    }
    switch (expr.kind) {
      case 'name':
        return this.reference(env.dynamic.get(expr.name)!);
      case 'list':
        return this.builder.list(expr.items.map((item) => this.build(item, env)));
      case 'object':
        return this.builder.object(
          expr.entries.map(({ key, value }) => [key, this.build(value, env)] as const),
        );
      case 'field':
        return this.member(
          expr.of,
          /^\d+$/.test(expr.field) ? Number(expr.field) : expr.field,
          expr.span,
          env,
        );
      case 'index':
        return this.member(expr.of, this.number(expr.index, env), expr.span, env);
      case 'call':
        return this.call(expr, env);
      case 'conditional':
        return this.build(this.test(expr.test, env) ? expr.then : expr.otherwise, env);
      case 'each':
        return this.each(expr, env);
      case 'let':
        return this.let(expr, env);
      case 'binary':
        if (expr.operator === '??') return this.otherwise(expr.left, expr.right, env);
        return this.notArithmetic(expr);
      case 'unary':
        return this.notArithmetic(expr);
      case 'spread':
        return fail({
          code: 'E504',
          message: '`...` stands only before an argument of a call',
          span: expr.span,
        });
      case 'literal':
        return this.builder.value(expr.value, null);
    }
  }

  /** Conditions are decided at compile time: an operand is true where it is there. */
  test(expr: Expr, env: Env<T>): boolean {
    return this.reporting(expr, () => truthOf(this.evaluate(expr, env), 'a condition'));
  }

  private reference(built: Built<T>): T {
    if (built.kind === 'absent') return this.builder.absent();
    return built.kind === 'list' ? this.builder.list(built.items) : built.value;
  }

  private member(of: Expr, member: string | number, span: Span, env: Env<T>): T {
    const list = of.kind === 'name' ? env.dynamic.get(of.name) : undefined;
    if (list?.kind !== 'list') return this.builder.field(this.build(of, env), member);
    const item = typeof member === 'number' ? list.items.at(member) : undefined;
    if (item !== undefined) return item;
    return fail({ code: 'E504', message: `there is no operand ${member} among ${list.items.length}`, span });
  }

  private call(expr: Extract<Expr, { kind: 'call' }>, env: Env<T>): T {
    const [root, ...path] = expr.callee;
    const args = expr.args.flatMap((arg) =>
      arg.kind === 'spread' ? this.spread(arg, env) : [this.build(arg, env)],
    );
    if (root === 'tf' && path.length > 0) return this.builder.call(path, args, expr.span);
    if (root === 'helper' && path.length === 1) return this.builder.helper(path[0]!, args, expr.span);
    return fail({
      code: 'E504',
      message: `${expr.callee.join('.')} can't be called on a tensor`,
      span: expr.span,
      why: 'Its arguments are tensors, whose values are not known at compile time.',
      help: 'Tensors go into calls of `tf` and `helper`, and into `shape`, `rank`, `dtype` and `size`.',
    });
  }

  /** The arguments that `...xs` stands for. */
  private spread({ of, span }: Extract<Expr, { kind: 'spread' }>, env: Env<T>): readonly T[] {
    const list = of.kind === 'name' ? env.dynamic.get(of.name) : undefined;
    if (list?.kind === 'list') return list.items;
    if (list?.kind === 'absent') return [];
    const value = this.mentionsTensors(of, new Set(env.dynamic.keys())) ? null : this.evaluate(of, env);
    if (Array.isArray(value)) return (value as readonly Attr[]).map((item) => this.builder.value(item, null));
    return fail({ code: 'E504', message: '`...` takes a variadic operand or a list attribute', span });
  }

  private each(expr: Extract<Expr, { kind: 'each' }>, env: Env<T>): T {
    const over = expr.over;
    const members = over.kind === 'name' ? env.dynamic.get(over.name) : undefined;
    if (members?.kind === 'list') {
      const types = isTypeList(members.type) ? members.type : [];
      const inner = members.items.map((value, i) =>
        withDynamic(env, expr.name, { kind: 'one', value, type: types[i] }),
      );
      return this.unrolled(expr, inner);
    }
    if (!this.mentionsTensors(over, new Set(env.dynamic.keys()))) {
      const items = this.evaluate(over, env);
      if (!Array.isArray(items)) return this.notList(over);
      return this.unrolled(
        expr,
        (items as readonly Attr[]).map((item) => withKnown(env, expr.name, item)),
      );
    }
    if (expr.where !== null) return this.notList(over);
    return this.builder.each(this.build(over, env), expr.name, (item) =>
      this.build(expr.body, withDynamic(env, expr.name, { kind: 'one', value: item, type: undefined })),
    );
  }

  private unrolled({ body, where }: Extract<Expr, { kind: 'each' }>, envs: readonly Env<T>[]): T {
    const chosen = where === null ? envs : envs.filter((env) => this.test(where, env));
    return this.builder.list(chosen.map((env) => this.build(body, env)));
  }

  private let(expr: Extract<Expr, { kind: 'let' }>, env: Env<T>): T {
    let inner = env;
    for (const { name, value } of expr.bindings) {
      inner = this.mentionsTensors(value, new Set(inner.dynamic.keys()))
        ? withDynamic(inner, name, {
            kind: 'one',
            value: this.builder.bind(name, this.build(value, inner)),
            type: this.typeOf(value, inner),
          })
        : withKnown(inner, name, this.evaluate(value, inner));
    }
    return this.build(expr.body, inner);
  }

  private otherwise(first: Expr, second: Expr, env: Env<T>): T {
    const operand = first.kind === 'name' ? env.dynamic.get(first.name) : undefined;
    if (operand !== undefined) return this.build(operand.kind === 'absent' ? second : first, env);
    if (this.mentionsTensors(first, new Set(env.dynamic.keys()))) return this.build(first, env);
    return this.build(this.evaluate(first, env) === null ? second : first, env);
  }

  /** The type of a tensor that an expression refers to without computing it. */
  private typeOf(expr: Expr, env: Env<T>): OperandType | undefined {
    if (expr.kind === 'name') {
      const binding = env.dynamic.get(expr.name);
      return binding === undefined ? this.scope.type(expr.name) : binding.type;
    }
    if (expr.kind !== 'field' && expr.kind !== 'index') return undefined;
    const list = this.typeOf(expr.of, env);
    if (!isTypeList(list)) return undefined;
    return list.at(expr.kind === 'field' ? Number(expr.field) : this.number(expr.index, env));
  }

  private number(expr: Expr, env: Env<T>): number {
    const value = this.evaluate(expr, env);
    if (typeof value === 'number') return value;
    return fail({ code: 'E504', message: 'an index must be a number that is known here', span: expr.span });
  }

  private evaluate(expr: Expr, env: Env<T>): Attr {
    const { scope } = this;
    const inner: Scope = {
      ...scope,
      name: (name) => {
        if (env.known.has(name)) return env.known.get(name);
        return env.dynamic.has(name) ? undefined : scope.name(name);
      },
      tensor: (name) => {
        if (env.known.has(name)) return undefined;
        const type = this.typeOf({ kind: 'name', name, span: expr.span }, env);
        return isTypeList(type) ? undefined : type;
      },
      call: (callee, args, evaluateArg) => this.typeQuestion(callee, args, evaluateArg, env),
    };
    return this.reporting(expr, () => evaluate(expr, inner));
  }

  private reporting<R>(expr: Expr, compute: () => R): R {
    try {
      return compute();
    } catch (error) {
      if (!(error instanceof EvaluationError)) throw error;
      return fail({ code: 'E510', message: error.message, span: error.span ?? expr.span });
    }
  }

  /** `len(xs)`, `shape(xs.0)`, … of variadic operands and their members. */
  private typeQuestion(
    callee: string,
    args: readonly Expr[],
    evaluateArg: (expr: Expr) => Attr,
    env: Env<T>,
  ): Attr | undefined {
    if (!typeFunctions.has(callee) || args.length === 0) return undefined;
    const type = this.typeOf(args[0]!, env);
    if (type === undefined || type === null) return undefined;
    if (isTypeList(type)) return callee === 'len' ? type.length : undefined;
    if (callee === 'shape') return type.shape;
    if (callee === 'rank') return type.shape.length;
    if (callee === 'dtype') return type.dtype;
    if (callee !== 'size' || args.length !== 2) return undefined;
    const axis = evaluateArg(args[1]!);
    return typeof axis === 'number' ? type.shape.at(axis) : undefined;
  }

  /** Whether an expression needs a tensor's value, not only its type. */
  private mentionsTensors(expr: Expr, tensors: ReadonlySet<string>): boolean {
    const mentions = (part: Expr): boolean => this.mentionsTensors(part, tensors);
    switch (expr.kind) {
      case 'literal':
        return false;
      case 'name':
        return tensors.has(expr.name);
      case 'list':
        return expr.items.some(mentions);
      // Objects exist only as arguments of calls; `evaluate` has none.
      case 'object':
        return true;
      case 'field':
      case 'spread':
        return mentions(expr.of);
      case 'index':
        return mentions(expr.of) || mentions(expr.index);
      case 'call':
        if (expr.callee[0] === 'tf' || expr.callee[0] === 'helper') return true;
        if (expr.callee.length > 1) return true;
        return (typeFunctions.has(expr.callee[0]!) ? expr.args.slice(1) : expr.args).some(mentions);
      case 'unary':
        return mentions(expr.operand);
      case 'binary':
        return mentions(expr.left) || mentions(expr.right);
      // The test is decided at compile time and may ask whether an operand is there.
      case 'conditional':
        return mentions(expr.then) || mentions(expr.otherwise);
      case 'each': {
        if (mentions(expr.over)) return true;
        return this.mentionsTensors(expr.body, without(tensors, expr.name));
      }
      case 'let': {
        let inner = tensors;
        for (const { name, value } of expr.bindings) {
          if (this.mentionsTensors(value, inner)) return true;
          inner = without(inner, name);
        }
        return this.mentionsTensors(expr.body, inner);
      }
    }
  }

  private notArithmetic(expr: Extract<Expr, { kind: 'binary' | 'unary' }>): never {
    return fail({
      code: 'E504',
      message: `the operator ${expr.operator} does not work on tensors`,
      span: expr.span,
      why: 'In an emit, operators compute with attributes and sizes, at compile time.',
      help: 'Call the function of `tf` that computes it on tensors.',
    });
  }

  private notList(over: Expr): never {
    return fail({
      code: 'E504',
      message: 'this is not a list whose length is known at compile time',
      span: over.span,
      help: 'Loop over a list attribute, a range, or a variadic operand; only loops over those can have an `if`.',
    });
  }
}

/** What a reader would call the value: the last name of `stride`, `attrs.alpha`. */
function hintOf(expr: Expr): string | null {
  if (expr.kind === 'name') return expr.name;
  return expr.kind === 'field' && /^[a-z]/i.test(expr.field) ? expr.field : null;
}

function without(names: ReadonlySet<string>, name: string): ReadonlySet<string> {
  return names.has(name) ? new Set([...names].filter((other) => other !== name)) : names;
}

function withDynamic<T>(env: Env<T>, name: string, binding: Binding<T>): Env<T> {
  const known = new Map(env.known);
  known.delete(name);
  return { dynamic: new Map(env.dynamic).set(name, binding), known };
}

function withKnown<T>(env: Env<T>, name: string, value: Attr): Env<T> {
  const dynamic = new Map(env.dynamic);
  dynamic.delete(name);
  return { dynamic, known: new Map(env.known).set(name, value) };
}
