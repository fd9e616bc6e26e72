/** Diagnostics as text: where, the line, a caret, why, and what to do. */
import type { Diagnostic, Span } from './diagnostic.js';

export interface FormatOptions {
  readonly colour: boolean;
}

interface Paint {
  readonly error: (text: string) => string;
  readonly warning: (text: string) => string;
  readonly strong: (text: string) => string;
  readonly faint: (text: string) => string;
}

/** All diagnostics, one after the other, separated by blank lines. */
export function formatDiagnostics(
  diagnostics: readonly Diagnostic[],
  sources: ReadonlyMap<string, string>,
  options: FormatOptions,
): string {
  const paint = options.colour ? coloured : plain;
  return diagnostics.map((diagnostic) => formatOne(diagnostic, sources, paint)).join('\n');
}

function formatOne(diagnostic: Diagnostic, sources: ReadonlyMap<string, string>, paint: Paint): string {
  const { code, severity, message, span, where, why, help, notes = [] } = diagnostic;
  const lines = [
    `${paint[severity](`${severity}[${code}]`)}${paint.strong(`: ${message}`)}`,
    ...(span ? excerpt(span, sources, paint[severity], paint) : []),
    ...(where === undefined ? [] : [`  ${paint.faint('at')} ${where}`]),
    ...labelled('why', why, paint),
    ...labelled('help', help, paint),
    ...notes.flatMap((note) => [
      ...labelled('note', note.message, paint),
      ...(note.span ? excerpt(note.span, sources, paint.faint, paint) : []),
    ]),
  ];
  return `${lines.join('\n')}\n`;
}

/** Lines of a text under a label, the later ones indented as the first. */
function labelled(label: string, text: string | undefined, paint: Paint): string[] {
  if (text === undefined) return [];
  const [first = '', ...rest] = text.split('\n');
  const indent = ' '.repeat(label.length + 4);
  return [
    `  ${paint.strong(`${label}:`)} ${first}`,
    ...rest.map((line) => (line === '' ? '' : `${indent}${line}`)),
  ];
}

/** `file:line:column`, the line, and carets under the span's part of it. */
function excerpt(
  span: Span,
  sources: ReadonlyMap<string, string>,
  mark: (text: string) => string,
  paint: Paint,
): string[] {
  const text = sources.get(span.file);
  if (text === undefined) return [`  ${paint.faint('at')} ${span.file}`];
  const { line, column } = positionOf(text, span.start);
  const start = text.lastIndexOf('\n', span.start - 1) + 1;
  const newline = text.indexOf('\n', start);
  const source = text.slice(start, newline === -1 ? text.length : newline).trimEnd();
  const width = Math.max(1, Math.min(span.end, start + source.length) - span.start);
  // A tab stays a tab under a tab, so that the carets stand where they should.
  const before = source.slice(0, column - 1).replace(/[^\t]/g, ' ');
  const gutter = ' '.repeat(String(line).length);
  return [
    `  ${paint.faint('at')} ${span.file}:${line}:${column}`,
    `  ${paint.faint(`${line} |`)} ${source}`,
    `  ${paint.faint(`${gutter} |`)} ${before}${mark('^'.repeat(width))}`,
  ];
}

/** The line and column of an offset, both from 1. */
export function positionOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  const lastNewline = before.lastIndexOf('\n');
  return { line: before.split('\n').length, column: offset - lastNewline };
}

const wrap =
  (code: number) =>
  (text: string): string =>
    `\u001b[${code}m${text}\u001b[0m`;

const coloured: Paint = { error: wrap(31), warning: wrap(33), strong: wrap(1), faint: wrap(2) };

const same = (text: string): string => text;
const plain: Paint = { error: same, warning: same, strong: same, faint: same };
