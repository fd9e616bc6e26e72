/** Reads `.cases` files: graphs as IR text, each followed by what is expected of it. */
import { computeBackends, type ComputeBackend, type EmitTarget } from '../lang/backends.js';
import { DiagnosticError, type Diagnostic, type Span } from '../diagnostics/diagnostic.js';
import type { TextRange } from '../ir/lex.js';
import type { SourceText } from '../lang/ast.js';

/** What a block expects; its lines are in the block's body. */
export type Expectation =
  /** `-- types`: `%y: float32[N,8,8,8]` */
  | { readonly kind: 'types' }
  /** `-- spaces`: `%k.3 = %y.3 (8)` */
  | { readonly kind: 'spaces' }
  /** `-- emits`, `-- emits on wasm`, `-- emits on node trainable`: the TensorFlow.js of every node, on the CPU if nothing is said */
  | ({ readonly kind: 'emits' } & EmitTarget)
  /** `-- after fuse`, `-- after fuse on node`: the graph after a rewrite or a pass */
  | { readonly kind: 'after'; readonly pass: string; readonly backend: ComputeBackend | null }
  /** `-- unchanged after fuse`: nothing applies; the lines are why it does not */
  | { readonly kind: 'unchanged'; readonly pass: string; readonly backend: ComputeBackend | null }
  /** `-- error E301`, `-- error E820 after fuse`; the lines are part of the message */
  | { readonly kind: 'error'; readonly code: string; readonly pass: string | null };

export type Block = Expectation & {
  /** The line with the dashes. */
  readonly heading: Span;
  readonly body: TextRange;
};

export interface Case {
  readonly title: string;
  readonly span: Span;
  readonly graph: TextRange;
  readonly blocks: readonly Block[];
}

interface Line {
  readonly text: string;
  readonly start: number;
  /** After the line break. */
  readonly end: number;
}

/**
 * Splits a file into cases. Graphs are not read yet: a case may expect that one can't be.
 * @throws DiagnosticError with every malformed heading.
 */
export function parseCases({ file, text }: SourceText): Case[] {
  const problems: Diagnostic[] = [];
  const report = (line: Line, message: string, help: string): void => {
    const span = { file, start: line.start, end: line.start + line.text.length };
    problems.push({ code: 'E850', severity: 'error', message, span, help });
  };
  const cases: { title: string; span: Span; graph: TextRange; blocks: Block[] }[] = [];
  const titles = new Set<string>();
  let open: { end: number } | null = null;

  for (const line of splitLines(text)) {
    const span = { file, start: line.start, end: line.start + line.text.length };
    const title = /^== *(.*)$/.exec(line.text)?.[1]?.trim();
    const heading = /^-- *(.*)$/.exec(line.text)?.[1]?.trim();
    if (title !== undefined) {
      if (title === '' || titles.has(title))
        report(line, 'a case needs a title of its own', 'Write `== what it shows`.');
      titles.add(title);
      const graph = { file, text, start: line.end, end: line.end };
      cases.push({ title, span, graph, blocks: [] });
      open = graph;
    } else if (heading !== undefined && cases.length > 0) {
      const expectation = parseHeading(heading);
      const body = { file, text, start: line.end, end: line.end };
      open = body;
      if (expectation === null) {
        report(
          line,
          `${JSON.stringify(heading)} is nothing that a case can expect`,
          'Blocks are `-- types`, `-- spaces`, `-- emits`, `-- emits on BACKEND`, `-- emits on BACKEND trainable`, `-- after NAME`, `-- after NAME on BACKEND`, `-- unchanged after NAME`, `-- unchanged after NAME on BACKEND`, `-- error CODE` and `-- error CODE after NAME`.',
        );
      } else cases.at(-1)!.blocks.push({ ...expectation, heading: span, body });
    } else if (open !== null) open.end = line.end;
    else if (line.text.trim() !== '' && !line.text.trimStart().startsWith('//')) {
      report(line, 'there is text before the first case', 'Begin a case with `== title`.');
    }
  }
  if (problems.length > 0) throw new DiagnosticError(problems);
  return cases;
}

function parseHeading(heading: string): Expectation | null {
  const words = heading.split(/\s+/);
  const [first, second, third, fourth, fifth] = words;
  if (words.length === 1 && (first === 'types' || first === 'spaces')) return { kind: first };
  if (words.length === 1 && first === 'emits') return { kind: 'emits', backend: 'cpu', trainable: false };
  if (
    first === 'emits' &&
    second === 'on' &&
    (words.length === 3 || (words.length === 4 && fourth === 'trainable'))
  ) {
    const backend = computeBackends.find((name) => name === third);
    return backend === undefined ? null : { kind: 'emits', backend, trainable: fourth !== undefined };
  }
  if (words.length === 2 && first === 'after') return { kind: 'after', pass: second!, backend: null };
  if (words.length === 4 && first === 'after' && third === 'on') {
    const backend = computeBackends.find((name) => name === fourth);
    return backend === undefined ? null : { kind: 'after', pass: second!, backend };
  }
  if (words.length === 3 && first === 'unchanged' && second === 'after')
    return { kind: 'unchanged', pass: third!, backend: null };
  if (words.length === 5 && first === 'unchanged' && second === 'after' && fourth === 'on') {
    const backend = computeBackends.find((name) => name === fifth);
    return backend === undefined ? null : { kind: 'unchanged', pass: third!, backend };
  }
  if (first === 'error' && /^E\w{3}$/.test(second ?? '')) {
    if (words.length === 2) return { kind: 'error', code: second!, pass: null };
    if (words.length === 4 && third === 'after') return { kind: 'error', code: second!, pass: fourth! };
  }
  return null;
}

/** The lines of a body that say something: neither blank nor comments. */
export function bodyLines(body: TextRange): { readonly text: string; readonly span: Span }[] {
  return splitLines(body.text.slice(body.start, body.end)).flatMap((line) => {
    const text = line.text.trim();
    if (text === '' || text.startsWith('//')) return [];
    const start = body.start + line.start + line.text.indexOf(text);
    return [{ text, span: { file: body.file, start, end: start + text.length } }];
  });
}

function splitLines(text: string): Line[] {
  const lines: Line[] = [];
  for (let start = 0; start < text.length;) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline + 1;
    lines.push({ text: text.slice(start, newline < 0 ? end : newline).replace(/\r$/, ''), start, end });
    start = end;
  }
  return lines;
}
