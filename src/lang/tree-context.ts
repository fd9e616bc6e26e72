import type { Node } from 'ohm-js';
import type { Diagnostic, Span } from '../diagnostics/diagnostic.js';
import type { Build, Expr } from './ast.js';
import { climb, type Token } from './precedence.js';

/**
 * What the actions that turn a match into a tree share: where the text stands in its file, and what they find wrong.
 * One at a time is in use, set by `parseFile` for each declaration.
 */
export interface TreeContext {
  readonly file: string;
  /** Offset of the matched text in the file. */
  readonly offset: number;
  readonly problems: Diagnostic[];
}

let current: TreeContext = { file: '', offset: 0, problems: [] };

/** Runs `body` with the given context. */
export function withContext<T>(context: TreeContext, body: () => T): T {
  const before = current;
  current = context;
  try {
    return body();
  } finally {
    current = before;
  }
}

/** The span of a piece of the match in its file. */
export function spanOf(node: Node): Span {
  return span(node.source.startIdx, node.source.endIdx);
}

/** A span of the matched text in its file. */
export function span(start: number, end: number): Span {
  return { file: current.file, start: current.offset + start, end: current.offset + end };
}

/** Records something wrong that the grammar itself can't see. */
export function problem(diagnostic: Omit<Diagnostic, 'severity'>): void {
  current.problems.push({ severity: 'error', ...diagnostic });
}

/** The trees of all items of a list. */
export function items<T>(list: Node): T[] {
  return list.asIteration().children.map((child) => child.tree() as T);
}

/** The tree of an optional part, or null. */
export function optional<T>(part: Node): T | null {
  return part.children.length === 0 ? null : (part.children[0]!.tree() as T);
}

export const text = (node: Node): string => node.sourceString;

/** `?` and `*` after a name. */
export function arityOf(mark: Node): 'one' | 'optional' | 'variadic' {
  return mark.sourceString === '?' ? 'optional' : mark.sourceString === '*' ? 'variadic' : 'one';
}

/** The tree of a row of terms and operators. */
export function row<T extends Expr | Build>(
  first: Node,
  operators: Node,
  others: Node,
  make: {
    unary(operator: '-' | 'not', operand: T, at: Span): T;
    binary(operator: string, left: T, right: T, at: Span): T;
  },
): T {
  const tokens: Token<T>[] = [...(first.tree() as Token<T>[])];
  operators.children.forEach((operator, i) => {
    tokens.push({ type: 'operator', operator: operator.sourceString });
    tokens.push(...(others.children[i]!.tree() as Token<T>[]));
  });
  const between = (left: Span, right: Span): Span => ({ ...left, end: right.end });
  return climb(tokens, {
    unary: (operator, operand, start) =>
      make.unary(operator as '-' | 'not', operand, { ...operand.span, start: current.offset + start }),
    binary: (operator, left, right) => make.binary(operator, left, right, between(left.span, right.span)),
    chained: (left, right) =>
      problem({
        code: 'E103',
        message: 'comparisons do not chain',
        span: between(left.span, right.span),
        why: 'The comparison on the left is true or false, which the second would compare.',
        help: 'Join two comparisons with `and`: `a < b and b < c`.',
      }),
  });
}
