import { describe, expect, it } from 'vitest';
import { DiagnosticError } from '../../src/diagnostics/diagnostic.js';
import { layOut, oneLine, stringLiteral, text, type Code } from '../../src/emit/code.js';
import type { Built } from '../../src/emit/partial.js';
import { numberLiteral, printEmit } from '../../src/emit/print.js';
import { emitScope } from '../../src/emit/scope.js';
import { shortestFloat32 } from '../../src/emit/literals.js';
import type { Attrs, Dim, Node, Operand } from '../../src/ir/graph.js';
import type { OpRule } from '../../src/lang/ast.js';
import { parseFile } from '../../src/lang/parse.js';

const N: Dim = { batch: 1 };

/** Prints an emit over `x[N, 6]`, `b` (left out or there) and `xs` (two tensors). */
function print(emit: string, attrs: Attrs = {}, b: Operand = null): string[] {
  const { declarations, diagnostics } = parseFile({
    file: 'print.rules',
    text: `/// Test.\nop test(x, b?, xs*) -> y { axes x[n, (h w)] -> y[n, w]  attrs h: int, w: int  emit ${emit} }`,
  });
  if (diagnostics.length > 0) throw new DiagnosticError(diagnostics);
  const rule = declarations[0] as OpRule;
  const node: Node = {
    id: 'y',
    op: 'test',
    operands: { x: 'x', b, xs: ['p', 'q'] },
    attrs: { h: 2, w: 3, ...attrs },
    results: ['y'],
    scope: '',
    source: { name: 'y', type: 'Test' },
    rule: { file: 'print.rules', line: 1 },
  };
  const type = (...shape: Dim[]) => ({ dtype: 'float32' as const, shape });
  const values = { x: type(N, 6), b: type(3), p: type(N, 1), q: type(N, 2), y: type(N, 3) };
  const built = (operand: Operand): Built<Code> => {
    if (operand === null) return { kind: 'absent' };
    if (typeof operand === 'string') return { kind: 'one', value: text(operand) };
    return { kind: 'list', items: operand.map(text) };
  };
  const operands = Object.fromEntries(
    Object.entries(node.operands).map(([name, operand]) => [name, built(operand)]),
  );
  const { bindings, value } = printEmit(
    rule,
    emitScope(rule, node, { values }, { backend: 'cpu', trainable: false }),
    operands,
    {
      batch: (multiple) => text(multiple === 1 ? 'n' : `${multiple} * n`),
      number: (number) => text(numberLiteral(number)),
      helper: (name) => name,
      local: (name) => name,
      inferable: undefined,
    },
  );
  return [...bindings.map((bound) => `${bound.name} = ${oneLine(bound.value)}`), oneLine(value)];
}

describe('printed emits', () => {
  it.each([
    // Attributes, sizes and conditions are decided at compile time.
    ["tf.f(x, h + w, [h, w], 'same', h == 2, -0.5)", "tf.f(x, 5, [2, 3], 'same', true, -0.5)"],
    ['if h > 1 then tf.f(x) else tf.g(x)', 'tf.f(x)'],
    ['tf.f([i * 2 for i in range(3) if i != 1])', 'tf.f([0, 4])'],
    // The batch stays symbolic.
    ['tf.f(x, shape(y), [2 * n, w], size(x, 0))', 'tf.f(x, [n, 3], [2 * n, 3], n)'],
    // Optional operands.
    ['tf.f(x, b)', 'tf.f(x)'],
    ['tf.f(b, x)', 'tf.f(undefined, x)'],
    ['tf.f({ x, bias: b, h })', 'tf.f({ x, h: 2 })'],
    ['tf.f(b ?? x, b ?? 1)', 'tf.f(x, 1)'],
    ['if b then tf.f(b) else x', 'x'],
    // Variadic operands.
    ['tf.f(xs, xs.1, len(xs), rank(xs.0))', 'tf.f([p, q], q, 2, 2)'],
    ['tf.f(...xs, ...[h, w])', 'tf.f(p, q, 2, 3)'],
    ['[tf.f(v, size(v, 1)) for v in xs]', '[tf.f(p, 1), tf.f(q, 2)]'],
    ['tf.f([tf.g(v) for v in tf.split(x, 2)])', 'tf.f(tf.split(x, 2).map((v) => tf.g(v)))'],
    // Names for values.
    ['let a = h * w in tf.f(x, a)', 'tf.f(x, 6)'],
    ['let a = tf.f(x) in tf.g(a)', 'tf.g(tf.f(x))'],
    ['let a = x in tf.g(a, a)', 'tf.g(x, x)'],
    ['helper.f(x, tf.image.g(x).values)', 'f(x, tf.image.g(x).values)'],
  ])('%s', (emit, expected) => {
    expect(print(emit)).toEqual([expected]);
  });

  it('take the operand that is there', () => {
    expect(print('if b then tf.f(x, b ?? 0) else x', {}, 'b')).toEqual(['tf.f(x, b)']);
  });

  it('name values that are used more than once', () => {
    expect(print('let a = tf.f(x), c = tf.g(a, a) in tf.h(c, a)')).toEqual([
      'a = tf.f(x)',
      'tf.h(tf.g(a, a), a)',
    ]);
  });

  it.each([
    ['tf.f(x + 1)', 'E504: the operator + does not work on tensors'],
    ['tf.f(sqrt(x))', "E504: sqrt can't be called on a tensor"],
    ['tf.f(missing)', 'E510: nothing here has the name `missing`'],
    ['tf.f(xs.2)', 'E504: there is no operand 2 among 2'],
    ['[v for v in tf.split(x) if h == 2]', 'E504: this is not a list whose length is known at compile time'],
  ])('say what is wrong in %s', (emit, message) => {
    expect(() => print(emit)).toThrow(message);
  });
});

describe('layout', () => {
  const call = (...args: Code[]): Code => ({ kind: 'call', callee: 'tf.f', typeArgument: null, args });
  const long = text('x'.repeat(60));

  it('breaks what does not fit on a line', () => {
    expect(layOut(call(long, long), 0, 0)).toBe(
      `tf.f(\n  ${long.kind === 'text' ? long.text : ''},\n  ${'x'.repeat(60)},\n)`,
    );
    const entries = [
      ['a', long],
      ['b', { kind: 'list', items: [long] }],
    ] as const;
    expect(layOut(call({ kind: 'object', entries }), 0, 0)).toBe(
      `tf.f({\n  a: ${'x'.repeat(60)},\n  b: [${'x'.repeat(60)}],\n})`,
    );
  });

  it('escapes everything but plain characters in strings', () => {
    const name = '\'\\\n\u2028é"`${x}';
    expect(stringLiteral(name)).toBe(`'\\'\\\\\\u000a\\u2028\\u00e9"\`\${x}'`);
    expect(
      JSON.parse(`"${stringLiteral(name).slice(1, -1).replace(/\\'/g, "'").replace(/"/g, '\\"')}"`),
    ).toBe(name);
  });

  it('writes numbers as short as they can be read back', () => {
    expect(
      [0.1, 1 / 3, 1e-3, 0.00784313725, 16777217, -0].map((x) =>
        numberLiteral(shortestFloat32(Math.fround(x))),
      ),
    ).toEqual(['0.1', '0.33333334', '0.001', '0.007843137', '16777216', '-0']);
  });
});
