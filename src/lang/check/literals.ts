/** Whether what is written for an attribute is of its type. */
import type { Attr } from '../../ir/graph.js';
import type { AttrType, Expr } from '../ast.js';
import { isList, kindOf, show } from '../values.js';
import type { Report } from './report.js';
import { didYouMean } from '../suggest.js';

export const attrTypes = [
  'int',
  'float',
  'bool',
  'string',
  'dtype',
  'int[]',
  'float[]',
  'bool[]',
  'string[]',
  'int2',
  'pads',
] as const;

const elementTypes = ['float32', 'int32', 'bool'];

/** `int`, `'a' | 'b'` */
export function printType(type: AttrType): string {
  return typeof type === 'string' ? type : type.oneOf.map((word) => `'${word}'`).join(' | ');
}

/** Checks the literals that a value of an attribute can come to; what is computed is checked when it is known. */
export function checkLiterals(value: Expr, name: string, type: AttrType, report: Report): void {
  for (const { literal, span } of outcomes(value)) {
    if (fits(literal, type)) continue;
    const words = typeof type === 'string' ? (type === 'dtype' ? elementTypes : []) : type.oneOf;
    report({
      code: 'E118',
      message: `${show(literal)} is no value for the attribute \`${name}\``,
      span,
      why: `Its type is ${printType(type)}${typeof type === 'string' ? `; this is ${kindOf(literal)}` : ''}.`,
      help:
        typeof literal === 'string'
          ? didYouMean(literal, words, expectation(type))?.replaceAll('`', "'")
          : expectation(type),
    });
  }
}

/** The literals that an expression can come to, with their places. */
function outcomes(expr: Expr): { literal: Attr; span: Expr['span'] }[] {
  switch (expr.kind) {
    case 'literal':
      return [{ literal: expr.value, span: expr.span }];
    case 'list': {
      const items = expr.items.map(outcomes);
      return items.every((item, i) => item.length === 1 && isConstant(expr.items[i]!))
        ? [{ literal: items.map((item) => item[0]!.literal), span: expr.span }]
        : [];
    }
    case 'conditional':
      return [...outcomes(expr.then), ...outcomes(expr.otherwise)];
    case 'let':
      return outcomes(expr.body);
    case 'binary':
      return expr.operator === '??' ? outcomes(expr.right) : [];
    default:
      return [];
  }
}

function isConstant(expr: Expr): boolean {
  return expr.kind === 'literal' || (expr.kind === 'list' && expr.items.every(isConstant));
}

function fits(value: Attr, type: AttrType): boolean {
  if (typeof type !== 'string') return typeof value === 'string' && type.oneOf.includes(value);
  const every = (item: AttrType): boolean => isList(value) && value.every((element) => fits(element, item));
  switch (type) {
    case 'int':
      return Number.isInteger(value);
    case 'float':
      return typeof value === 'number';
    case 'bool':
      return typeof value === 'boolean';
    case 'string':
      return typeof value === 'string';
    case 'dtype':
      return typeof value === 'string' && elementTypes.includes(value);
    case 'int[]':
      return every('int');
    case 'float[]':
      return every('float');
    case 'bool[]':
      return every('bool');
    case 'string[]':
      return every('string');
    case 'int2':
      return every('int') && isList(value) && value.length === 2;
    case 'pads':
      return (
        value === 'valid' ||
        value === 'same' ||
        (isList(value) && value.every((pair) => isList(pair) && pair.length === 2 && fits(pair, 'int2')))
      );
    default:
      // A type that does not exist is reported where it is declared.
      return true;
  }
}

function expectation(type: AttrType): string {
  if (typeof type !== 'string') return `Write one of ${printType(type)}.`;
  const examples: Record<string, string> = {
    int: 'Write a whole number.',
    float: 'Write a number.',
    bool: 'Write true or false.',
    string: "Write a string: 'text'.",
    dtype: "Write one of 'float32', 'int32', 'bool'.",
    int2: 'Write a list of two whole numbers: [1, 1].',
    pads: "Write 'valid', 'same', or a list of pairs: [[1, 1], [0, 0]].",
    'int[]': 'Write a list of whole numbers: [1, 2].',
    'float[]': 'Write a list of numbers: [0.5, 1].',
    'bool[]': 'Write a list of truth values: [true, false].',
    'string[]': "Write a list of strings: ['a', 'b'].",
  };
  return examples[type] ?? `The type is ${type}.`;
}
