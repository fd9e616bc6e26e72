/** Reads IR text back to a graph. */
import { DiagnosticError } from '../diagnostics/diagnostic.js';
import type { RuleSet } from '../lang/ast.js';
import type { Graph, ValueId, WeightStore } from './graph.js';
import type { IrTextProblem, TextRange } from './lex.js';
import { resolveStatements } from './resolve.js';
import { parseStatements, type NumberRange } from './statements.js';
import { mapWeights } from './weights.js';

export interface ParsedGraph {
  readonly graph: Graph;
  /** The data of parameters with a literal: `param %six "six": float32[] = 6`. */
  readonly weights: WeightStore;
  /** `input %x "x": float32[N,4] = random(0, 1)`: what made-up data should be like. */
  readonly ranges: ReadonlyMap<ValueId, NumberRange>;
}

/**
 * Reads IR text. Types and attributes that are left out are inferred from the rules; what is stated must agree.
 * @throws DiagnosticError with every problem of the syntax, or else of the meaning, each with its place.
 */
export function parseGraph(text: string, rules: RuleSet, file = 'graph.ir'): ParsedGraph {
  return parseGraphRange({ file, text, start: 0, end: text.length }, rules);
}

/** The same for a part of a text, such as a block of a `.cases` file; places count in the whole text. */
export function parseGraphRange(range: TextRange, rules: RuleSet): ParsedGraph {
  const statements = parseStatements(range);
  report(statements.problems, range.file);
  // Only now: what a statement means that could not be read would be missed all over.
  const resolved = resolveStatements(statements, rules);
  report(resolved.problems, range.file);
  return { graph: resolved.graph, weights: mapWeights(resolved.data), ranges: resolved.ranges };
}

function report(problems: readonly IrTextProblem[], file: string): void {
  if (problems.length > 0) throw new DiagnosticError(problems.map((problem) => problem.toDiagnostic(file)));
}
