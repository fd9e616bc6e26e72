/** What rewrites and expansions match and build: the ops exist, with the operands and attributes that are given. */
import type { Span } from '../../diagnostics/diagnostic.js';
import type { Build, Expr, Match } from '../ast.js';
import { functions } from '../functions.js';
import { didYouMean } from '../suggest.js';
import { checkCondition, checkValue, withValues, type Names } from './expressions.js';
import type { OpFacts } from './facts.js';
import { checkLiterals } from './literals.js';
import { counted, quotedList, suggestion, type Report } from './report.js';

export type Arity = 'one' | 'optional' | 'variadic';

export interface BuildContext {
  readonly ops: ReadonlyMap<string, OpFacts>;
  /** What the expressions within can name. */
  readonly names: Names;
  /** Tensors, and whether they may be absent or are lists. */
  readonly tensors: ReadonlyMap<string, Arity>;
  /** Matched nodes, and the ops that they may be. */
  readonly nodes: ReadonlyMap<string, readonly string[]>;
}

type NodeBuild = Extract<Build, { kind: 'node' }>;

/** Operators whose op is unknown keep their sign, and are reported when they are resolved. */
const isOperator = (op: string): boolean => !/^[A-Za-z_]/.test(op) || op === 'div';

export function checkBuild(build: Build, context: BuildContext, report: Report): void {
  const go = (part: Build): void => checkBuild(part, context, report);
  switch (build.kind) {
    case 'none':
      return;
    case 'value':
      return checkTensor(build.name, build.span, context, report);
    case 'scalar':
      return checkValue(build.value, context.names, report);
    case 'node':
      checkNode(build, context, report);
      return build.args.forEach(go);
    case 'else':
      go(build.first);
      return go(build.second);
    case 'if':
      checkCondition(build.test, context.names, report);
      checkBuild(build.then, withPresent(build.test, context), report);
      return go(build.otherwise);
    case 'list':
      return build.items.forEach(go);
    case 'result':
      return go(build.of);
    case 'each': {
      const overTensors = build.over.kind === 'name' && context.tensors.has(build.over.name);
      if (!overTensors) checkValue(build.over, context.names, report);
      return checkBuild(build.body, withLoop(build.name, overTensors, context), report);
    }
    case 'let': {
      let inner = context;
      for (const { name, value } of build.bindings) {
        checkBuild(value, inner, report);
        inner = { ...inner, tensors: new Map([...inner.tensors, [name, 'one']]) };
      }
      return checkBuild(build.body, inner, report);
    }
  }
}

/** After `if b then`, b is there. */
function withPresent(test: Expr, context: BuildContext): BuildContext {
  if (test.kind !== 'name' || context.tensors.get(test.name) !== 'optional') return context;
  return { ...context, tensors: new Map([...context.tensors, [test.name, 'one']]) };
}

/** The name that `for` binds: a tensor, or a number. */
function withLoop(name: string, tensor: boolean, context: BuildContext): BuildContext {
  return tensor
    ? { ...context, tensors: new Map([...context.tensors, [name, 'one']]) }
    : { ...context, names: withValues(context.names, [name]) };
}

function checkTensor(name: string, span: Span, context: BuildContext, report: Report): void {
  if (context.tensors.has(name) || context.nodes.has(name)) return;
  const known = [...context.tensors.keys(), ...context.nodes.keys()];
  report({
    code: 'E114',
    message: `the left side binds no \`${name}\``,
    span,
    help: context.ops.has(name)
      ? `To build the op, give its operands: \`${name}(…)\`.`
      : suggestion(name, known, 'names on the left'),
  });
}

function checkNode(build: NodeBuild, context: BuildContext, report: Report): void {
  const [alias] = context.nodes.get(build.op) ?? [];
  const facts = context.ops.get(alias ?? build.op);
  if (facts === undefined) {
    if (!isOperator(build.op))
      reportUnknownOp(build.op, build.span, context, report, functions.has(build.op));
    return;
  }
  checkBuiltOperands(build, facts, context, report);
  checkGivenAttrs(build.attrs, [facts], context.names, report);
  checkRequired(build, facts, context, report);
}

function reportUnknownOp(
  op: string,
  span: Span,
  { ops }: Pick<BuildContext, 'ops'>,
  report: Report,
  isFunction: boolean,
): void {
  report({
    code: 'E112',
    message: `there is no op \`${op}\``,
    span: { ...span, end: span.start + op.length },
    help: isFunction
      ? `\`${op}\` is a function of numbers: \`scalar(${op}(…))\` makes a constant of it.`
      : didYouMean(op, ops.keys(), '`espalier rules` lists all ops.')!,
  });
}

