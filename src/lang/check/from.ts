/** `from`: the source is known, every operand is bound, and the attributes exist. */
import type { Span } from '../../diagnostics/diagnostic.js';
import type { AxisExpr, Build, Expr, FromClause, SourcePattern, TensorPattern } from '../ast.js';
import { mentions } from '../mentions.js';
import { checkBuild, type Arity } from './build.js';
import { checkCondition, checkValue, namesOf, withValues, type Names } from './expressions.js';
import { namesIn, patternsOf, type OpFacts } from './facts.js';
import { checkLiterals } from './literals.js';
import { quotedList, reportRepeated, suggestion, type Report } from './report.js';
import { walkBuild } from '../walk-build.js';

/** The frameworks that the importers read. */
export const sourceNames: readonly string[] = ['tf', 'tfjs', 'torch', 'aten', 'onnx'];

type Bind = Extract<SourcePattern, { kind: 'bind' }>;

export function checkFrom(
  from: FromClause,
  facts: OpFacts,
  ops: ReadonlyMap<string, OpFacts>,
  report: Report,
): void {
  if (!sourceNames.includes(from.source)) {
    report({
      code: 'E129',
      message: `there is no source \`${from.source}\``,
      span: headSpan(from),
      help: suggestion(from.source, sourceNames, 'sources'),
    });
  }
  const bound = bindsOf(from.args);
  reportRepeated(bound, 'the name', report);
  for (const bind of bound)
    if (bind.dims) checkDims(bind.name, bind.dims, bind.span, 'operands', facts, report);
  checkVariadic(from, facts, report);
  checkResults(from, facts, report);
  let names = sourceScope(from, facts, bound);
  for (const { name, value } of from.lets) {
    checkValue(value, names, report);
    names = withValues(names, [name]);
  }
  if (from.when) checkCondition(from.when, names, report);
  for (const { value } of from.attrs) checkValue(value, names, report);
  if (from.expansion) checkExpansion(from, from.expansion, bound, names, ops, report);
  else checkComplete(from, facts, bound, report);
  checkUsed(from, facts, bound, report);
}

/** `from tf Conv2D`, without what follows: a clause may be many lines. */
export function headSpan(from: FromClause): Span {
  const end = from.args[0]?.span.start ?? from.span.end;
  return {
    ...from.span,
    end: Math.min(end - 1, from.span.start + `from ${from.source}  ${from.types[0]!}`.length),
  };
}

export function bindsOf(args: readonly SourcePattern[]): Bind[] {
  return args.flatMap((arg) => (arg.kind === 'bind' ? [arg] : arg.kind === 'node' ? bindsOf(arg.args) : []));
}

function sourceScope(from: FromClause, facts: OpFacts, bound: readonly Bind[]): Names {
  const placed = from.expansion ? tensorsOfBuild(from.expansion) : new Set<string>();
  return namesOf(`this \`from\` of \`${facts.op.name}\``, {
    tensors: new Set([...bound.map((bind) => bind.name), ...facts.operands, ...facts.results]),
    variadic: new Set(bound.filter((bind) => bind.arity === 'variadic').map((bind) => bind.name)),
    // A name that is neither an operand nor placed in the expansion is a compile-time value; any other name may be an
    // attribute of the source node.
    values: new Set(
      bound.map((bind) => bind.name).filter((name) => !facts.operands.includes(name) && !placed.has(name)),
    ),
    open: true,
    special: new Set(['is_constant', 'number']),
  });
}

/** Every operand is bound, every attribute that is given exists, and all that must be given are. */
function checkComplete(from: FromClause, facts: OpFacts, bound: readonly Bind[], report: Report): void {
  const { op, attrs } = facts;
  const names = new Set(bound.map((bind) => bind.name));
  const unbound = op.operands.filter((operand) => operand.kind !== 'optional' && !names.has(operand.name));
  if (unbound.length > 0) {
    report({
      code: 'E128',
      message: `the operand${unbound.length > 1 ? 's' : ''} ${quotedList(unbound.map((o) => o.name))} of \`${op.name}\` ${unbound.length > 1 ? 'are' : 'is'} not bound`,
      span: headSpan(from),
      why: 'Only an optional operand can be left out.',
      help:
        from.source === 'tfjs'
          ? `Name the input that it is: \`(… NAME as ${unbound[0]!.name})\`.`
          : 'Put its name where it stands among the inputs.',
    });
  }
  reportRepeated(from.attrs, 'the attribute', report);
  for (const { name, value, span } of from.attrs) {
    const attr = attrs.get(name);
    if (attr) checkLiterals(value, name, attr.type, report);
    else {
      report({
        code: 'E113',
        message: `\`${op.name}\` has no attribute \`${name}\``,
        span: { ...span, end: span.start + name.length },
        help: suggestion(name, [...attrs.keys()], 'attributes'),
      });
    }
  }
  const given = new Set([...from.attrs.map((attr) => attr.name), ...names]);
  const missing = facts.required.filter((name) => !given.has(name));
  if (missing.length === 0) return;
  const plural = missing.length > 1;
  report({
    code: 'E119',
    message: `the attribute${plural ? 's' : ''} ${quotedList(missing)} of \`${op.name}\` ${plural ? 'are' : 'is'} not given`,
    span: headSpan(from),
    why: `${plural ? 'They have' : 'It has'} no default, and nothing is guessed.`,
    help: `Say where ${plural ? 'they come' : 'it comes'} from: \`{ ${missing.map((name) => `${name} = …`).join(', ')} }\`.`,
  });
}

