import { describe, expect, it } from 'vitest';
import type { Attr, TensorType } from '../../src/ir/graph.js';
import { evaluate, EvaluationError, type Scope } from '../../src/lang/evaluate.js';
import { parseExpression } from '../../src/lang/parse.js';

const N = { batch: 1 };

const names: Record<string, Attr> = {
  h: 7,
  n: N,
  stride: [1, 2],
  pad: 'same',
  missing: null,
  flag: true,
  zero: 0,
  v: [1, 2, 3],
  node: { epsilon: 0.5, list: [[4, 5]] },
};

const tensors: Record<string, TensorType | null> = {
  x: { dtype: 'float32', shape: [N, 7, 7, 64] },
  k: { dtype: 'int32', shape: [3, 3, 64, 32] },
  b: null,
};

const scope: Scope = {
  name: (name) => names[name],
  tensor: (name) => tensors[name],
  raw: (axis) => (axis === 'h' ? 14 : undefined),
  call: (fn, args, value) => (fn === 'twice' ? (value(args[0]!) as number) * 2 : undefined),
};

function value(text: string): Attr {
  const { tree, diagnostics } = parseExpression(text, 'test');
  expect(diagnostics).toEqual([]);
  return evaluate(tree!, scope);
}

/** The message, and the text that it points at. */
function failure(text: string): [message: string, at: string] {
  const { tree } = parseExpression(text, 'test');
  try {
    evaluate(tree!, scope);
  } catch (error) {
    if (error instanceof EvaluationError)
      return [error.message, text.slice(error.span!.start, error.span!.end)];
    throw error;
  }
  throw new Error(`${text} has a value`);
}

describe('operators', () => {
  it.each<[string, Attr]>([
    ['1 + 2 * 3', 7],
    ['(1 + 2) * 3', 9],
    ['10 - 3 - 2', 5],
    ['7 div 2', 3],
    ['-7 div 2', -4],
    ['7 / 2', 3.5],
    ['-7 % 3', 2],
    ['-h * 2', -14],
    ['2 * -3', -6],
    ['1e-3', 0.001],
    ["'a' + 'b'", 'ab'],
    ['[1] + [2, 3]', [1, 2, 3]],
    ['1 == 1.0', true],
    ['[1, [2]] == [1, [2]]', true],
    ["'1' == 1", false],
    ['n == 1', false],
    ['n != 1', true],
    ['2 in v', true],
    ['[1] in [[1], [2]]', true],
    ['not 2 in v', false],
    ['not flag or flag', true],
    ['flag and h > 6', true],
    ['missing and h > 100', false],
    ['not zero', true],
    ['missing ?? 3', 3],
    ["missing ?? 'a' == 'a'", true],
    ['missing ?? 1 + 1', 2],
    ['zero ?? 3', 0],
    ['missing ?? missing ?? 5', 5],
    ['if h > 6 then 1 else 2', 1],
    ['let a = 2, c = a + 1 in a * c', 6],
    ['let h = 1 in h', 1],
    ['[i * i for i in v]', [1, 4, 9]],
    ['[i for i in v if i != 2]', [1, 3]],
  ])('%s', (text, expected) => {
    expect(value(text)).toEqual(expected);
  });

  it('work on multiples of the batch size', () => {
    expect(value('n * 4')).toEqual({ batch: 4 });
    expect(value('n + n')).toEqual({ batch: 2 });
    expect(value('n * 6 div 3')).toEqual({ batch: 2 });
    expect(value('n * 6 / n')).toBe(6);
    expect(value('n * 6 % 3')).toBe(0);
    expect(value('n - n')).toBe(0);
    expect(value('-n')).toEqual({ batch: -1 });
    expect(value('prod(shape(x))')).toEqual({ batch: 3136 });
    expect(value('n > 0')).toBe(true);
    expect(value('n < 1')).toBe(false);
    expect(value('n <= n * 2')).toBe(true);
    expect(value('floor(n)')).toEqual(N);
  });

  it('say what they can not do, and where', () => {
    expect(failure('n + 1')).toEqual(['N + 1 is not a multiple of the symbolic batch size N', 'n + 1']);
    expect(failure('1 + n * 7 div 2')).toEqual([
      '7N div 2 is not a multiple of the symbolic batch size N',
      'n * 7 div 2',
    ]);
    expect(failure('n > 3')[0]).toBe('whether N > 3 depends on the batch size');
    expect(failure('[1] * 2')[0]).toBe("`*` can't be used on a list ([1]) and a number (2)");
    expect(failure('1 / zero')[0]).toBe('1 is divided by zero');
    expect(failure('1 + missing')[0]).toBe("`+` can't be used on null (null) and a number (1)");
    expect(failure("if 'yes' then 1 else 2")[0]).toBe(
      "a condition must be true or false; it is a string, 'yes'",
    );
    expect(failure('1 in h')[0]).toBe('the right side of `in` must be a list; it is a number, 7');
  });
});

