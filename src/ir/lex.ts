/** Words of IR text. Used by the graph parser and by `.cases` files, which embed graphs. */
import type { Diagnostic, Note, Span } from '../diagnostics/diagnostic.js';

export interface Token {
  readonly kind: 'value' | 'string' | 'number' | 'word' | 'punctuation' | 'newline' | 'end';
  /** For `value` the id, for `string` the content; else the text itself. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** A text, and the part of it that is read; spans count from the start of the whole text. */
export interface TextRange {
  readonly file: string;
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** A problem in IR text; the parser collects them. */
export class IrTextProblem extends Error {
  constructor(
    message: string,
    readonly start: number,
    readonly end: number,
    readonly help?: string,
    readonly code = 'E801',
    readonly why?: string,
    readonly notes: readonly Note[] = [],
  ) {
    super(message);
  }

  toDiagnostic(file: string): Diagnostic {
    const span: Span = { file, start: this.start, end: Math.max(this.end, this.start + 1) };
    return {
      code: this.code,
      severity: 'error',
      message: this.message,
      span,
      ...(this.why === undefined ? {} : { why: this.why }),
      ...(this.help === undefined ? {} : { help: this.help }),
      ...(this.notes.length === 0 ? {} : { notes: this.notes }),
    };
  }
}

const blanks = /(?:[ \t\r]|\/\/[^\n]*)+/y;
const number = /-inf\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?N?/y;
const word = /[A-Za-z_]\w*/y;
const plainId = /%([A-Za-z0-9_][A-Za-z0-9_./-]*)/y;
const doubleQuoted = /"(?:[^"\\\n]|\\[^\n])*"/y;
const singleQuoted = /'(?:[^'\\\n]|\\[^\n])*'/y;
const escapes = /\\(?:u([0-9a-fA-F]{4})|([\s\S]))/g;
const escaped: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f' };

/**
 * Splits IR text into tokens, in linear time; the last is `end`.
 * @throws IrTextProblem at the first character that begins no token.
 */
export function lex({ text, start, end }: TextRange): Token[] {
  const tokens: Token[] = [];
  let at = start;
  const take = (pattern: RegExp): string | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    return match === null || at + match[0].length > end ? null : match[0];
  };
  const push = (kind: Token['kind'], content: string, length: number): void => {
    tokens.push({ kind, text: content, start: at, end: at + length });
    at += length;
  };

  while (at < end) {
    const blank = take(blanks);
    if (blank !== null) {
      at += blank.length;
      continue;
    }
    const character = text[at]!;
    if (character === '\n') push('newline', '\n', 1);
    else if (character === '%') lexId(take, push, at);
    else if (character === '"' || character === "'") {
      const quoted = take(character === '"' ? doubleQuoted : singleQuoted);
      if (quoted === null) throw new IrTextProblem('this text has no closing quote', at, at + 1);
      push('string', unescape(quoted, at), quoted.length);
    } else {
      const numeral = take(number);
      const name = numeral === null ? take(word) : null;
      if (numeral !== null) push('number', numeral, numeral.length);
      else if (name !== null) push('word', name, name.length);
      else if ('{}()[]:,=-'.includes(character)) push('punctuation', character, 1);
      else throw new IrTextProblem(`${JSON.stringify(character)} means nothing in IR text`, at, at + 1);
    }
  }
  tokens.push({ kind: 'end', text: '', start: end, end });
  return tokens;
}

function lexId(
  take: (pattern: RegExp) => string | null,
  push: (kind: Token['kind'], content: string, length: number) => void,
  at: number,
): void {
  const plain = take(plainId);
  if (plain !== null) {
    push('value', plain.slice(1), plain.length);
    return;
  }
  const quoted = take(quotedId);
  if (quoted === null) {
    throw new IrTextProblem('% begins no value here', at, at + 1, 'A value is written %id, or %"any text".');
  }
  push('value', unescape(quoted.slice(1), at + 1), quoted.length);
}

const quotedId = /%"(?:[^"\\\n]|\\[^\n])*"/y;

function unescape(quoted: string, at: number): string {
  return quoted
    .slice(1, -1)
    .replace(escapes, (whole, code: string | undefined, character: string, offset: number) => {
      if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16));
      if (character === 'u' || (/[a-z0-9]/i.test(character) && escaped[character] === undefined)) {
        const start = at + 1 + offset;
        throw new IrTextProblem(
          `${whole} is no escape`,
          start,
          start + whole.length,
          'Escapes are \\n \\t \\r \\b \\f \\\\ \\" \\\' and \\uXXXX.',
        );
      }
      return escaped[character] ?? character;
    });
}
