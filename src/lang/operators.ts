/** Infix operators on values. */
import type { Attr, Dim } from '../ir/graph.js';
import type { BinaryOperator } from './ast.js';
import { addDims, divDims, isStatic, mulDims, printDim, subDims } from './dims.js';
import { EvaluationError } from './evaluation-error.js';
import { dimOf, equalValues, isDim, isList, kindOf, listOf, show } from './values.js';

/** The operators whose two sides are always evaluated; `and`, `or` and `??` are not among them. */
export type StrictOperator = Exclude<BinaryOperator, 'and' | 'or' | '??'>;

export function applyOperator(operator: StrictOperator, left: Attr, right: Attr): Attr {
  switch (operator) {
    case '==':
      return equalValues(left, right);
    case '!=':
      return !equalValues(left, right);
    case 'in':
      return listOf(right, 'the right side of `in`').some((item) => equalValues(item, left));
    case '+':
      return sum(left, right);
    case '<':
    case '<=':
    case '>':
    case '>=':
      return compare(operator, left, right);
    default:
      return arithmetic(operator, left, right);
  }
}

/** The sum of two sizes or numbers, or the two lists or strings joined. */
export function sum(left: Attr, right: Attr): Attr {
  if (isList(left) && isList(right)) return [...left, ...right];
  if (typeof left === 'string' && typeof right === 'string') return left + right;
  return arithmetic('+', left, right);
}

export function product(left: Attr, right: Attr): Attr {
  return arithmetic('*', left, right);
}

function arithmetic(operator: '+' | '-' | '*' | '/' | '//' | '%', left: Attr, right: Attr): Dim {
  if (!isDim(left) || !isDim(right)) {
    const [value, other] = isDim(left) ? [right, left] : [left, right];
    const word = operator === '//' ? 'div' : operator;
    throw new EvaluationError(
      `\`${word}\` can't be used on ${kindOf(value)} (${show(value)}) and ${kindOf(other)} (${show(other)})`,
    );
  }
  const result =
    isStatic(left) && isStatic(right) ? onNumbers(operator, left, right) : onDims(operator, left, right);
  if (result === null) {
    const word = operator === '//' ? 'div' : operator;
    throw new EvaluationError(
      `${printDim(left)} ${word} ${printDim(right)} is not a multiple of the symbolic batch size N`,
    );
  }
  return result;
}

function onNumbers(operator: '+' | '-' | '*' | '/' | '//' | '%', a: number, b: number): number {
  if (b === 0 && operator !== '+' && operator !== '-' && operator !== '*') {
    throw new EvaluationError(`${a} is divided by zero`);
  }
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    case '//':
      return Math.floor(a / b);
    case '%': {
      const rest = a % b;
      return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
    }
  }
}

function onDims(operator: '+' | '-' | '*' | '/' | '//' | '%', a: Dim, b: Dim): Dim | null {
  switch (operator) {
    case '+':
      return addDims(a, b);
    case '-':
      return subDims(a, b);
    case '*':
      return mulDims(a, b);
    case '/':
    case '//':
      return divDims(a, b);
    case '%':
      return divDims(a, b) === null ? null : 0;
  }
}

function compare(operator: '<' | '<=' | '>' | '>=', left: Attr, right: Attr): boolean {
  const a = dimOf(left, `the left side of \`${operator}\``);
  const b = dimOf(right, `the right side of \`${operator}\``);
  // N is at least 1, so a - b has a sign in many cases: k·N - n is at least k - n.
  const [low, high] = difference(a, b);
  const answer = {
    '<': [high < 0, low >= 0],
    '<=': [high <= 0, low > 0],
    '>': [low > 0, high <= 0],
    '>=': [low >= 0, high < 0],
  }[operator] as [boolean, boolean];
  if (answer[0]) return true;
  if (answer[1]) return false;
  throw new EvaluationError(`whether ${printDim(a)} ${operator} ${printDim(b)} depends on the batch size`);
}

/** The least and greatest value that a - b can have. */
function difference(a: Dim, b: Dim): [number, number] {
  const slope = (isStatic(a) ? 0 : a.batch) - (isStatic(b) ? 0 : b.batch);
  const atOne = (isStatic(a) ? a : a.batch) - (isStatic(b) ? b : b.batch);
  return slope === 0 ? [atOne, atOne] : slope > 0 ? [atOne, Infinity] : [-Infinity, atOne];
}
