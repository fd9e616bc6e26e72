/** `backend == 'wasm'` in an `emit`: a name that no backend has would silently never hold. */
import type { Expr } from '../ast.js';
import { backendName, computeBackends } from '../backends.js';
import { suggestion, type Report } from './report.js';

/** Reports every text that a condition compares `backend` with and that is no backend. */
export function checkBackends(condition: Expr, report: Report): void {
  if (condition.kind === 'unary') return checkBackends(condition.operand, report);
  if (condition.kind !== 'binary') return;
  const { left, right, operator } = condition;
  if (operator === 'and' || operator === 'or') {
    checkBackends(left, report);
    return checkBackends(right, report);
  }
  if (left.kind !== 'name' || left.name !== backendName) return;
  for (const compared of right.kind === 'list' ? right.items : [right]) {
    if (compared.kind !== 'literal' || computeBackends.some((name) => name === compared.value)) continue;
    report({
      code: 'E143',
      message: `no backend is called ${JSON.stringify(compared.value)} in a rule`,
      span: compared.span,
      help: suggestion(String(compared.value), computeBackends, 'backends'),
    });
  }
}
