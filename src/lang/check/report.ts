import type { Diagnostic, Span } from '../../diagnostics/diagnostic.js';
import { didYouMean } from '../suggest.js';

/** Records a problem. */
export type Report = (problem: Omit<Diagnostic, 'severity'>) => void;

/** `a`, `b` and `c` in back-quotes. */
export function quotedList(names: Iterable<string>, last = 'and'): string {
  const quoted = [...names].map((name) => `\`${name}\``);
  return quoted.length < 2
    ? (quoted[0] ?? '')
    : `${quoted.slice(0, -1).join(', ')} ${last} ${quoted.at(-1)!}`;
}

/** Help for a name that isn't there: the one that was meant, else all that there are. */
export function suggestion(name: string, candidates: readonly string[], what: string): string {
  return (
    didYouMean(name, candidates) ??
    (candidates.length === 0 ? `There are no ${what}.` : allOf(candidates, what))
  );
}

function allOf(candidates: readonly string[], what: string): string {
  const shown = candidates.length > 20 ? [...candidates.slice(0, 20), '…'] : candidates;
  return `The ${what}: ${shown.join(', ')}.`;
}

/** `1 operand`, `2 operands` */
export function counted(n: number, word: string): string {
  return `${n} ${word}${n === 1 ? '' : 's'}`;
}

/** Reports every name after the first of its kind. */
export function reportRepeated(
  items: readonly { readonly name: string; readonly span: Span }[],
  what: string,
  report: Report,
): void {
  const firsts = new Map<string, Span>();
  for (const { name, span } of items) {
    const first = firsts.get(name);
    if (first === undefined) firsts.set(name, span);
    else {
      report({
        code: 'E138',
        message: `${what} \`${name}\` is there twice`,
        span,
        help: 'Rename or remove one of the two.',
        notes: [{ message: 'the first is here', span: first }],
      });
    }
  }
}

/** A tree as text without places, to compare what is written. */
export function withoutSpans(tree: unknown): string {
  return JSON.stringify(tree, (key, item: unknown) => (key === 'span' ? undefined : item));
}
