/** The value of an expression: attributes, sizes and compile-time values, with the batch size as a symbol. */
import type { Attr, Dim, TensorType } from '../ir/graph.js';
import type { Expr } from './ast.js';
import { EvaluationError } from './evaluation-error.js';
import { acceptsCount, arityInWords, functions, type BuiltIn } from './functions.js';
import { mentions } from './mentions.js';
import { mapElements } from './nested.js';
import { applyOperator } from './operators.js';
import { didYouMean } from './suggest.js';
import { isList, kindOf, listOf, show, truthOf, wholeOf } from './values.js';

export { EvaluationError } from './evaluation-error.js';

/** What the names in an expression stand for. */
export interface Scope {
  /** Attributes, sizes, compile-time values; undefined: there is no such name. */
  name(name: string): Attr | undefined;
  /** Operands and results; null: an optional operand left out; undefined: there is no such tensor. */
  tensor?(name: string): TensorType | null | undefined;
  /** The size of an axis before pruning. */
  raw?(axis: string): Dim | undefined;
  /** Functions beyond those of the language; undefined: not mine. */
  call?(fn: string, args: readonly Expr[], evaluate: (expr: Expr) => Attr): Attr | undefined;
}

/**
 * Evaluates an expression.
 *
 * @throws EvaluationError with the part of the expression that has no value.
 */
export function evaluate(expr: Expr, scope: Scope): Attr {
  try {
    return evaluateHere(expr, scope);
  } catch (error) {
    // The innermost part that fails is the place to show.
    if (error instanceof EvaluationError && error.span === undefined) {
      throw new EvaluationError(error.message, expr.span);
    }
    throw error;
  }
}

function evaluateHere(expr: Expr, scope: Scope): Attr {
  switch (expr.kind) {
    case 'literal':
      return expr.value;
    case 'list':
      return expr.items.map((item) => evaluate(item, scope));
    case 'object':
      return Object.fromEntries(expr.entries.map(({ key, value }) => [key, evaluate(value, scope)]));
    case 'name':
      return valueOf(expr.name, scope);
    case 'field':
      return fieldOf(evaluate(expr.of, scope), expr.field);
    case 'index':
      return itemOf(evaluate(expr.of, scope), evaluate(expr.index, scope));
    case 'call':
      return callFunction(expr, scope);
    case 'spread':
      throw new EvaluationError('`...` stands only before an argument of a call');
    case 'unary':
      return expr.operator === 'not'
        ? !isTrue(expr.operand, scope)
        : applyOperator('*', evaluate(expr.operand, scope), -1);
    case 'binary':
      return binary(expr, scope);
    case 'conditional':
      return evaluate(isTrue(expr.test, scope) ? expr.then : expr.otherwise, scope);
    case 'each':
      return listOf(evaluate(expr.over, scope), 'what `for` goes over').flatMap((item) => {
        const inner = withNames(scope, new Map([[expr.name, item]]));
        return expr.where === null || isTrue(expr.where, inner) ? [evaluate(expr.body, inner)] : [];
      });
    case 'let': {
      const bound = expr.bindings.reduce(
        (inner, { name, value }) => withNames(inner, new Map([[name, evaluate(value, inner)]])),
        scope,
      );
      return evaluate(expr.body, bound);
    }
  }
}

/** A condition. */
function isTrue(expr: Expr, scope: Scope): boolean {
  return truthOf(evaluate(expr, scope), 'a condition');
}

/** The scope in which some names stand for the given values. */
function withNames(scope: Scope, values: ReadonlyMap<string, Attr>): Scope {
  return {
    ...scope,
    name: (name) => (values.has(name) ? values.get(name) : scope.name(name)),
    tensor: (name) => scope.tensor?.(name),
    raw: (axis) => scope.raw?.(axis),
    call: (fn, args, evaluateArg) => scope.call?.(fn, args, evaluateArg),
  };
}

/** A name's value. An operand without a value is a condition: whether it is there. */
function valueOf(name: string, scope: Scope): Attr {
  const value = scope.name(name);
  if (value !== undefined) return value;
  const tensor = scope.tensor?.(name);
  if (tensor !== undefined) return tensor !== null;
  throw new EvaluationError(`nothing here has the name \`${name}\``);
}

/** `a.0`, `a.name`: null where there is none, so that `??` can say what then. */
function fieldOf(value: Attr, field: string): Attr {
  if (value === null) return null;
  if (isList(value)) {
    if (!/^\d+$/.test(field))
      throw new EvaluationError(`a list has items, \`.0\`, and no field \`${field}\``);
    return value[Number(field)] ?? null;
  }
  if (typeof value !== 'object') throw new EvaluationError(`${kindOf(value)} has no field \`${field}\``);
  return Object.hasOwn(value, field) ? (value as Record<string, Attr>)[field]! : null;
}

