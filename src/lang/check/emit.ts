/** `emit`: what it calls exists, and no operand that may be absent is passed on as if it were there. */
import type { EmitClause, Expr } from '../ast.js';
import { targetNames } from '../backends.js';
import { isOnlyExpanded } from './axes.js';
import { checkBackends } from './backend.js';
import { checkCondition, checkValue, withValues } from './expressions.js';
import type { OpFacts } from './facts.js';
import { opNames } from './op.js';
import type { Report } from './report.js';

export function checkEmits(facts: OpFacts, helpers: ReadonlySet<string>, report: Report): void {
  const { op } = facts;
  if (op.emits.length === 0 && op.dynamic === null && !isOnlyExpanded(op)) {
    report({
      code: 'E130',
      message: `the op \`${op.name}\` has no \`emit\``,
      span: op.places?.['name'] ?? op.span,
      why: 'Nothing says how to compute it.',
      help:
        'Add `emit tf.…`; or let every `from` expand to other ops, `from … => …`; ' +
        "or, if it can't be compiled, say why: `dynamic '…'`.",
    });
  }
  const conditions = withValues(opNames(facts, `the \`emit\` of \`${op.name}\``), targetNames);
  const values = { ...conditions, helpers };
  const optional = op.operands
    .filter((operand) => operand.kind === 'optional')
    .map((operand) => operand.name);
  let present: ReadonlySet<string> = new Set();
  let always: EmitClause | undefined;
  for (const emit of op.emits) {
    if (emit.when) {
      checkCondition(emit.when, conditions, report);
      checkBackends(emit.when, report);
    }
    checkValue(emit.value, values, report);
    if (always) reportUnreachable(emit, always, report);
    const here = new Set([...present, ...(emit.when ? implied(emit.when, true) : [])]);
    checkPresent(
      emit.value,
      optional.filter((name) => !here.has(name)),
      report,
    );
    if (emit.when) present = new Set([...present, ...implied(emit.when, false)]);
    else always ??= emit;
  }
}

function reportUnreachable(emit: EmitClause, always: EmitClause, report: Report): void {
  report({
    code: 'E131',
    message: 'this `emit` is never reached',
    span: emit.when ? emit.when.span : { ...emit.span, end: emit.span.start + 'emit'.length },
    why: 'The first `emit` whose condition holds is taken, and one before it has no condition.',
    help: 'Put the one without a condition last.',
    notes: [
      { message: 'this one always holds', span: { ...always.span, end: always.span.start + 'emit'.length } },
    ],
  });
}

/** Operands that must be there where a condition is true, or false. */
function implied(condition: Expr, truth: boolean): string[] {
  if (condition.kind === 'name') return truth ? [condition.name] : [];
  if (condition.kind === 'unary' && condition.operator === 'not') return implied(condition.operand, !truth);
  if (condition.kind !== 'binary') return [];
  // Both sides of a true `and`, and of a false `or`, are known.
  const both = condition.operator === (truth ? 'and' : 'or');
  return both ? [...implied(condition.left, truth), ...implied(condition.right, truth)] : [];
}

/**
 * Finds operands that may be absent as arguments of TensorFlow.js. As an entry of an object, or an argument of a
 * helper, an absent operand is `undefined`, which both can deal with.
 */
function checkPresent(expr: Expr, absent: readonly string[], report: Report): void {
  if (absent.length === 0) return;
  const go = (part: Expr): void => checkPresent(part, absent, report);
  switch (expr.kind) {
    case 'call': {
      for (const arg of expr.args) {
        const direct = arg.kind === 'name' && absent.includes(arg.name) && !arg.mayBeAbsent;
        if (direct && expr.callee[0] !== 'helper') reportAbsent(arg, report);
        else go(arg);
      }
      return;
    }
    case 'conditional':
      checkPresent(expr.then, excluding(absent, implied(expr.test, true)), report);
      return checkPresent(expr.otherwise, excluding(absent, implied(expr.test, false)), report);
    case 'binary':
      // The left side of `??` may be absent.
      if (!(expr.operator === '??' && expr.left.kind === 'name')) go(expr.left);
      return go(expr.right);
    case 'list':
      return expr.items.forEach(go);
    case 'object':
      return expr.entries.forEach((entry) => entry.value.kind === 'name' || go(entry.value));
    case 'let':
      expr.bindings.forEach((binding) => go(binding.value));
      return go(expr.body);
    case 'each':
      go(expr.over);
      return go(expr.body);
    case 'field':
    case 'spread':
      return go(expr.of);
    case 'index':
      go(expr.of);
      return go(expr.index);
    case 'unary':
      return go(expr.operand);
    case 'literal':
    case 'name':
      return;
  }
}

function excluding(names: readonly string[], unwanted: readonly string[]): string[] {
  return names.filter((name) => !unwanted.includes(name));
}

function reportAbsent(arg: Extract<Expr, { kind: 'name' }>, report: Report): void {
  report({
    code: 'E133',
    message: `the optional operand \`${arg.name}\` may be absent here`,
    span: arg.span,
    why: 'Neither the condition of this `emit` nor those before it say that it is there.',
    help:
      `Write one for each case: \`emit when ${arg.name}: …\`, then \`emit …\` without it; ` +
      `or \`${arg.name}?\`, if what is called takes undefined for it.`,
  });
}
