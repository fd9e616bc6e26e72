/** Whether every name in an expression stands for something where the expression stands. */
import type { Span } from '../../diagnostics/diagnostic.js';
import type { Expr } from '../ast.js';
import { acceptsCount, arityInWords, functions } from '../functions.js';
import { didYouMean } from '../suggest.js';
import { suggestion, type Report } from './report.js';

/** What the names in an expression can be. */
export interface Names {
  /** The place, for messages: `the sizes of conv2d`. */
  readonly place: string;
  /** Names that have a value. */
  readonly values: ReadonlySet<string>;
  /** Names of tensors: for `shape(x)`, and as conditions. In an `emit` they have a value too. */
  readonly tensors: ReadonlySet<string>;
  /** Variadic ones among the tensors: they have a length. */
  readonly variadic: ReadonlySet<string>;
  /** Axes whose unpruned size `raw` tells. */
  readonly axes: ReadonlySet<string>;
  /** Matched nodes, with the attributes that they have. */
  readonly nodes: ReadonlyMap<string, ReadonlySet<string>>;
  /** Whether any other name is an attribute of the source node, null if it has none. */
  readonly open: boolean;
  /** Functions that only some places know. */
  readonly special: ReadonlySet<string>;
  /** The names of helpers, in an `emit`. */
  readonly helpers: ReadonlySet<string> | null;
}

const none: ReadonlySet<string> = new Set();

/** Names of a place, with nothing in what is left out. */
export function namesOf(place: string, given: Partial<Names>): Names {
  return {
    values: none,
    tensors: none,
    variadic: none,
    axes: none,
    nodes: new Map(),
    open: false,
    special: none,
    helpers: null,
    ...given,
    place,
  };
}

/** Checks an expression whose value is used. */
export function checkValue(expr: Expr, names: Names, report: Report): void {
  checkExpr(expr, names, report, false);
}

/** Checks a condition: there an operand's name says whether it is there. */
export function checkCondition(expr: Expr, names: Names, report: Report): void {
  checkExpr(expr, names, report, true);
}

function checkExpr(expr: Expr, names: Names, report: Report, condition: boolean): void {
  const value = (part: Expr): void => checkExpr(part, names, report, false);
  const test = (part: Expr): void => checkExpr(part, names, report, true);
  switch (expr.kind) {
    case 'literal':
      return;
    case 'list':
      return expr.items.forEach(value);
    case 'object':
      if (names.helpers === null) onlyInEmit(expr.span, 'an object', report);
      return expr.entries.forEach((entry) => value(entry.value));
    case 'name':
      return checkName(expr.name, expr.span, names, report, condition);
    case 'field':
      return checkField(expr, names, report);
    case 'index':
      value(expr.of);
      return value(expr.index);
    case 'call':
      return checkCall(expr, names, report);
    case 'spread':
      return value(expr.of);
    case 'unary':
      return expr.operator === 'not' ? test(expr.operand) : value(expr.operand);
    case 'binary':
      if (expr.operator === 'and' || expr.operator === 'or') {
        test(expr.left);
        return test(expr.right);
      }
      value(expr.left);
      return value(expr.right);
    case 'conditional':
      test(expr.test);
      checkExpr(expr.then, names, report, condition);
      return checkExpr(expr.otherwise, names, report, condition);
    case 'each': {
      value(expr.over);
      const inner = withValues(names, [expr.name]);
      checkExpr(expr.body, inner, report, false);
      if (expr.where) checkExpr(expr.where, inner, report, true);
      return;
    }
    case 'let': {
      let inner = names;
      for (const binding of expr.bindings) {
        checkExpr(binding.value, inner, report, false);
        inner = withValues(inner, [binding.name]);
      }
      return checkExpr(expr.body, inner, report, condition);
    }
  }
}

/** The names with some more values. */
export function withValues(names: Names, more: readonly string[]): Names {
  return { ...names, values: new Set([...names.values, ...more]) };
}

function checkName(name: string, span: Span, names: Names, report: Report, condition: boolean): void {
  if (names.values.has(name)) return;
  if (names.tensors.has(name)) {
    if (condition || names.helpers !== null) return;
    return report({
      code: 'E115',
      message: `\`${name}\` is a tensor, whose elements are not known here`,
      span,
      why: `In ${names.place} only shapes are known; a tensor's name alone is a condition: whether it is there.`,
      help: `Use \`shape(${name})\`, \`rank(${name})\`, \`size(${name}, i)\` or \`dtype(${name})\`.`,
    });
  }
  if (names.nodes.has(name)) {
    return report({
      code: 'E115',
      message: `\`${name}\` is a matched node, which has no value itself`,
      span,
      help: `Read an attribute, \`${name}.NAME\`, or ask \`uses(${name})\` or \`op(${name})\`.`,
    });
  }
  if (names.open) return;
  const known = [...new Set([...names.values, ...names.tensors, ...names.nodes.keys()])];
  report({
    code: 'E115',
    message: `nothing in ${names.place} is named \`${name}\``,
    span,
    help: isElementType(name)
      ? `An element type is a string: '${name}'.`
      : suggestion(name, known, 'names here'),
  });
}

function isElementType(name: string): boolean {
  return ['float32', 'int32', 'bool'].includes(name);
}

