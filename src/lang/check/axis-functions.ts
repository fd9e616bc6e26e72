/** `axes y = reshape(x, shape)`: the function exists, and has the arguments that it takes. */
import type { AxesClause, AxisFunctionName } from '../ast.js';
import type { OpFacts } from './facts.js';
import { checkValue, namesOf } from './expressions.js';
import { counted, quotedList, suggestion, type Report } from './report.js';

/** The names of the arguments: operands first, then attributes; `?` marks those that may be left out. */
const parameters: Record<
  AxisFunctionName,
  { operands: readonly string[]; attrs: readonly string[]; least: number }
> = {
  permute: { operands: ['x'], attrs: ['perm'], least: 2 },
  reshape: { operands: ['x'], attrs: ['shape'], least: 2 },
  slice: { operands: ['x'], attrs: ['begin', 'size', 'strides'], least: 3 },
  pad: { operands: ['x'], attrs: ['before', 'after'], least: 3 },
  reduce: { operands: ['x'], attrs: ['over', 'keep_dims'], least: 3 },
  broadcast: { operands: ['x'], attrs: ['shape'], least: 2 },
  squeeze: { operands: ['x'], attrs: ['axes'], least: 2 },
  expand: { operands: ['x'], attrs: ['axis'], least: 2 },
  tile: { operands: ['x'], attrs: ['reps'], least: 2 },
  gather: { operands: ['x', 'indices'], attrs: ['axis', 'batch_axes'], least: 3 },
  einsum: { operands: ['xs'], attrs: ['equation'], least: 2 },
  fixed: { operands: [], attrs: ['shape'], least: 1 },
};

export function checkAxisFunctions(facts: OpFacts, report: Report): void {
  const clauses = facts.op.axes.filter((clause) => clause.kind === 'function');
  for (const clause of clauses) checkFunction(clause, facts, report);
  checkEveryOperandFlows(clauses, facts, report);
}

type FunctionClause = Extract<AxesClause, { kind: 'function' }>;

function checkFunction(clause: FunctionClause, facts: OpFacts, report: Report): void {
  const { result, function: name, args, span } = clause;
  if (!facts.results.includes(result)) {
    report({
      code: 'E114',
      message: `the op has no result \`${result}\``,
      span: { ...span, end: span.start + result.length },
      help: suggestion(result, facts.results, 'results'),
    });
  }
  const signature = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
  if (signature === undefined) {
    return report({
      code: 'E125',
      message: `there is no axis function \`${name}\``,
      span,
      help: suggestion(name, Object.keys(parameters), 'axis functions'),
    });
  }
  const all = [...signature.operands, ...signature.attrs];
  if (args.length < signature.least || args.length > all.length) {
    const shown = all.map((p, i) => (i < signature.least ? p : `${p}?`));
    report({
      code: 'E125',
      message: `\`${name}\` has ${counted(args.length, 'argument')} here`,
      span,
      help: `It is \`${name}(${shown.join(', ')})\`.`,
    });
  }
  args.forEach((arg, i) => {
    if (i >= signature.operands.length) return checkValue(arg, valueNames(facts), report);
    if (arg.kind === 'name' && facts.operands.includes(arg.name)) return;
    report({
      code: 'E125',
      message: `argument ${i + 1} of \`${name}\` must be the name of an operand`,
      span: arg.span,
      help: suggestion(arg.kind === 'name' ? arg.name : '', facts.operands, 'operands'),
    });
  });
}

function valueNames(facts: OpFacts): ReturnType<typeof namesOf> {
  const { op } = facts;
  return namesOf(`the axes of \`${op.name}\``, {
    values: new Set([...facts.attrs.keys(), ...singleAxes(facts)]),
    tensors: new Set([...facts.operands, ...facts.results]),
    variadic: new Set(
      [...op.operands, ...op.results].filter((t) => t.kind === 'variadic').map((t) => t.name),
    ),
    axes: singleAxes(facts),
  });
}

function singleAxes(facts: OpFacts): ReadonlySet<string> {
  return new Set([...facts.axes].filter(([, kind]) => kind === 'axis').map(([name]) => name));
}

/** An operand that no function reads would be assumed to have nothing to do with the result. */
function checkEveryOperandFlows(clauses: readonly FunctionClause[], facts: OpFacts, report: Report): void {
  if (clauses.length !== facts.op.axes.length || clauses.some((clause) => clause.function === 'fixed'))
    return;
  const read = new Set(
    clauses.flatMap((clause) => clause.args.flatMap((arg) => (arg.kind === 'name' ? [arg.name] : []))),
  );
  const unread = facts.operands.filter((operand) => !read.has(operand));
  if (unread.length === 0) return;
  report({
    code: 'E124',
    message: `no axis function reads ${unread.length === 1 ? 'the operand' : 'the operands'} ${quotedList(unread)}`,
    span: facts.op.axes[0]!.span,
    why: 'What its axes have to do with those of the result is not said.',
    help: `If nothing: \`axes ${facts.results[0]!} = fixed(shape(…))\`, which fixes the axes of all operands.`,
  });
}
