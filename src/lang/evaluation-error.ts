import type { Span } from '../diagnostics/diagnostic.js';

/** An expression that has no value: a name that isn't there, an operator on the wrong kind of thing. */
export class EvaluationError extends Error {
  /** The part of the expression that fails. */
  readonly span: Span | undefined;
  constructor(message: string, span?: Span) {
    super(message);
    this.name = 'EvaluationError';
    this.span = span;
  }
}
