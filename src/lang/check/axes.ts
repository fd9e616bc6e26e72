/** Signatures: every tensor has a pattern, every axis of a result comes from somewhere, and from one place only. */
import type { Span } from '../../diagnostics/diagnostic.js';
import type { AxisConstraint, AxisExpr, OpRule, TensorPattern } from '../ast.js';
import { checkAxisFunctions } from './axis-functions.js';
import { namesIn, patternsOf, type AxisName, type OpFacts } from './facts.js';
import { quotedList, suggestion, type Report } from './report.js';

export function checkAxes(facts: OpFacts, report: Report): void {
  const { op } = facts;
  if (op.axes.length === 0) return checkAxesNeeded(op, report);
  checkPatterns(facts, report);
  checkNameKinds(op, report);
  checkSizes(facts, report);
  checkOrigins(facts, report);
  checkAxisFunctions(facts, report);
}

/** An op that others express, or that is never compiled, needs no axes. */
function checkAxesNeeded(op: OpRule, report: Report): void {
  if (op.dynamic !== null || isOnlyExpanded(op)) return;
  const tensors = (list: readonly { name: string; kind: string }[]): string =>
    list.map(({ name, kind }) => `${name}${kind === 'variadic' ? '*' : ''}[…]`).join(' ');
  report({
    code: 'E124',
    message: `the op \`${op.name}\` says nothing of its axes`,
    span: op.places?.['name'] ?? op.span,
    why: 'Without them neither the shape of the result nor what can be pruned is known.',
    help: `Add \`axes ${tensors(op.operands)} -> ${tensors(op.results)}\`, or \`axes ${op.results[0]!.name} = FUNCTION(…)\` where an attribute decides.`,
  });
}

/** Whether every source node of an op becomes other ops. */
export function isOnlyExpanded(op: OpRule): boolean {
  return op.froms.length > 0 && op.froms.every((from) => from.expansion !== null);
}

function checkPatterns(facts: OpFacts, report: Report): void {
  const { op } = facts;
  const { operands, results } = patternsOf(op);
  const functions = op.axes.filter((clause) => clause.kind === 'function');
  checkSide('operand', operands, op.operands, report);
  checkSide('result', results, op.results, report);
  if (op.axes.some((clause) => clause.kind === 'signature')) {
    const missing = op.operands.filter(
      (operand) => !operands.some((pattern) => pattern.tensor === operand.name),
    );
    for (const { name, kind } of missing) reportMissing('operand', name, kind, op, report);
  }
  for (const { name, kind } of op.results) {
    const shown = [...results.map((pattern) => pattern.tensor), ...functions.map((f) => f.result)];
    if (!shown.includes(name)) reportMissing('result', name, kind, op, report);
  }
}

function reportMissing(what: string, name: string, kind: string, op: OpRule, report: Report): void {
  const pattern = `${name}${kind === 'variadic' ? '*' : ''}`;
  report({
    code: 'E124',
    message: `nothing says which axes the ${what} \`${name}\` has`,
    span: op.axes[0]!.span,
    why: 'A signature has a pattern for every operand and every result.',
    help: op.axes.some((clause) => clause.kind === 'signature')
      ? `Add \`${pattern}[…]\` ${what === 'result' ? 'after' : 'before'} the arrow; \`${pattern}[]\` has no axes.`
      : `Add \`axes ${name} = FUNCTION(…)\`.`,
  });
}

function checkSide(
  what: 'operand' | 'result',
  patterns: readonly TensorPattern[],
  declared: readonly { readonly name: string; readonly kind: string }[],
  report: Report,
): void {
  const seen = new Map<string, Span>();
  for (const pattern of patterns) {
    const tensor = declared.find((candidate) => candidate.name === pattern.tensor);
    const nameSpan = { ...pattern.span, end: pattern.span.start + pattern.tensor.length };
    if (tensor === undefined) {
      report({
        code: 'E114',
        message: `the op has no ${what} \`${pattern.tensor}\``,
        span: nameSpan,
        help: suggestion(
          pattern.tensor,
          declared.map((candidate) => candidate.name),
          `${what}s`,
        ),
      });
      continue;
    }
    const first = seen.get(pattern.tensor);
    if (first) {
      report({
        code: 'E124',
        message: `the ${what} \`${pattern.tensor}\` has two patterns`,
        span: pattern.span,
        notes: [{ message: 'the first is here', span: first }],
      });
    }
    seen.set(pattern.tensor, pattern.span);
    if (tensor.kind !== 'variadic') checkNoEach(pattern, report);
  }
}

