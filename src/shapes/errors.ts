import type { Span } from '../diagnostics/diagnostic.js';
import type { Dim, Shape } from '../ir/graph.js';

/** A node's operands do not fit its rule. Callers add the node and turn it into a diagnostic. */
export class ShapeError extends Error {
  /** The place in the rule that doesn't fit. */
  readonly span: Span | undefined;
  constructor(message: string, span?: Span) {
    super(message);
    this.name = 'ShapeError';
    this.span = span;
  }
}

/** `64`, `N`, `4N` */
export const printSize = (size: Dim): string =>
  typeof size === 'number' ? `${size}` : size.batch === 1 ? 'N' : `${size.batch}N`;

/** `[N, 112, 112, 32]` */
export const printShape = (shape: Shape): string => `[${shape.map(printSize).join(', ')}]`;
