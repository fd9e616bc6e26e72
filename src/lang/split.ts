/**
 * Cuts a rule file into its declarations without parsing them, so that an error in one leaves the others readable.
 */

export interface Chunk {
  /** Offset of the chunk in the file. */
  readonly start: number;
  /** From the first documentation line to the end of the declaration. */
  readonly text: string;
}

/** What matters for cutting: comments and strings (to skip), brackets, and the words that start declarations. */
const tokens =
  /\/\/[^\n]*|'(?:[^'\\\n]|\\.)*'|[{[(]|[}\])]|(?<![\w.])extend\s+(?:op|rewrite|pass|pipeline)(?=\s)|(?<![\w.])(?:op|rewrite|pass|pipeline)(?=\s+[A-Za-z_]\w*\s*[({=])|(?<![\w.])infix(?=\s)/g;

/**
 * The chunks of a file. A declaration starts at its word outside of all brackets, or, so that one missing bracket
 * doesn't swallow the rest of the file, at its word at the start of a line.
 */
export function splitDeclarations(text: string): Chunk[] {
  const starts: number[] = [];
  let depth = 0;
  for (const match of text.matchAll(tokens)) {
    const [token] = match;
    const at = match.index;
    if ('{[('.includes(token)) depth++;
    else if ('}])'.includes(token)) depth = Math.max(0, depth - 1);
    else if (/^\w/.test(token) && (depth === 0 || at === 0 || text[at - 1] === '\n')) {
      starts.push(documentationStart(text, at));
      depth = 0;
    }
  }
  const bounds = starts[0] === 0 ? starts : [0, ...starts];
  return bounds
    .map((start, i) => ({
      start,
      text: withoutTrailingComments(text.slice(start, bounds[i + 1] ?? text.length)),
    }))
    .filter((chunk) => chunk.text !== '');
}

/** The start of the comment lines directly before an offset. */
function documentationStart(text: string, at: number): number {
  let start = at;
  let line = text.lastIndexOf('\n', at - 1) + 1;
  if (text.slice(line, at).trim() !== '') return at;
  while (line > 0) {
    const previous = text.lastIndexOf('\n', line - 2) + 1;
    if (!text.slice(previous, line).trimStart().startsWith('//')) break;
    start = line = previous;
  }
  return start;
}

function withoutTrailingComments(text: string): string {
  const lines = text.trimEnd().split('\n');
  while (lines.length > 0 && /^\s*(\/\/.*)?$/.test(lines.at(-1)!)) lines.pop();
  return lines.join('\n');
}
