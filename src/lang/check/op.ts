/** The clauses of an op, but for `axes`, `from` and `emit`. */
import type { Span } from '../../diagnostics/diagnostic.js';
import type { OpRule, ZeroExpr } from '../ast.js';
import { checkAxes } from './axes.js';
import { checkValue, namesOf, type Names } from './expressions.js';
import type { OpFacts } from './facts.js';
import { attrTypes, checkLiterals } from './literals.js';
import { reportRepeated, suggestion, type Report } from './report.js';

export function checkOp(facts: OpFacts, report: Report): void {
  checkNames(facts.op, report);
  checkAttrs(facts, report);
  checkAxes(facts, report);
  checkExpressions(facts, report);
  checkWords(facts, report);
}

/** Names that expressions of an op can use for values. */
export function opNames(facts: OpFacts, place: string, given: Partial<Names> = {}): Names {
  const { op } = facts;
  const axes = new Set([...facts.axes].filter(([, kind]) => kind === 'axis').map(([name]) => name));
  return namesOf(place, {
    values: new Set([...facts.attrs.keys(), ...axes]),
    tensors: new Set([...facts.operands, ...facts.results]),
    variadic: new Set(
      [...op.operands, ...op.results].filter((t) => t.kind === 'variadic').map((t) => t.name),
    ),
    axes,
    ...given,
  });
}

function checkNames(op: OpRule, report: Report): void {
  reportRepeated([...op.operands, ...op.results], 'the name', report);
  reportRepeated(op.attrs.map(headOf), 'the attribute', report);
  const tensors = new Map([...op.operands, ...op.results].map((t) => [t.name, t.span]));
  for (const attr of op.attrs) {
    const tensor = tensors.get(attr.name);
    if (tensor === undefined) continue;
    report({
      code: 'E138',
      message: `\`${attr.name}\` is an attribute and a tensor`,
      span: headOf(attr).span,
      why: 'In an expression it could be either.',
      help: 'Rename one of the two.',
      notes: [{ message: 'the tensor is here', span: tensor }],
    });
  }
  for (const [what, list] of [
    ['operand', op.operands],
    ['result', op.results],
  ] as const) {
    const variadic = list.filter((tensor) => tensor.kind === 'variadic');
    const [, second] = variadic;
    if (second) {
      report({
        code: 'E140',
        message: `a second ${what} is variadic: \`${second.name}*\``,
        span: second.span,
        why: 'Where one ends and the other begins could not be told.',
        help: `An op has at most one variadic ${what}.`,
      });
    }
  }
}

/** Only the name of an attribute: its type and default may be long. */
function headOf({ name, span }: { readonly name: string; readonly span: Span }): {
  name: string;
  span: Span;
} {
  return { name, span: { ...span, end: span.start + name.length } };
}

function checkAttrs(facts: OpFacts, report: Report): void {
  for (const attr of facts.op.attrs) {
    const { name, type, span } = attr;
    if (typeof type === 'string' && !attrTypes.includes(type)) {
      report({
        code: 'E139',
        message: `there is no attribute type \`${String(type)}\``,
        span: { ...span, end: span.start + name.length },
        help: suggestion(type, [...attrTypes], 'types'),
      });
    }
    if (attr.default === null) continue;
    checkLiterals(attr.default, name, type, report);
    const others = [...facts.attrs.keys()].filter((other) => other !== name);
    const names = opNames(facts, `the default of \`${name}\``);
    const axes = [...names.axes].filter((axis) => axis !== name);
    checkValue(attr.default, { ...names, values: new Set([...others, ...axes]) }, report);
  }
}

function checkExpressions(facts: OpFacts, report: Report): void {
  const { op } = facts;
  const names = opNames(facts, `the sizes of \`${op.name}\``);
  const of = (what: string): Names => ({ ...names, place: `the ${what} of \`${op.name}\`` });
  for (const clause of op.axes) {
    if (clause.kind === 'signature') {
      for (const constraint of clause.where) checkValue(constraint.right, of('axes'), report);
    }
  }
  for (const size of op.sizes) checkValue(size.value, of('sizes'), report);
  for (const { value } of op.dtypes) checkValue(value, of('dtype'), report);
  if (op.cost) checkValue(op.cost, of('cost'), report);
  if (op.value) {
    const values = new Set([...names.values, ...facts.operands]);
    checkValue(op.value, { ...of('value'), values, special: new Set(['elementwise']) }, report);
  }
}

/** Clauses that list names of axes, operands and results. */
function checkWords(facts: OpFacts, report: Report): void {
  const { op } = facts;
  const place = (key: string): Span => op.places?.[key] ?? op.span;
  // With an axis function an attribute that lists axes stands for them.
  const listing = op.axes.some((clause) => clause.kind === 'function')
    ? op.attrs.filter((attr) => attr.type === 'int' || attr.type === 'int[]').map((attr) => attr.name)
    : [];
  const axes = [...new Set([...facts.axes.keys(), ...listing])];
  for (const word of ['fixed', 'mixes', 'keep'] as const) {
    for (const name of op[word]) {
      if (axes.includes(name)) continue;
      report({
        code: 'E120',
        message: `\`${word}\` names \`${name}\`, which is no axis of \`${op.name}\``,
        span: place(`${word}:${name}`),
        help: suggestion(name, axes, 'axes'),
      });
    }
  }
  const operand = (key: string, name: string): void => {
    if (facts.operands.includes(name)) return;
    report({
      code: 'E114',
      message: `the op has no operand \`${name}\``,
      span: place(`${key}:${name}`),
      help: suggestion(name, facts.operands, 'operands'),
    });
  };
  for (const name of op.zeros ? zeroNames(op.zeros) : []) operand('zeros', name);
  for (const name of Object.keys(op.roles)) operand('role', name);
  for (const name of op.commutes) operand('commutes', name);
  if (op.commutes.length === 1) {
    report({
      code: 'E117',
      message: 'one operand alone has nothing to be exchanged with',
      span: place(`commutes:${op.commutes[0]!}`),
      help: 'Name two or more: `commutes x, y`.',
    });
  }
  for (const { result } of op.dtypes) {
    if (facts.results.includes(result)) continue;
    report({
      code: 'E114',
      message: `the op has no result \`${result}\``,
      span: place(`dtype:${result}`),
      help: suggestion(result, facts.results, 'results'),
    });
  }
}

function zeroNames(zeros: ZeroExpr): string[] {
  return zeros.kind === 'operand' ? [zeros.name] : zeros.of.flatMap(zeroNames);
}