/** `c*` is one axis for every tensor of a variadic; elsewhere only the sum `(+ c*)` of them all makes sense. */
function checkNoEach(pattern: TensorPattern, report: Report): void {
  for (const dim of pattern.dims.flatMap(parts)) {
    if (dim.kind !== 'each') continue;
    report({
      code: 'E140',
      message: `\`${dim.name}*\` stands in \`${pattern.tensor}\`, which is one tensor`,
      span: dim.span,
      why: 'It is the axis of each tensor of a variadic operand or result.',
      help: `Write \`(+ ${dim.name}*)\` for all of them, one after the other, or \`${dim.name}\` for one axis.`,
    });
  }
}

/** A dimension and all that is in it. */
function parts(dim: AxisExpr): AxisExpr[] {
  if (dim.kind === 'product') return [dim, ...dim.factors.flatMap(parts)];
  return dim.kind === 'sum' ? [dim, ...dim.terms.flatMap(parts)] : [dim];
}

/** A name is one axis, or any number of them, or one in each tensor: not two of these. */
function checkNameKinds(op: OpRule, report: Report): void {
  const { operands, results } = patternsOf(op);
  const words = { axis: 'one axis', rest: 'any number of axes', each: 'an axis of every tensor' };
  const firsts = new Map<string, AxisName>();
  for (const name of [...operands, ...results].flatMap((pattern) => pattern.dims.flatMap(namesIn))) {
    const first = firsts.get(name.name);
    if (first === undefined) firsts.set(name.name, name);
    else if (first.kind !== name.kind) {
      report({
        code: 'E120',
        message: `\`${name.name}\` is ${words[first.kind]} in one place and ${words[name.kind]} in another`,
        span: name.span,
        help: 'Give one of the two another name.',
        notes: [{ message: 'the first is here', span: first.span }],
      });
    }
  }
}

/** Every size is given once: by an operand, by `sizes` or by `where`. */
function checkSizes(facts: OpFacts, report: Report): void {
  const { op, axes } = facts;
  const given = new Map<string, { span: Span; by: string }>();
  const plain = plainAxes(op);
  const give = (name: string, span: Span, by: string): void => {
    const first = given.get(name);
    if (first) {
      report({
        code: 'E121',
        message: `the size of \`${name}\` is given twice`,
        span,
        why: 'An axis has one size; where the two differ, one of them is wrong.',
        help: 'Remove one of the two.',
        notes: [{ message: `it is given here, by ${first.by}`, span: first.span }],
      });
    } else given.set(name, { span, by });
  };
  for (const clause of op.axes) {
    if (clause.kind === 'signature') {
      for (const constraint of clause.where) {
        if (checkConstraint(constraint, facts, report))
          give(constraint.left.name, constraint.span, '`where`');
      }
    }
  }
  for (const { name, span } of op.sizes) {
    const operand = plain.get(name);
    const nameSpan = { ...span, end: span.start + name.length };
    if (axes.get(name) !== 'axis') {
      report({
        code: 'E120',
        message: `\`${name}\` is no axis of the signature`,
        span: nameSpan,
        help: suggestion(name, axisNames(facts, 'axis'), 'axes'),
      });
    } else if (operand) {
      report({
        code: 'E121',
        message: `\`sizes\` gives \`${name}\`, which an operand already has`,
        span,
        why: 'The size of an axis of an operand is read off the operand; `sizes` is for axes that only results show.',
        help: `Name the result's axis differently, or remove this.`,
        notes: [{ message: 'the operand has it here', span: operand }],
      });
    } else give(name, span, '`sizes`');
  }
}

