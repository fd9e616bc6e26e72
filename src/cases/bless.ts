/** Rewrites the expectations of a `.cases` file to what is so. */
import type { SourceText } from '../lang/ast.js';
import type { Outcome } from './outcome.js';

/** The file with the body of every block that has problems replaced; blank lines around bodies stay. */
export function bless({ text }: SourceText, outcomes: readonly Outcome[]): string {
  const updates = outcomes
    .flatMap(({ problems, update }) => (update === undefined || problems.length === 0 ? [] : [update]))
    .sort((a, b) => b.block.body.start - a.block.body.start);
  return updates.reduce((blessed, { block, text: body, heading }) => {
    const before =
      blessed.slice(0, block.heading.start) +
      (heading ?? blessed.slice(block.heading.start, block.heading.end));
    const old = blessed.slice(block.body.start, block.body.end);
    const tail = /\n*$/.exec(old)?.[0] ?? '';
    const after = old.trim() === '' ? tail : tail.replace('\n', '');
    const gap = blessed.slice(block.heading.end, block.body.start);
    return before + gap + (heading === undefined ? body + after : old) + blessed.slice(block.body.end);
  }, text);
}
