import type { Diagnostic } from '../diagnostics/diagnostic.js';
import type { SourceText } from './ast.js';

/** A comment after code that reads like the rest of an expression: `h // 2`, `min(h // stride, w)`. */
const division = /[\w)\]][ \t]*(\/\/[ \t]*(?:\d+(?:\.\d+)?[ \t]*[,)\]}]*|[\w.]+[ \t]*[,)\]}]+)[^\n]*)$/gm;

/** Comments that were meant as divisions: what follows would be left out without a word. */
export function checkComments({ file, text }: SourceText): Diagnostic[] {
  return [...text.matchAll(division)]
    .filter((match) => !isInComment(text, match.index))
    .map((match) => {
      const start = match.index + match[0].length - match[1]!.length;
      return {
        code: 'E105',
        severity: 'error',
        message: 'this comment looks like a division',
        span: { file, start, end: start + match[1]!.length },
        why: '`//` starts a comment, so nothing after it on the line is read.',
        help: 'Whole numbers are divided with `div`: `h div 2`. A comment can stand on a line of its own.',
      };
    });
}

/** Whether a comment started before on the line. */
function isInComment(text: string, at: number): boolean {
  return text.slice(text.lastIndexOf('\n', at) + 1, at).includes('//');
}
