import type { Diagnostic } from '../diagnostics/diagnostic.js';
import type { Declaration, RuleSet } from './ast.js';

/** Every problem of rules that have been read and resolved. */
export function check(_rules: RuleSet, _declarations: readonly Declaration[]): Diagnostic[] {
  return [];
}
