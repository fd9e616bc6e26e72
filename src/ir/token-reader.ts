/** Reads tokens one after another; what the parser of statements is made of. */
import type { ValueId } from './graph.js';
import { IrTextProblem, type Token } from './lex.js';

/** A place in the text. */
export interface Place {
  readonly start: number;
  readonly end: number;
}

/** A value that is read, and where. */
export interface ValueRef extends Place {
  readonly id: ValueId;
}

/** How deep brackets may nest. */
const deepest = 100;

export class TokenReader {
  protected at = 0;
  /** How many brackets are open inside the statement; line breaks in brackets don't count. */
  protected depth = 0;

  constructor(private readonly tokens: readonly Token[]) {}

  protected peek(): Token {
    if (this.depth > 0) while (this.tokens[this.at]!.kind === 'newline') this.at++;
    return this.tokens[this.at]!;
  }

  protected next(): Token {
    const token = this.peek();
    if (token.kind !== 'end') this.at++;
    return token;
  }

  protected lastEnd(): number {
    return this.tokens[this.at - 1]!.end;
  }

  protected isNext(punctuation: string): boolean {
    const token = this.peek();
    return token.kind === 'punctuation' && token.text === punctuation;
  }

  protected accept(punctuation: string): boolean {
    const found = this.isNext(punctuation);
    if (found) this.next();
    return found;
  }

  protected acceptWord(word: string): boolean {
    const token = this.peek();
    const found = token.kind === 'word' && token.text === word;
    if (found) this.next();
    return found;
  }

  protected expect(punctuation: string): void {
    if (!this.accept(punctuation)) {
      throw this.problem(`expected ${punctuation} and found ${describe(this.peek())}`);
    }
  }

  protected word(expected: string): void {
    if (!this.acceptWord(expected)) {
      throw this.problem(`expected ${expected} and found ${describe(this.peek())}`);
    }
  }

  protected anyWord(what: string): string {
    if (this.peek().kind !== 'word') {
      throw this.problem(`expected ${what} and found ${describe(this.peek())}`);
    }
    return this.next().text;
  }

  protected string(): string {
    if (this.peek().kind !== 'string') {
      throw this.problem(`expected a "name" in quotes and found ${describe(this.peek())}`);
    }
    return this.next().text;
  }

  protected value(): ValueRef {
    const token = this.peek();
    if (token.kind !== 'value') {
      throw this.problem(`expected a value such as %x and found ${describe(token)}`);
    }
    this.next();
    return { id: token.text, start: token.start, end: token.end };
  }

  /** A bracketed list, separated by commas; a last comma is allowed. */
  protected items<T>(open: string, close: string, item: () => T): T[] {
    const list: T[] = [];
    if (this.depth >= deepest) throw this.problem('brackets are nested too deep');
    this.expect(open);
    this.depth++;
    while (!this.isNext(close)) {
      list.push(item());
      if (!this.isNext(close)) this.expect(',');
    }
    // The closing bracket may end the last open one: line breaks after it count again.
    this.at++;
    this.depth--;
    return list;
  }

  protected skipLines(): void {
    while (this.tokens[this.at]!.kind === 'newline') this.at++;
  }

  /** Goes on after a problem; false at the end of the text. */
  protected skipStatement(): boolean {
    this.depth = 0;
    while (this.peek().kind !== 'newline' && this.peek().kind !== 'end') this.at++;
    return this.peek().kind !== 'end';
  }

  protected problem(message: string, help?: string): IrTextProblem {
    const token = this.peek();
    return new IrTextProblem(message, token.start, token.end, help);
  }
}

/** A token as messages name it. */
export function describe(token: Token): string {
  if (token.kind === 'end') return 'the end of the text';
  if (token.kind === 'newline') return 'the end of the line';
  if (token.kind === 'value') return `%${token.text}`;
  return token.kind === 'string' ? JSON.stringify(token.text) : token.text;
}
