/** Shape inference whose failures are values: what the IR's parser, its verifier and the rewrites need. */
import type { Span } from '../diagnostics/diagnostic.js';
import type { OpRule } from '../lang/ast.js';
import { EvaluationError } from '../lang/evaluate.js';
import { ShapeError } from '../shapes/errors.js';
import { inferNode, type InferredNode, type OperandTypes } from '../shapes/infer-shapes.js';
import type { Attrs } from './graph.js';

/** Why operands and attributes don't fit a rule, and the place in the rule that says so. */
export interface Misfit {
  readonly misfit: string;
  readonly span: Span | undefined;
}

export function isMisfit(inferred: InferredNode | Misfit): inferred is Misfit {
  return 'misfit' in inferred;
}

export function tryInfer(
  rule: OpRule,
  operands: OperandTypes,
  attrs: Attrs,
  resultCount?: number,
): InferredNode | Misfit {
  try {
    return inferNode(rule, operands, attrs, resultCount);
  } catch (error) {
    if (error instanceof ShapeError || error instanceof EvaluationError) {
      return { misfit: error.message, span: error.span };
    }
    throw error;
  }
}
