import { DiagnosticError } from '../diagnostics/diagnostic.js';
import type { Node } from '../ir/graph.js';
import type { OpRule } from '../lang/ast.js';
import { EvaluationError } from '../lang/evaluate.js';
import { ShapeError } from '../shapes/errors.js';

/** Turns what went wrong while a rule met a node into a diagnostic; anything else is passed on as it is. */
export function shapeFailure(node: Node, rule: OpRule | undefined, error: unknown): Error {
  if (error instanceof DiagnosticError || !(error instanceof Error)) return error as Error;
  const known = error instanceof ShapeError || error instanceof EvaluationError || rule === undefined;
  if (!known) return error;
  return new DiagnosticError([
    {
      code: 'E301',
      severity: 'error',
      message: `${node.op} does not fit its operands: ${error.message}`,
      where: `node "${node.source.name}" (${node.source.type})`,
      ...(error instanceof ShapeError || error instanceof EvaluationError
        ? { span: error.span ?? rule?.span }
        : {}),
      why: 'The axes that the rule states and the shapes that the model has contradict each other.',
      help: `Look at the rule of ${node.op} and at the attributes that its from clause reads.`,
    },
  ]);
}
