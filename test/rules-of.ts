import { buildRuleSet } from '../src/lang/rule-set.js';
import type { RuleSet } from '../src/lang/ast.js';
import { DiagnosticError } from '../src/diagnostics/diagnostic.js';

/** The rule set of one text, which must have no problems. */
export function rulesOf(text: string, file = 'test.rules'): RuleSet {
  const { rules, diagnostics } = buildRuleSet([{ file, text }], []);
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new DiagnosticError(errors);
  return rules;
}