function checkExpansion(
  from: FromClause,
  expansion: Build,
  bound: readonly Bind[],
  names: Names,
  ops: ReadonlyMap<string, OpFacts>,
  report: Report,
): void {
  if (from.attrs.length > 0) {
    report({
      code: 'E119',
      message: 'attributes stand both before and after `=>`',
      span: from.attrs[0]!.span,
      why: 'With an expansion the braces after each op that it builds hold its attributes.',
      help: 'Move them there: `=> relu(conv2d(x, k) { stride = … })`.',
    });
  }
  const tensors = new Map<string, Arity>(bound.map((bind) => [bind.name, bind.arity]));
  checkBuild(expansion, { ops, names, tensors, nodes: new Map() }, report);
}

function checkVariadic(from: FromClause, facts: OpFacts, report: Report): void {
  for (const bind of bindsOf(from.args)) {
    const operand = facts.op.operands.find((candidate) => candidate.name === bind.name);
    if (operand === undefined || from.expansion) continue;
    if ((operand.kind === 'variadic') === (bind.arity === 'variadic')) {
      if (bind.arity !== 'optional' || operand.kind === 'optional') continue;
    }
    const form = { one: bind.name, optional: `${bind.name}?`, variadic: `${bind.name}*` };
    report({
      code: 'E140',
      message: `\`${form[bind.arity]}\` binds the operand \`${form[operand.kind]}\``,
      span: bind.span,
      help: `Write \`${form[operand.kind]}\`${operand.kind === 'optional' ? ` or \`${form.one}\`` : ''}.`,
    });
  }
}

function checkResults(from: FromClause, facts: OpFacts, report: Report): void {
  for (const { name, dims } of from.results ?? []) {
    if (!facts.results.includes(name)) {
      report({
        code: 'E114',
        message: `\`${facts.op.name}\` has no result \`${name}\``,
        span: headSpan(from),
        help: suggestion(name, facts.results, 'results'),
      });
    } else if (dims) checkDims(name, dims, dims[0]?.span ?? headSpan(from), 'results', facts, report);
  }
}

/** The source's own axes are the op's in another order: the same names, each once. */
function checkDims(
  name: string,
  dims: readonly AxisExpr[],
  span: Span,
  side: 'operands' | 'results',
  facts: OpFacts,
  report: Report,
): void {
  const pattern = patternsOf(facts.op)[side].find((candidate) => candidate.tensor === name);
  if (pattern === undefined) {
    if (facts.operands.includes(name) || facts.results.includes(name)) {
      report({
        code: 'E120',
        message: `\`${name}\` has axes here, and none in a signature`,
        span,
        why: 'The order of axes is given with the names of the signature; an axis function has none.',
      });
    }
    return;
  }
  const own = axisNamesOf(pattern.dims);
  for (const axis of dims.flatMap(namesIn)) {
    if (own.has(axis.name)) continue;
    report({
      code: 'E120',
      message: `\`${axis.name}\` is no axis of \`${name}\``,
      span: axis.span,
      help: suggestion(axis.name, [...own], `axes of \`${name}\``),
    });
  }
  const given = axisNamesOf(dims);
  const missing = [...own].filter((axis) => !given.has(axis));
  if (missing.length > 0) reportMissingAxes(name, missing, pattern, span, report);
}

function reportMissingAxes(
  name: string,
  missing: readonly string[],
  pattern: TensorPattern,
  span: Span,
  report: Report,
): void {
  report({
    code: 'E120',
    message: `the order of the axes of \`${name}\` leaves out ${quotedList(missing)}`,
    span,
    help: 'Name all of them, in the order that the source has them.',
    notes: [{ message: 'the signature has them here', span: pattern.span }],
  });
}

function axisNamesOf(dims: readonly AxisExpr[]): Set<string> {
  return new Set(dims.flatMap(namesIn).map((axis) => axis.name));
}

/** A name that nothing reads is most often a name mistyped. */
function checkUsed(from: FromClause, facts: OpFacts, bound: readonly Bind[], report: Report): void {
  const used = new Set<string>();
  for (const { value } of from.lets) mentions(value, used);
  if (from.when) mentions(from.when, used);
  for (const { value } of from.attrs) mentions(value, used);
  if (from.expansion) mentionsOfBuild(from.expansion, used);
  const mapped = from.expansion ? [] : [...facts.operands, ...facts.attrs.keys()];
  for (const bind of bound) {
    // Inputs that do not matter, however many, have no other way to be written than `rest*`.
    if (used.has(bind.name) || mapped.includes(bind.name) || bind.arity === 'variadic') continue;
    report({
      code: 'E128',
      message: `\`${bind.name}\` is bound and nothing reads it`,
      span: bind.span,
      why: from.expansion
        ? 'The expansion does not use it.'
        : `It is neither an operand nor an attribute of \`${facts.op.name}\`.`,
      help: suggestionOrIgnore(bind.name, mapped),
    });
  }
}

function suggestionOrIgnore(name: string, candidates: readonly string[]): string {
  const meant = suggestion(name, candidates, '').startsWith('Did')
    ? `${suggestion(name, candidates, '')} `
    : '';
  return `${meant}An input that does not matter is \`_\`.`;
}

/** The names that a build puts into the graph; what else an expansion binds is read at compile time. */
function tensorsOfBuild(build: Build): Set<string> {
  const names = new Set<string>();
  walkBuild(build, {
    tensor: (name) => names.add(name),
    expr: () => undefined,
    over: (expr) => expr.kind === 'name' && names.add(expr.name),
  });
  return names;
}

/** All names in a build, as tensors and in expressions. */
function mentionsOfBuild(build: Build, into: Set<string>): void {
  const read = (expr: Expr): unknown => mentions(expr, into);
  walkBuild(build, { tensor: (name) => into.add(name), expr: read, over: read });
}