describe('names, fields and items', () => {
  it.each<[string, Attr]>([
    ['stride.1', 2],
    ['stride.5', null],
    ['stride[0]', 1],
    ['stride[-1]', 2],
    ['node.epsilon', 0.5],
    ['node.list.0.1', 5],
    ['node.other', null],
    ["node['epsilon']", 0.5],
    ['missing.0.anything', null],
    ['missing[0]', null],
    ['x', true],
    ['b', false],
    ['not b', true],
    ['twice(h)', 14],
  ])('%s', (text, expected) => {
    expect(value(text)).toEqual(expected);
  });

  it('an unknown name is an error, and so is an item that is not there', () => {
    expect(failure('1 + nothing')).toEqual(['nothing here has the name `nothing`', 'nothing']);
    expect(failure('v[3]')).toEqual(['[1, 2, 3] has no item 3', 'v[3]']);
    expect(failure('h.0')[0]).toBe('a number has no field `0`');
    expect(failure('v.name')[0]).toBe('a list has items, `.0`, and no field `name`');
  });
});

describe('functions', () => {
  it.each<[string, Attr]>([
    ['shape(x)', [N, 7, 7, 64]],
    ['rank(k)', 4],
    ['dtype(k)', 'int32'],
    ['size(k, 2)', 64],
    ['size(k, -1)', 32],
    ['raw(h)', 14],
    ["window(7, 3, 1, 1, 'valid', 0)", 5],
    ["window(7, 3, 2, 1, 'same', 0)", 4],
    ["window(7, 3, 1, 2, 'valid', 0)", 3],
    ['window(7, 3, 2, 1, [[1, 1], [0, 0]], 0)', 4],
    ['window(7, 3, 2, 1, [[1, 1], [0, 0]], 1)', 3],
    ["window(n, 1, 1, 1, 'valid', 0)", N],
    ["window_transposed(4, 3, 2, 1, 'same', 0)", 8],
    ["window_transposed(4, 3, 2, 1, 'valid', 0)", 9],
    ['window_transposed(4, 3, 2, 1, [[1, 1]], 0)', 7],
    ['same_pads(7, 3, 2, 1)', [1, 1]],
    ['same_pads(8, 3, 2, 1)', [0, 1]],
    ["tf_pad('SAME', null)", 'same'],
    ["tf_pad('VALID', [])", 'valid'],
    [
      "tf_pad('EXPLICIT', [0, 0, 1, 2, 3, 4, 0, 0], 'NHWC')",
      [
        [1, 2],
        [3, 4],
      ],
    ],
    [
      "tf_pad('EXPLICIT', [0, 0, 0, 0, 1, 2, 3, 4], 'NCHW')",
      [
        [1, 2],
        [3, 4],
      ],
    ],
    ["tfjs_pad('same')", 'same'],
    [
      'tfjs_pad(1)',
      [
        [1, 1],
        [1, 1],
      ],
    ],
    [
      'tfjs_pad([[0, 0], [1, 2], [3, 4], [0, 0]])',
      [
        [1, 2],
        [3, 4],
      ],
    ],
    [
      'nhwc_pad([[1, 2], [3, 4]])',
      [
        [0, 0],
        [1, 2],
        [3, 4],
        [0, 0],
      ],
    ],
    ["nhwc_pad('same')", 'same'],
    [
      'pads([1, 2])',
      [
        [1, 1],
        [2, 2],
      ],
    ],
    ['per_axis(2, 3)', [2, 2, 2]],
    ['per_axis([1, 2], 2)', [1, 2]],
    ['axis(-1, 4)', 3],
    ['axis([0, -2], 4)', [0, 2]],
    ['len(v)', 3],
    ["len('word')", 4],
    ['range(3)', [0, 1, 2]],
    ['range(1, 3)', [1, 2]],
    ['reverse(v)', [3, 2, 1]],
    ['sort([10, 9, 2])', [2, 9, 10]],
    ['sum(v)', 6],
    ['sum([])', 0],
    ['prod([2, n])', { batch: 2 }],
    ['min(3, 1, 2)', 1],
    ['max(v)', 3],
    ['max(n, n)', N],
    ['index_of(v, 2)', 1],
    ['index_of(v, 9)', -1],
    ['flatten([1, [2, [3]]])', [1, 2, 3]],
    [
      'zip([1, 2], [3, 4])',
      [
        [1, 3],
        [2, 4],
      ],
    ],
    ['slice(v, 1)', [2, 3]],
    ['slice(v, 0, -1)', [1, 2]],
    ["repeat('a', 2)", ['a', 'a']],
    ['without(v, 2)', [1, 3]],
    ["permuted(['a', 'b', 'c'], [2, 0, 1])", ['c', 'a', 'b']],
    [
      'reshaped([1, 2, 3, 4], [2, 2])',
      [
        [1, 2],
        [3, 4],
      ],
    ],
    ['reshaped([5], [])', 5],
    ['floor(2.7)', 2],
    ['ceil(2.1)', 3],
    ['[round(i) for i in [0.5, 1.5, 2.5, 2.4, -0.6]]', [0, 2, 2, 2, -1]],
    ['abs(-2)', 2],
    ['sqrt(16)', 4],
    ['pow(2, 10)', 1024],
    ['exp(0)', 1],
    ['log(1)', 0],
    ["starts_with('relu6', 'relu')", true],
    ["ends_with('relu6', 'relu')", false],
    ["lower('ReLU')", 'relu'],
    ["split('ab,bc->ac', '->')", ['ab,bc', 'ac']],
    ['is_list(v)', true],
    ['elementwise(v * 2)', [2, 4, 6]],
    [
      'let m = [[1], [2]] in elementwise(m + v)',
      [
        [2, 3, 4],
        [3, 4, 5],
      ],
    ],
    ['elementwise(h + 1)', 8],
  ])('%s', (text, expected) => {
    expect(value(text)).toEqual(expected);
  });

  it('are asked for arguments that they have', () => {
    expect(failure('len(v, v)')[0]).toBe('`len` takes 1 argument, not 2');
    expect(failure('windw(1)')[0]).toBe('there is no function `windw`. Did you mean `window`?');
    expect(failure('shape(b)')[0]).toBe('the optional operand `b` is left out here');
    expect(failure('shape(h)')[0]).toBe('`h` is no operand or result of known type');
    expect(failure('size(k, 4)')[0]).toBe('a tensor of shape [3, 3, 64, 32] has no axis 4');
    expect(failure('axis(4, 4)')[0]).toBe('axis 4 is not among 4 axes');
    expect(failure("window(3, 7, 1, 1, 'valid', 0)")[0]).toBe(
      "a window that reaches over 7 doesn't fit an axis of 3",
    );
    expect(failure("window(3, 7, 1, 1, 'full', 0)")[0]).toContain("it is 'full'");
    expect(failure("tf_pad('EXPLICIT', null)")[0]).toBe(
      "explicit paddings, with padding 'EXPLICIT', must be a list; it is null",
    );
    expect(failure("tf_pad('EXPLICIT', [1, 0, 0, 0, 0, 0, 0, 0])")[0]).toContain(
      "can't be padded by a window",
    );
    expect(failure('permuted(v, [0, 0, 1])')[0]).toBe('[0, 0, 1] is no permutation of 3 items');
    expect(failure('sqrt(-1)')[0]).toBe('there is no such number of -1');
    expect(failure('range(100000000)')[0]).toContain('between 0 and 1,000,000');
    expect(failure('let a = [1, 2], c = [1, 2, 3] in elementwise(a + c)')[0]).toBe(
      "values of the shapes [2] and [3] can't be broadcast to each other",
    );
    expect(failure('uses(h)')[0]).toContain('only rewrites and `from` clauses know');
  });
});