function checkBuiltOperands(build: NodeBuild, facts: OpFacts, context: BuildContext, report: Report): void {
  const { operands } = facts.op;
  if (build.args.length > operands.length) {
    reportCount(build.span, build.args.length, facts, report);
    return;
  }
  const missing = operands.slice(build.args.length).filter((operand) => operand.kind !== 'optional');
  if (missing.length > 0) reportCount(build.span, build.args.length, facts, report);
  build.args.forEach((arg, i) => {
    const operand = operands[i]!;
    const problem = misfit(arg, operand.kind, context);
    if (problem === null) return;
    report({
      code: 'E117',
      message: `${problem.what} is given for the operand \`${operand.name}\` of \`${facts.op.name}\``,
      span: arg.span,
      why: `\`${operand.name}\` is ${{ one: 'one tensor', optional: 'one tensor, or none', variadic: 'a list of tensors' }[operand.kind]}.`,
      help: problem.help,
    });
  });
}

/** Why an argument can't be an operand, or null if it can, as far as can be told without a graph. */
function misfit(arg: Build, kind: Arity, { tensors }: BuildContext): { what: string; help: string } | null {
  const arity = arg.kind === 'value' ? tensors.get(arg.name) : undefined;
  const isList = arg.kind === 'list' || arg.kind === 'each' || arity === 'variadic';
  if (kind === 'variadic') {
    const single = arg.kind === 'scalar' || arg.kind === 'none' || arity === 'one' || arity === 'optional';
    return single ? { what: 'one tensor', help: 'Write a list: `[a, b]`.' } : null;
  }
  if (isList) return { what: 'a list', help: 'Only a variadic operand takes a list.' };
  if (kind === 'optional') return null;
  if (arg.kind === 'none') return { what: '`none`', help: 'Only an optional operand can be left out.' };
  if (arity === 'optional') {
    const name = (arg as { name: string }).name;
    return {
      what: `\`${name}\`, which may be absent,`,
      help: `Say what stands in for it: \`${name} ?? 0\`; or match it without the question mark.`,
    };
  }
  return null;
}

function reportCount(span: Span, given: number, facts: OpFacts, report: Report): void {
  const { op } = facts;
  const shown = op.operands.map(({ name, kind }) => name + { one: '', optional: '?', variadic: '*' }[kind]);
  report({
    code: 'E117',
    message: `\`${op.name}\` has ${counted(op.operands.length, 'operand')}; here it is given ${given}`,
    span,
    help: `It is \`${op.name}(${shown.join(', ')})\`.`,
  });
}

/** Attributes that are given exist, and have values of their types. Of several ops all must have them. */
function checkGivenAttrs(
  attrs: readonly { readonly name: string; readonly value: Expr }[],
  facts: readonly OpFacts[],
  names: Names,
  report: Report,
): void {
  for (const { name, value } of attrs) {
    checkValue(value, names, report);
    const without = facts.find((candidate) => !candidate.attrs.has(name));
    if (without) {
      report({
        code: 'E113',
        message: `\`${without.op.name}\` has no attribute \`${name}\``,
        span: value.span,
        help: suggestion(name, [...without.attrs.keys()], 'attributes'),
      });
    } else
      for (const { attrs: declared } of facts) checkLiterals(value, name, declared.get(name)!.type, report);
  }
}

function checkRequired(build: NodeBuild, facts: OpFacts, context: BuildContext, report: Report): void {
  const given = new Set(build.attrs.map((attr) => attr.name));
  if (build.spread !== null) {
    const matched = context.nodes.get(build.spread);
    if (matched === undefined) {
      report({
        code: 'E114',
        message: `no matched node is named \`${build.spread}\``,
        span: build.span,
        why: '`...` stands before the name that `as` gives a matched node; its attributes are taken over.',
        help: suggestion(build.spread, [...context.nodes.keys()], 'matched nodes'),
      });
      return;
    }
    for (const op of matched) for (const name of context.ops.get(op)?.attrs.keys() ?? []) given.add(name);
  }
  const missing = facts.required.filter((name) => !given.has(name));
  if (missing.length === 0) return;
  report({
    code: 'E119',
    message: `\`${facts.op.name}\` is built without the attribute${missing.length > 1 ? 's' : ''} ${quotedList(missing)}`,
    span: build.span,
    why: 'They have no default.'.replace('They have', missing.length > 1 ? 'They have' : 'It has'),
    help: `Give ${missing.length > 1 ? 'them' : 'it'}: \`{ ${missing.map((name) => `${name}: …`).join(', ')} }\`.`,
  });
}

/** The left side: ops exist, have so many operands, and the attributes that are asked for. */
export function checkMatch(match: Match, context: BuildContext, report: Report): void {
  if (match.kind !== 'node') return;
  const facts: OpFacts[] = [];
  for (const op of match.ops) {
    const found = context.ops.get(op);
    if (found) facts.push(found);
    else reportUnknownOp(op, match.span, context, report, false);
  }
  for (const { op } of facts) {
    const variadic = op.operands.some((operand) => operand.kind === 'variadic');
    const missing = op.operands.slice(match.args.length).filter((operand) => operand.kind !== 'optional');
    if (variadic || (match.args.length <= op.operands.length && missing.length === 0)) continue;
    reportCount(match.span, match.args.length, context.ops.get(op.name)!, report);
  }
  if (facts.length === match.ops.length) checkGivenAttrs(match.attrs, facts, context.names, report);
  for (const arg of match.args) checkMatch(arg, context, report);
}