/** `a[i]`: negative places count from the end. */
function itemOf(value: Attr, index: Attr): Attr {
  if (value === null) return null;
  if (typeof index === 'string') return fieldOf(value, index);
  const items = listOf(value, 'what `[…]` reads');
  const place = wholeOf(index, 'an index');
  const item = items.at(place);
  if (item === undefined) throw new EvaluationError(`${show(items)} has no item ${place}`);
  return item;
}

function binary(expr: Extract<Expr, { kind: 'binary' }>, scope: Scope): Attr {
  const { operator, left, right } = expr;
  switch (operator) {
    case 'and':
      return isTrue(left, scope) && isTrue(right, scope);
    case 'or':
      return isTrue(left, scope) || isTrue(right, scope);
    case '??':
      return evaluate(left, scope) ?? evaluate(right, scope);
    default:
      return applyOperator(operator, evaluate(left, scope), evaluate(right, scope));
  }
}

function callFunction(expr: Extract<Expr, { kind: 'call' }>, scope: Scope): Attr {
  const name = expr.callee.join('.');
  const own = scope.call?.(name, expr.args, (arg) => evaluate(arg, scope));
  if (own !== undefined) return own;
  const builtIn = functions.get(name);
  if (builtIn === undefined) {
    throw new EvaluationError(
      `there is no function \`${name}\`. ${didYouMean(name, functions.keys(), '')!}`.trimEnd(),
    );
  }
  const args = builtIn.kind === 'values' ? valuesOf(expr.args, scope) : [];
  const given = builtIn.kind === 'values' ? args.length : expr.args.length;
  if (!acceptsCount(builtIn.arity, given)) {
    throw new EvaluationError(`\`${name}\` takes ${arityInWords(builtIn.arity)}, not ${given}`);
  }
  return builtIn.apply ? builtIn.apply(args) : special(name, builtIn, expr.args, scope);
}

function valuesOf(args: readonly Expr[], scope: Scope): Attr[] {
  return args.flatMap((arg) =>
    arg.kind === 'spread' ? listOf(evaluate(arg.of, scope), 'what follows `...`') : [evaluate(arg, scope)],
  );
}

/** Functions that read their arguments as they are written. */
function special(name: string, builtIn: BuiltIn, args: readonly Expr[], scope: Scope): Attr {
  const first = args[0]!;
  switch (builtIn.kind) {
    case 'tensor':
      return ofTensor(name, tensorType(first, name, scope), args[1], scope);
    case 'axis': {
      const size = first.kind === 'name' ? scope.raw?.(first.name) : undefined;
      if (size === undefined)
        throw new EvaluationError(`\`${name}\` takes the name of an axis of known size`);
      return size;
    }
    case 'elements':
      return elementwise(first, scope);
    default:
      throw new EvaluationError(`\`${name}\` can't be asked here; only rewrites and \`from\` clauses know`);
  }
}

function tensorType(expr: Expr, fn: string, scope: Scope): TensorType {
  if (expr.kind !== 'name') throw new EvaluationError(`\`${fn}\` takes the name of an operand or a result`);
  const type = scope.tensor?.(expr.name);
  if (type === undefined) throw new EvaluationError(`\`${expr.name}\` is no operand or result of known type`);
  if (type === null) throw new EvaluationError(`the optional operand \`${expr.name}\` is left out here`);
  return type;
}

function ofTensor(fn: string, type: TensorType, index: Expr | undefined, scope: Scope): Attr {
  if (fn === 'shape') return type.shape;
  if (fn === 'rank') return type.shape.length;
  if (fn === 'dtype') return type.dtype;
  const axis = wholeOf(evaluate(index!, scope), 'an axis');
  const size = type.shape.at(axis);
  if (size === undefined) {
    throw new EvaluationError(`a tensor of shape ${show(type.shape)} has no axis ${axis}`);
  }
  return size;
}

/** An expression for every element of the lists that it names. */
function elementwise(body: Expr, scope: Scope): Attr {
  const lists = new Map<string, Attr>();
  for (const name of mentions(body)) {
    const value = scope.name(name);
    if (value !== undefined && isList(value)) lists.set(name, value);
  }
  return mapElements(lists, (elements) => evaluate(body, withNames(scope, elements)));
}
