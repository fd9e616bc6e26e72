/** What checks of cases report. */
import type { Diagnostic, Span } from '../diagnostics/diagnostic.js';
import type { Graph, WeightStore } from '../ir/graph.js';
import type { RuleSet } from '../lang/ast.js';
import type { Block } from './format.js';
import type { Ranges } from './data.js';

/** A case that is read: what all checks start from. */
export interface ReadCase {
  readonly graph: Graph;
  readonly weights: WeightStore;
  readonly ranges: Ranges;
  readonly rules: RuleSet;
}

/** What checking one block came to: problems, and the text that would have no problems. */
export interface Outcome {
  readonly problems: readonly Diagnostic[];
  /** For blocks that can be rewritten. */
  readonly update?: { readonly block: Block; readonly text: string; readonly heading?: string };
}

export const fine: Outcome = { problems: [] };

export function caseProblem(
  code: string,
  span: Span,
  message: string,
  why?: string,
  help?: string,
): Diagnostic {
  return {
    code,
    severity: 'error',
    message,
    span,
    ...(why === undefined ? {} : { why }),
    ...(help === undefined ? {} : { help }),
  };
}
