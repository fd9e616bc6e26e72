/** Errors that teach: a code, a place, what, why, and what to do. */

/** A range of a text, in UTF-16 offsets. */
export interface Span {
  readonly file: string;
  readonly start: number;
  readonly end: number;
}

export interface Note {
  readonly message: string;
  readonly span?: Span;
}

export interface Diagnostic {
  /** A key of the catalogue, e.g. `E101`. */
  readonly code: string;
  readonly severity: 'error' | 'warning';
  /** What is wrong, in one line, without a full stop. */
  readonly message: string;
  /** Where, in a text file such as a rule file. */
  readonly span?: Span;
  /** Where, when the place is not in a text: `node "a/b/Conv2D" of model.json`. */
  readonly where?: string;
  /** Why it is wrong; may be several lines. */
  readonly why?: string;
  /** What to do about it; may be several lines, such as a skeleton of a rule. */
  readonly help?: string;
  /** Other places that matter, such as the first of two overlapping rules. */
  readonly notes?: readonly Note[];
}

/** Carries one or more diagnostics to the command line; nothing else is thrown for a wrong input. */
export class DiagnosticError extends Error {
  readonly diagnostics: readonly Diagnostic[];
  constructor(diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map((d) => `${d.code}: ${d.message}`).join('\n'));
    this.name = 'DiagnosticError';
    this.diagnostics = diagnostics;
  }
}

/** Throws a single error diagnostic. */
export function fail(diagnostic: Omit<Diagnostic, 'severity'>): never {
  throw new DiagnosticError([{ severity: 'error', ...diagnostic }]);
}
