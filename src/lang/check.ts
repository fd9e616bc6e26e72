/** Every problem of rules that have been read and resolved, each with its place, the reason, and what to do. */
import type { Diagnostic } from '../diagnostics/diagnostic.js';
import type { Declaration, RuleSet } from './ast.js';
import { checkEmits } from './check/emit.js';
import { factsOf } from './check/facts.js';
import { checkFrom } from './check/from.js';
import { checkLoops } from './check/loops.js';
import { checkOp } from './check/op.js';
import { checkOverlaps } from './check/overlap.js';
import { counted, quotedList, suggestion, type Report } from './check/report.js';
import { checkPass, checkRewrite } from './check/rewrite.js';
import { headOf } from './unique.js';

export function check(rules: RuleSet, declarations: readonly Declaration[]): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  const report: Report = (problem) => diagnostics.push({ severity: 'error', ...problem });
  const facts = new Map([...rules.ops].map(([name, op]) => [name, factsOf(op)]));
  const helpers = new Set(rules.helpers.keys());

  checkDocumented(declarations, report);
  for (const op of facts.values()) {
    checkOp(op, report);
    checkEmits(op, helpers, report);
    for (const from of op.op.froms) checkFrom(from, op, facts, report);
  }
  checkOverlaps(rules.ops.values(), report);
  for (const rewrite of rules.rewrites.values()) checkRewrite(rewrite, facts, report);
  for (const pass of rules.passes.values()) checkPass(pass, rules.rewrites, report);
  checkLoops(rules.rewrites, rules.passes.values(), facts, report);
  checkInfix(rules, declarations, report);
  checkInUse(rules, diagnostics);
  return diagnostics;
}

function checkDocumented(declarations: readonly Declaration[], report: Report): void {
  for (const declaration of declarations) {
    if (declaration.kind === 'infix' || declaration.kind === 'extend' || declaration.doc !== '') continue;
    report({
      code: 'E111',
      message: `the ${declaration.kind} \`${declaration.name}\` has no documentation`,
      span: headOf(declaration),
      why: 'Messages, `espalier rules` and the reference show it.',
      help: 'Put a line before it that says what it does: `/// …`.',
    });
  }
}

function checkInfix(rules: RuleSet, declarations: readonly Declaration[], report: Report): void {
  for (const rule of declarations) {
    if (rule.kind !== 'infix') continue;
    const op = rules.ops.get(rule.op);
    if (op === undefined) {
      report({
        code: 'E112',
        message: `there is no op \`${rule.op}\``,
        span: rule.span,
        help: suggestion(rule.op, [...rules.ops.keys()], 'ops'),
      });
    } else if (op.operands.length !== 2) {
      report({
        code: 'E117',
        message: `\`${rule.op}\` has ${counted(op.operands.length, 'operand')}; an operator has two`,
        span: rule.span,
      });
    }
  }
}

/** A rewrite that no pass and no pipeline names is never applied. */
function checkInUse(rules: RuleSet, diagnostics: Diagnostic[]): void {
  if (rules.passes.size === 0 && rules.pipelines.size === 0) return;
  const named = new Set([
    ...[...rules.passes.values()].flatMap((pass) => pass.rewrites),
    ...[...rules.pipelines.values()].flatMap((pipeline) => pipeline.stages.map((stage) => stage.name)),
  ]);
  const unused = [...rules.rewrites.values()].filter((rewrite) => !named.has(rewrite.name));
  for (const rewrite of unused) {
    diagnostics.push({
      code: 'E141',
      severity: 'warning',
      message: `the rewrite \`${rewrite.name}\` is in no pass`,
      span: headOf(rewrite),
      why: 'Rewrites are applied by the passes and pipelines that name them.',
      help:
        rules.passes.size === 0
          ? 'Declare a pass with it, and name that in a pipeline.'
          : `Add it to one of the passes ${quotedList(rules.passes.keys(), 'or')}: ` +
            `\`extend pass NAME { ${rewrite.name} }\`.`,
    });
  }
}
