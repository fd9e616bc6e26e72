import type { MatchResult } from 'ohm-js';
import type { Diagnostic, Note, Span } from '../diagnostics/diagnostic.js';
import { closest } from './suggest.js';

/** What ohm knows of a failed match; its own types leave this out. */
interface FailedMatch extends MatchResult {
  getRightmostFailurePosition(): number;
  getRightmostFailures(): readonly { getText(): string; readonly type: string }[];
}

/** Words that start a clause of an op: shown as one thing, since a list of them all says nothing. */
const clauses = [
  ...[
    'axes',
    'attrs',
    'sizes',
    'fixed',
    'mixes',
    'keep',
    'zeros',
    'dtype',
    'role',
    'commutes',
    'value',
    'cost',
  ],
  ...['dynamic', 'from', 'emit'],
];
const declarations = ['op', 'rewrite', 'pass', 'extend', 'pipeline', 'infix'];
const reserved = ['if', 'then', 'else', 'let', 'in', 'for', 'and', 'or', 'not', 'true', 'false', 'null'];

/** What people write who think of another language, and what it is here. */
const foreign: readonly (readonly [RegExp, string])[] = [
  [/^"/, "Strings stand between single quotes: 'same'."],
  [/^===/, 'Equality is `==`.'],
  [/^!==/, 'Inequality is `!=`.'],
  [/^&&/, '`and` joins two conditions.'],
  [/^\|\|/, '`or` joins two conditions.'],
  [/^!/, '`not` turns a condition round.'],
  [/^\?/, 'A choice is `if a then b else c`; a value for a null is `a ?? b`.'],
  [/^=(?![=>])/, 'Equality is `==`.'],
  [/^\*\*/, 'A power is `pow(a, b)`.'],
  [/^;/, 'Only the stages of a pipeline are separated by `;`.'],
];

/** Says where a declaration stops making sense, and what could stand there. */
export function syntaxError(match: MatchResult, text: string, file: string, offset: number): Diagnostic {
  const failed = match as FailedMatch;
  const failedAt = failed.getRightmostFailurePosition();
  const at = wordStart(text, failedAt);
  const found = foundAt(text, at);
  const expected = at < failedAt ? expectedAt(text, at) : expectations(failed);
  const place: Span = { file, start: offset + at, end: offset + at + Math.max(found.length, 1) };
  const unclosed = found === '' ? openBracket(text) : undefined;
  const notes: Note[] =
    unclosed === undefined
      ? []
      : [
          {
            message: `this \`${text[unclosed]}\` is not closed`,
            span: { file, start: offset + unclosed, end: offset + unclosed + 1 },
          },
        ];
  return {
    code: 'E101',
    severity: 'error',
    message: `expected ${listed(expected)}, found ${found === '' ? 'the end of the declaration' : `\`${found}\``}`,
    span: found === '' ? { file, start: offset + lastVisible(text), end: offset + text.length } : place,
    ...hint(found, text, at, expected),
    ...(notes.length > 0 ? { notes } : {}),
  };
}

function hint(
  found: string,
  text: string,
  at: number,
  expected: readonly string[],
): { why?: string; help?: string } {
  const rest = text.slice(at);
  if (found.startsWith('///')) {
    return {
      help: 'Documentation (`///`) stands directly before a declaration; a comment within one is `//`.',
    };
  }
  const words = expected.filter((e) => e.startsWith('`')).map((e) => e.slice(1, -1));
  const near = closest(found, expandGroups(expected, words));
  if (near !== undefined && /^[a-z_]+$/i.test(found)) return { help: `Did you mean \`${near}\`?` };
  const before = /(?:^|\n)[ \t]*([a-z]{4,})[ \t]+$/.exec(text.slice(0, at))?.[1];
  const meant = before === undefined || clauses.includes(before) ? undefined : closest(before, clauses);
  if (meant !== undefined) return { help: `Is \`${before!}\` meant to be \`${meant}\`?` };
  if (reserved.includes(found) && expected.includes('a name')) {
    return { why: `\`${found}\` is a word of the language and can't be a name.` };
  }
  if (expected.includes('an operator') || expected.includes('an expression') || found === '"') {
    const help = foreign.find(([pattern]) => pattern.test(rest))?.[1];
    if (help !== undefined) return { help };
  }
  if (found === '(' && expected.includes('an operator')) {
    return { help: 'The name of a function and its `(` stand together: `f(x)`.' };
  }
  return {};
}

