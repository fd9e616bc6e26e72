/** How numbers of the model are written: short ones as they are, long ones as named constants. */
import { text, type Code } from './code.js';
import { wordsOf, type Names } from './naming.js';
import { numberLiteral } from './print.js';

/** Numbers with more characters than this get a name, where they have one. */
const longest = 6;

/** The constants of a module: one for each value and name. */
export class Constants {
  private readonly byValue = new Map<string, { readonly name: string; readonly literal: string }>();

  constructor(private readonly names: Names) {}

  /** The code for a number that the rules or the model call `name`. */
  number(value: number, name: string | null): Code {
    const literal = numberLiteral(value);
    const words = wordsOf(name ?? '').slice(-3);
    if (literal.length <= longest || !/[A-Za-z]/.test(words[0] ?? '') || !Number.isFinite(value))
      return text(literal);
    const wanted = words.join('_').toUpperCase();
    const key = `${wanted}=${literal}`;
    const known = this.byValue.get(key) ?? { name: this.names.claim(wanted, 'CONSTANT'), literal };
    this.byValue.set(key, known);
    return text(known.name);
  }

  /** All constants, in the order of first use. */
  entries(): { readonly name: string; readonly literal: string }[] {
    return [...this.byValue.values()];
  }
}

/** The shortest number that is the same float32. */
export function shortestFloat32(value: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Object.is(Math.fround(short), value)) return short;
  }
  return value;
}