/** `n.epsilon` reads an attribute of a matched node. */
function checkField(expr: Extract<Expr, { kind: 'field' }>, names: Names, report: Report): void {
  const attrs =
    expr.of.kind === 'name' && !names.values.has(expr.of.name) ? names.nodes.get(expr.of.name) : undefined;
  if (attrs === undefined) return checkExpr(expr.of, names, report, false);
  if (attrs.has(expr.field)) return;
  report({
    code: 'E113',
    message: `the matched node \`${(expr.of as { name: string }).name}\` has no attribute \`${expr.field}\``,
    span: expr.span,
    help: suggestion(expr.field, [...attrs], 'attributes'),
  });
}

function checkCall(expr: Extract<Expr, { kind: 'call' }>, names: Names, report: Report): void {
  const [root, ...path] = expr.callee;
  const name = expr.callee.join('.');
  const checkArgs = (): void => expr.args.forEach((arg) => checkExpr(arg, names, report, false));
  if ((root === 'tf' || root === 'helper') && path.length > 0) {
    if (names.helpers === null) onlyInEmit(expr.span, `a call on \`${root}\``, report);
    else if (root === 'helper') checkHelper(path, expr.span, names.helpers, report);
    return checkArgs();
  }
  const builtIn = functions.get(name);
  if (builtIn === undefined) {
    report({
      code: 'E116',
      message: `there is no function \`${name}\``,
      span: { ...expr.span, end: expr.span.start + name.length },
      help: didYouMean(name, functions.keys(), unknownFunctionHelp(names)) ?? '',
    });
    // Of a function that isn't known nothing is known of its arguments either.
    return expr.args.forEach((arg) => checkExpr(arg, names, report, true));
  }
  if (!expr.args.some((arg) => arg.kind === 'spread') && !acceptsCount(builtIn.arity, expr.args.length)) {
    report({
      code: 'E116',
      message: `\`${name}\` takes ${arityInWords(builtIn.arity)}, here it has ${expr.args.length}`,
      span: expr.span,
    });
  }
  if ((builtIn.kind === 'match' || builtIn.kind === 'elements') && !names.special.has(name)) {
    return report({
      code: 'E116',
      message: `\`${name}\` can't be asked in ${names.place}`,
      span: expr.span,
      why:
        builtIn.kind === 'match'
          ? 'It asks about the graph around a node.'
          : 'It goes over elements of a value.',
      help: `\`${name}\` is for ${builtIn.kind === 'match' ? 'the conditions of rewrites and `from` clauses' : '`value` clauses'}.`,
    });
  }
  if (builtIn.kind === 'values' || builtIn.kind === 'elements') {
    const [first] = expr.args;
    const length = name === 'len' && first?.kind === 'name' && names.variadic.has(first.name);
    return length ? undefined : checkArgs();
  }
  checkTensorArgument(name, builtIn.kind, expr, names, report);
}

function unknownFunctionHelp(names: Names): string {
  return names.helpers === null
    ? 'docs/language.md lists all functions.'
    : 'A function of TensorFlow.js is called on `tf`, one of a `.helpers.ts` file on `helper`.';
}

/** Functions whose first argument is the name of a tensor, an axis or a matched node. */
function checkTensorArgument(
  fn: string,
  kind: 'tensor' | 'axis' | 'match',
  expr: Extract<Expr, { kind: 'call' }>,
  names: Names,
  report: Report,
): void {
  // What rewrites ask is about tensors alone; elsewhere the arguments after the first are values.
  const asked = kind === 'match' ? expr.args : expr.args.slice(0, 1);
  expr.args.slice(asked.length).forEach((arg) => checkExpr(arg, names, report, false));
  for (const arg of asked) checkTensorName(fn, kind, arg, names, report);
}

function checkTensorName(
  fn: string,
  kind: 'tensor' | 'axis' | 'match',
  arg: Expr,
  names: Names,
  report: Report,
): void {
  const nodes = [...names.nodes.keys()];
  const candidates = {
    tensor: [...names.tensors, ...nodes],
    axis: [...names.axes],
    match: ['uses', 'op'].includes(fn) ? nodes : [...names.tensors, ...nodes],
  }[kind];
  if (arg.kind === 'name' && candidates.includes(arg.name)) return;
  const what = { tensor: 'an operand or a result', axis: 'an axis', match: 'a matched tensor or node' }[kind];
  const plural = { tensor: 'tensors here', axis: 'axes here', match: 'names here' }[kind];
  report({
    code: 'E114',
    message:
      arg.kind === 'name'
        ? `\`${fn}\` asks about ${what}, and \`${arg.name}\` is none`
        : `\`${fn}\` asks about ${what}, by its name`,
    span: arg.span,
    help: suggestion(arg.kind === 'name' ? arg.name : '', candidates, plural),
  });
}

function checkHelper(
  path: readonly string[],
  span: Span,
  helpers: ReadonlySet<string>,
  report: Report,
): void {
  const name = path.join('.');
  if (helpers.has(name)) return;
  report({
    code: 'E132',
    message: `there is no helper \`${name}\``,
    span: { ...span, end: span.start + 'helper.'.length + name.length },
    why: 'Helpers are the functions of the `.helpers.ts` file beside a rule file.',
    help:
      helpers.size === 0
        ? `Write \`export function ${name}(…)\` there.`
        : suggestion(name, [...helpers], 'helpers'),
  });
}

function onlyInEmit(span: Span, what: string, report: Report): void {
  report({
    code: 'E116',
    message: `${what} stands only in an \`emit\``,
    span,
    why: 'Everything else is computed when a model is compiled, without TensorFlow.js.',
  });
}