/** The start of the word that an offset is in the middle of. */
function wordStart(text: string, at: number): number {
  if (!/\w/.test(text[at] ?? '')) return at;
  let start = at;
  while (start > 0 && /\w/.test(text[start - 1]!)) start--;
  return start;
}

/**
 * What could stand where a word goes on that began as one of the language, such as `emits`: a declaration at the start,
 * else a clause or something else that the grammar, having read a part of the word, does not tell.
 */
function expectedAt(text: string, at: number): string[] {
  return text
    .slice(0, at)
    .replace(/\/\/[^\n]*/g, '')
    .trim() === ''
    ? ['a declaration']
    : ['another word'];
}

function expandGroups(expected: readonly string[], words: readonly string[]): string[] {
  return [
    ...words.filter((word) => /^[a-z]/.test(word)),
    ...(expected.includes('a clause') ? clauses : []),
    ...(expected.includes('a declaration') ? declarations : []),
    ...(expected.includes('another word')
      ? [...clauses, ...reserved, 'when', 'where', 'override', 'as']
      : []),
  ];
}

/** What could have stood there: words in back-quotes, kinds of things in words; the most telling first. */
function expectations(match: FailedMatch): string[] {
  const texts = new Set<string>();
  for (const failure of match.getRightmostFailures()) {
    const described = failure.type === 'description';
    const text = failure.getText();
    if (described && text.startsWith('a documentation line')) continue;
    if (!described && (failure.type === 'code' || /^(\s|\/\/|not )/.test(text))) continue;
    texts.add(described ? text : `\`${text}\``);
  }
  group(texts, clauses, 'a clause');
  group(texts, declarations, 'a declaration');
  group(texts, ['-', 'not', 'true', 'false', 'null', '(', '[', '{'], 'an expression', [
    ...['a name', 'a function', 'a number', "a 'string'", 'if', 'let'],
  ]);
  if (texts.has('an expression') || texts.has('a name')) texts.delete('a function');
  const all = [...texts];
  return [...all.filter((t) => !t.startsWith('`')), ...all.filter((t) => t.startsWith('`'))];
}

/** Replaces a set of words by one name for them all. */
function group(
  texts: Set<string>,
  words: readonly string[],
  name: string,
  also: readonly string[] = [],
): void {
  const quoted = words.map((word) => `\`${word}\``);
  if (!quoted.every((word) => texts.has(word))) return;
  for (const word of [...quoted, ...also, ...also.map((word) => `\`${word}\``)]) texts.delete(word);
  texts.add(name);
}

function listed(expected: readonly string[]): string {
  if (expected.length === 0) return 'something else';
  if (expected.length === 1) return expected[0]!;
  return `${expected.slice(0, -1).join(', ')} or ${expected.at(-1)!}`;
}

/** The token at an offset, `''` at the end. */
function foundAt(text: string, at: number): string {
  const rest = text.slice(at);
  return (
    /^(?:\/\/\/[^\n]*|[A-Za-z_]\w*|\d[\w.]*|[-=]>|[=!<>]=|\S)/.exec(
      rest.trimStart() === '' ? '' : rest,
    )?.[0] ?? ''
  );
}

function lastVisible(text: string): number {
  return Math.max(0, text.trimEnd().length - 1);
}

/** The innermost bracket that is never closed. */
function openBracket(text: string): number | undefined {
  const open: number[] = [];
  for (const match of text.matchAll(/\/\/[^\n]*|'(?:[^'\\\n]|\\.)*'|[{[(]|[}\])]/g)) {
    if ('{[('.includes(match[0])) open.push(match.index);
    else if ('}])'.includes(match[0])) open.pop();
  }
  return open.at(-1);
}
