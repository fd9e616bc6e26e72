/** IR text as statements: the syntax alone. What they mean together is told by `resolve.ts`. */
import type { Attr, Attrs, Dim, DType, RulePlace, Shape, TensorType } from './graph.js';
import { IrTextProblem, lex, type TextRange } from './lex.js';
import { describe, TokenReader, type Place, type ValueRef } from './token-reader.js';

export interface OperandText extends Place {
  /** Null where the operand is given by position. */
  readonly name: string | null;
  readonly value: ValueRef | readonly ValueRef[] | null;
}

export type Statement =
  | {
      readonly kind: 'input';
      readonly value: ValueRef;
      readonly name: string;
      readonly type: TensorType;
      readonly range: NumberRange | null;
    }
  | {
      readonly kind: 'param';
      readonly value: ValueRef;
      readonly name: string;
      readonly type: TensorType;
      readonly data: Literal | null;
      readonly range: NumberRange | null;
    }
  | { readonly kind: 'output'; readonly value: ValueRef; readonly name: string }
  | {
      readonly kind: 'node';
      readonly results: readonly (ValueRef & { readonly type: TensorType | null })[];
      readonly op: Place & { readonly name: string };
      readonly operands: readonly OperandText[];
      readonly attrs: Attrs;
      readonly scope: string;
      readonly source: { readonly name: string; readonly type: string };
      readonly rule: RulePlace;
    };

/** `= random(-1, 1)`: made-up data, for cases. */
export interface NumberRange {
  readonly low: number;
  readonly high: number;
}

/** `= 6` or `= [1, 2, 3]` after a parameter. */
export interface Literal extends Place {
  readonly numbers: readonly number[];
  /** A single number stands for every element. */
  readonly fill: boolean;
}

export interface GraphText {
  readonly name: string;
  readonly statements: readonly Statement[];
  readonly problems: readonly IrTextProblem[];
  /** Where the graph's text begins and ends. */
  readonly place: Place;
}

/** After this many problems the rest is not worth reading. */
const mostProblems = 20;

/** Reads `graph "name" { … }`; problems are collected, one a statement. */
export function parseStatements(range: TextRange): GraphText {
  const place: Place = { start: range.start, end: range.end };
  try {
    return new StatementParser(lex(range)).graph(place);
  } catch (error) {
    if (!(error instanceof IrTextProblem)) throw error;
    return { name: '', statements: [], problems: [error], place };
  }
}

class StatementParser extends TokenReader {
  graph(place: Place): GraphText {
    const statements: Statement[] = [];
    const problems: IrTextProblem[] = [];
    this.skipLines();
    this.word('graph');
    const name = this.peek().kind === 'string' ? this.next().text : '';
    this.expect('{');
    for (;;) {
      this.skipLines();
      if (this.peek().text === '}' && this.peek().kind === 'punctuation') break;
      try {
        if (this.peek().kind === 'end') throw this.problem('the graph has no closing }');
        statements.push(this.statement());
        if (this.peek().text !== '}' && this.peek().kind !== 'newline') {
          throw this.problem(
            `${describe(this.peek())} is left over after the statement`,
            'One statement a line.',
          );
        }
      } catch (error) {
        if (!(error instanceof IrTextProblem)) throw error;
        problems.push(error);
        if (problems.length >= mostProblems || !this.skipStatement()) {
          return { name, statements, problems, place };
        }
      }
    }
    this.expect('}');
    this.skipLines();
    if (this.peek().kind !== 'end') problems.push(this.problem('there is text after the graph'));
    return { name, statements, problems, place };
  }

  private statement(): Statement {
    const token = this.peek();
    if (token.kind === 'value') return this.node();
    if (token.kind === 'word' && token.text === 'input') return this.input();
    if (token.kind === 'word' && token.text === 'param') return this.param();
    if (token.kind === 'word' && token.text === 'output') return this.output();
    throw this.problem(
      `${describe(token)} begins no statement`,
      'Statements are `input %x "name": type`, `param %k "name": type`, `%y = op(x: %x) { … }` and `output "name": %y`.',
    );
  }

  private input(): Statement {
    this.next();
    const value = this.value();
    const name = this.string();
    this.expect(':');
    const type = this.type();
    return { kind: 'input', value, name, type, range: this.accept('=') ? this.range() : null };
  }

  private param(): Statement {
    this.next();
    const value = this.value();
    const name = this.string();
    this.expect(':');
    const type = this.type();
    if (!this.accept('=')) return { kind: 'param', value, name, type, data: null, range: null };
    const random = this.peek().kind === 'word' && this.peek().text === 'random';
    return {
      kind: 'param',
      value,
      name,
      type,
      data: random ? null : this.literal(),
      range: random ? this.range() : null,
    };
  }

  private output(): Statement {
    this.next();
    const name = this.string();
    this.expect(':');
    return { kind: 'output', name, value: this.value() };
  }

