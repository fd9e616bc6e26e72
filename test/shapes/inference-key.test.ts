import { describe, expect, it } from 'vitest';
import type { Attr, DType, Shape, TensorType } from '../../src/ir/graph.js';
import { inferenceKey } from '../../src/shapes/inference-key.js';
import type { OperandTypes } from '../../src/shapes/infer-shapes.js';

const type = (shape: Shape, dtype: DType = 'float32'): TensorType => ({ dtype, shape });

describe('what inference depends on', () => {
  it('is the same for equal operands and attributes', () => {
    const key = (): string =>
      inferenceKey(
        { x: type([{ batch: 1 }, 4]), xs: [type([2]), type([3])], b: null },
        { pad: ['same', { a: 1 }] },
        2,
      );
    expect(key()).toBe(key());
  });

  it('differs with types, and with how many results there are', () => {
    const operands: OperandTypes[] = [
      { x: type([4]) },
      { x: type([{ batch: 4 }]) },
      { x: type([4, 1]) },
      { x: type([4], 'int32') },
      { y: type([4]) },
      { x: [type([4]), type([4])] },
      { x: null },
    ];
    expect(new Set(operands.map((given) => inferenceKey(given, {}, 1))).size).toBe(operands.length);
    expect(inferenceKey({}, {}, 1)).not.toBe(inferenceKey({}, {}, undefined));
  });

  it('tells all attributes apart', () => {
    const values: Attr[] = [
      0,
      -0,
      '0',
      null,
      'null',
      NaN,
      Infinity,
      -Infinity,
      true,
      'true',
      [],
      {},
      [1, 2],
      ['1', '2'],
      [[1], 2],
      { a: 1 },
      { b: 1 },
      '[1,2]',
    ];
    expect(new Set(values.map((value) => inferenceKey({}, { a: value }, 1))).size).toBe(values.length);
  });
});
