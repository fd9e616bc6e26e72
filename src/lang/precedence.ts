/**
 * How tightly operators bind. The grammar reads a flat row of terms and operators; `climb` makes it a tree.
 */

/** Loosest first. All are left-associative but comparisons, which don't chain, and `??`, which goes right. */
const levels: readonly (readonly string[])[] = [
  ['or'],
  ['and'],
  ['not'],
  ['==', '!=', '<', '<=', '>', '>=', 'in'],
  ['??'],
  ['+', '-'],
  ['*', '/', 'div', '%'],
];

const levelOf = new Map(levels.flatMap((operators, level) => operators.map((o) => [o, level] as const)));
const comparison = levelOf.get('==')!;
const fallback = levelOf.get('??')!;
const negation = levelOf.get('not')!;

export type Token<T> =
  | { readonly type: 'operand'; readonly value: T }
  | { readonly type: 'prefix'; readonly operator: string; readonly start: number }
  | { readonly type: 'operator'; readonly operator: string };

export interface TreeBuilder<T> {
  unary(operator: string, operand: T, start: number): T;
  binary(operator: string, left: T, right: T): T;
  /** A comparison of a comparison, such as `a < b < c`. */
  chained(left: T, right: T): void;
}

/** Turns a row such as `a + not b * c` into a tree. */
export function climb<T>(tokens: readonly Token<T>[], build: TreeBuilder<T>): T {
  let position = 0;

  function term(): T {
    const token = tokens[position++]!;
    if (token.type === 'operand') return token.value;
    if (token.type === 'operator') throw new Error(`operator ${token.operator} without a left side`);
    // `not a == b` is `not (a == b)`; `-a * b` is `(-a) * b`.
    const operand = token.operator === 'not' ? binary(negation + 1) : term();
    return build.unary(token.operator, operand, token.start);
  }

  function binary(loosest: number): T {
    let left = term();
    let compared = false;
    for (;;) {
      const token = tokens[position];
      const level = token?.type === 'operator' ? levelOf.get(token.operator)! : -1;
      if (token?.type !== 'operator' || level < loosest) return left;
      position++;
      const right = binary(level === fallback ? level : level + 1);
      if (level === comparison && compared) build.chained(left, right);
      compared = level === comparison;
      left = build.binary(token.operator, left, right);
    }
  }

  return binary(0);
}