  private node(): Statement {
    const results: (ValueRef & { type: TensorType | null })[] = [];
    do results.push({ ...this.value(), type: this.accept(':') ? this.type() : null });
    while (this.accept(','));
    this.expect('=');
    const opToken = this.peek();
    const op = { name: this.anyWord('the name of an op'), start: opToken.start, end: opToken.end };
    const operands = this.items('(', ')', () => this.operand());
    const attrs = this.isNext('{') ? this.attrs() : {};
    const scope = this.acceptWord('in') ? this.string() : '';
    const source = this.acceptWord('from')
      ? { name: this.string(), type: this.peek().kind === 'string' ? this.string() : this.anyWord('a type') }
      : { name: '', type: '' };
    const rule = this.acceptWord('at') ? this.rulePlace() : { file: '', line: 0 };
    return { kind: 'node', results, op, operands, attrs, scope, source, rule };
  }

  private operand(): OperandText {
    const start = this.peek().start;
    const named = this.peek().kind === 'word' && this.peek().text !== 'none';
    const name = named ? this.next().text : null;
    if (named) this.expect(':');
    const value = this.acceptWord('none')
      ? null
      : this.isNext('[')
        ? this.items('[', ']', () => this.value())
        : this.value();
    return { name, value, start, end: this.lastEnd() };
  }

  private rulePlace(): RulePlace {
    const token = this.peek();
    const match = /^([\s\S]*):(\d{1,9})$/.exec(this.string());
    if (match === null) {
      throw new IrTextProblem('a rule\'s place is written "file:line"', token.start, token.end);
    }
    return { file: match[1]!, line: Number(match[2]) };
  }

  // ---------------------------------------------------------------- types and literals

  /** `float32[N,8,8,4]` */
  type(): TensorType {
    const token = this.peek();
    const dtype = this.anyWord('a type');
    if (!isDType(dtype)) {
      throw new IrTextProblem(
        `${dtype} is no element type`,
        token.start,
        token.end,
        'Element types are float32, int32 and bool.',
      );
    }
    return { dtype, shape: this.shape() };
  }

  private shape(): Shape {
    return this.items('[', ']', (): Dim => {
      const token = this.next();
      if (token.kind === 'word' && token.text === 'N') return { batch: 1 };
      const dim = token.kind === 'number' ? readNumber(token.text) : null;
      const size = typeof dim === 'number' ? dim : dim?.batch;
      if (
        dim === null ||
        size === undefined ||
        !Number.isSafeInteger(size) ||
        size < 0 ||
        Object.is(size, -0)
      ) {
        throw new IrTextProblem(
          `${describe(token)} is no size`,
          token.start,
          token.end,
          'A size is a whole number, or N or 4N for multiples of the batch.',
        );
      }
      return dim;
    });
  }

  private literal(): Literal {
    const start = this.peek().start;
    const numbers: number[] = [];
    const fill = !this.isNext('[');
    const read = (): void => {
      if (this.isNext('[')) this.items('[', ']', read);
      else numbers.push(this.number());
    };
    read();
    return { numbers, fill, start, end: this.lastEnd() };
  }

  /** `random(0, 1)` */
  private range(): NumberRange {
    const { start } = this.peek();
    this.word('random');
    const bounds = this.items('(', ')', () => this.number());
    const [low, high] = bounds;
    if (bounds.length !== 2 || !(low! <= high!) || !Number.isFinite(high! - low!)) {
      throw new IrTextProblem('a range of made-up data is written random(low, high)', start, this.lastEnd());
    }
    return { low: low!, high: high! };
  }

  private number(): number {
    const token = this.next();
    const value = token.kind === 'number' ? readNumber(token.text) : numberWords[token.text];
    if (typeof value === 'number') return value;
    throw new IrTextProblem(`${describe(token)} is no number`, token.start, token.end);
  }

  private attrs(): Attrs {
    const entries = this.items('{', '}', () => {
      const token = this.next();
      if (token.kind !== 'word' && token.kind !== 'string') {
        throw new IrTextProblem(`${describe(token)} is no attribute's name`, token.start, token.end);
      }
      this.expect(':');
      return { token, value: this.attr() };
    });
    const seen = new Set<string>();
    for (const { token } of entries) {
      if (seen.has(token.text)) {
        throw new IrTextProblem(`${token.text} is given twice`, token.start, token.end);
      }
      seen.add(token.text);
    }
    // `fromEntries` defines own properties whatever the names are.
    return Object.fromEntries(entries.map(({ token, value }) => [token.text, value]));
  }

  private attr(): Attr {
    if (this.isNext('[')) return this.items('[', ']', () => this.attr());
    if (this.isNext('{')) return this.attrs();
    const token = this.next();
    if (token.kind === 'string') return token.text;
    if (token.kind === 'number') return readNumber(token.text);
    if (token.kind === 'word' && Object.hasOwn(words, token.text)) return words[token.text]!;
    throw new IrTextProblem(
      `${describe(token)} is no attribute's value`,
      token.start,
      token.end,
      "Values are numbers, 'strings', true, false, null, sizes such as 4N, [lists] and { objects }.",
    );
  }
}

const numberWords: Readonly<Record<string, number>> = { true: 1, false: 0, nan: NaN, inf: Infinity };

const words: Readonly<Record<string, Attr>> = {
  true: true,
  false: false,
  null: null,
  nan: NaN,
  inf: Infinity,
  N: { batch: 1 },
};

function readNumber(text: string): Dim {
  if (text === '-inf') return -Infinity;
  return text.endsWith('N') ? { batch: Number(text.slice(0, -1)) } : Number(text);
}

function isDType(word: string): word is DType {
  return word === 'float32' || word === 'int32' || word === 'bool';
}