/** Axes that stand alone as a dimension of an operand that is always there. */
function plainAxes(op: OpRule): ReadonlyMap<string, Span> {
  const optional = new Set(op.operands.filter((o) => o.kind === 'optional').map((o) => o.name));
  const plain = new Map<string, Span>();
  for (const pattern of patternsOf(op).operands) {
    if (optional.has(pattern.tensor)) continue;
    for (const dim of pattern.dims)
      if (dim.kind === 'axis' && !plain.has(dim.name)) plain.set(dim.name, dim.span);
  }
  return plain;
}

function axisNames(facts: OpFacts, kind: AxisName['kind']): string[] {
  return [...facts.axes].filter(([, k]) => k === kind).map(([name]) => name);
}

/** Whether the left side of a constraint names something of the signature. */
function checkConstraint({ left, span }: AxisConstraint, facts: OpFacts, report: Report): boolean {
  const { axes, op } = facts;
  const kind = axes.get(left.name);
  const variadic = [...op.operands, ...op.results].some((t) => t.name === left.name && t.kind === 'variadic');
  const wanted = { rank: 'rest', sizes: 'each', size: 'axis' } as const;
  if (kind === wanted[left.kind] || (left.kind === 'rank' && variadic)) return true;
  const forms = { axis: `${left.name} = …`, rest: `|${left.name}| = …`, each: `|${left.name}*| = …` };
  const what = { rank: 'number of axes', sizes: 'list of sizes', size: 'size' }[left.kind];
  report({
    code: 'E120',
    message: kind
      ? `\`${left.name}\` has no ${what} to give`
      : `\`${left.name}\` is no axis of the signature`,
    span,
    help: kind
      ? `Write \`${forms[kind]}\`.`
      : suggestion(left.name, axisNames(facts, wanted[left.kind]), 'axes that this could mean'),
  });
  return false;
}

/** What the shapes of operands leave open, and axes of results that come from nowhere. */
function checkOrigins(facts: OpFacts, report: Report): void {
  const { op, solved } = facts;
  for (const { dim, names } of solved.open) {
    const [first] = names;
    report({
      code: 'E123',
      message:
        dim.kind === 'sumOf'
          ? `how \`(+ ${dim.name}*)\` is divided is not given`
          : `the sizes of ${quotedList(names)} can't be told from that of their ${dim.kind}`,
      span: dim.span,
      help:
        dim.kind === 'sumOf'
          ? `Give the list of sizes: \`where |${dim.name}*| = sizes\`.`
          : `Give all but one: \`where ${first!} = …\`, or an attribute named \`${first!}\`.`,
    });
  }
  for (const { pattern, names } of solved.openRests) {
    report({
      code: 'E123',
      message: `how many axes ${quotedList(names)} have can't be told apart in \`${pattern.tensor}\``,
      span: pattern.span,
      why: 'Each can have any number of axes; only their sum is known.',
      help: `Give all but one: \`where |${names[0]!}| = axis\`.`,
    });
  }
  const { operands, results } = patternsOf(op);
  const bound = new Set([
    ...operands.flatMap((pattern) => pattern.dims.flatMap(namesIn)).map((name) => name.name),
    ...solved.known,
    ...facts.attrs.keys(),
  ]);
  const reported = new Set<string>();
  for (const { name, kind, span } of results.flatMap((pattern) => pattern.dims.flatMap(namesIn))) {
    if (bound.has(name) || reported.has(name)) continue;
    reported.add(name);
    report({
      code: 'E122',
      message: `no operand has the result's axis \`${name}\``,
      span,
      why:
        kind === 'rest' ? 'How many there are, and of what sizes, is not known.' : 'Its size is not known.',
      help: unboundHelp(
        name,
        kind,
        axisNames(facts, kind).filter((other) => bound.has(other)),
      ),
    });
  }
}

function unboundHelp(name: string, kind: AxisName['kind'], others: readonly string[]): string {
  const give = {
    axis: `Give it: \`sizes ${name} = …\``,
    rest: "Use the name of an operand's axes",
    each: `Give the list of sizes: \`where |${name}*| = …\``,
  }[kind];
  return `${give}${others.length > 0 ? `; operands have ${quotedList(others)}` : ''}.`;
}
