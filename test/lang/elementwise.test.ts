import { describe, expect, it } from 'vitest';
import type { Attr } from '../../src/ir/graph.js';
import type { Expr } from '../../src/lang/ast.js';
import { elementwise, nest } from '../../src/lang/elementwise.js';

const span = { file: '', start: 0, end: 0 };
const name = (n: string): Expr => ({ kind: 'name', name: n, span });
const sum: Expr = { kind: 'binary', operator: '+', left: name('x'), right: name('y'), span };

function add(values: Record<string, Attr>): Attr {
  return elementwise(
    sum,
    (n) => values[n],
    (_, elements) =>
      ((elements.get('x') ?? values['x']) as number) + ((elements.get('y') ?? values['y']) as number),
  );
}

describe('elementwise', () => {
  it('evaluates once for numbers', () => {
    expect(add({ x: 1, y: 2 })).toBe(3);
  });

  it('broadcasts numbers over lists, and shorter nestings at the right', () => {
    expect(add({ x: [1, 2], y: 10 })).toEqual([11, 12]);
    expect(
      add({
        x: [
          [1, 2],
          [3, 4],
        ],
        y: [10, 20],
      }),
    ).toEqual([
      [11, 22],
      [13, 24],
    ]);
    expect(add({ x: [[1], [2]], y: [[10, 20]] })).toEqual([
      [11, 21],
      [12, 22],
    ]);
    expect(add({ x: [], y: 1 })).toEqual([]);
  });

  it('refuses lists that do not fit', () => {
    expect(() => add({ x: [1, 2, 3], y: [1, 2] })).toThrow('where others have');
  });
});

describe('nest', () => {
  it('fills a shape row by row', () => {
    expect(nest([1, 2, 3, 4, 5, 6], [2, 3])).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect(nest([7], [])).toBe(7);
    expect(nest([], [0, 3])).toEqual([]);
    expect(() => nest([1, 2], [3])).toThrow('2 elements do not fill the shape [3]');
  });
});
