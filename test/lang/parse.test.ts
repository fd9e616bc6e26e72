import { describe, expect, it } from 'vitest';
import type { Build, Expr, OpRule, RewriteRule } from '../../src/lang/ast.js';
import { parseBuild, parseExpression, parseFile } from '../../src/lang/parse.js';
import { splitDeclarations } from '../../src/lang/split.js';

/** An expression with every bracket written out. */
function bracketed(expr: Expr): string {
  switch (expr.kind) {
    case 'literal':
      return JSON.stringify(expr.value);
    case 'name':
      return expr.name;
    case 'unary':
      return `(${expr.operator} ${bracketed(expr.operand)})`;
    case 'binary':
      return `(${bracketed(expr.left)} ${expr.operator} ${bracketed(expr.right)})`;
    case 'field':
      return `${bracketed(expr.of)}.${expr.field}`;
    case 'call':
      return `${expr.callee.join('.')}(${expr.args.map(bracketed).join(', ')})`;
    case 'conditional':
      return `(if ${[expr.test, expr.then, expr.otherwise].map(bracketed).join(' | ')})`;
    default:
      return expr.kind;
  }
}

function parsed(text: string): Expr {
  const { tree, diagnostics } = parseExpression(text, 'test');
  expect(diagnostics).toEqual([]);
  return tree!;
}

describe('expressions', () => {
  it.each([
    ['1 + 2 * 3 - 4', '((1 + (2 * 3)) - 4)'],
    ['a or b and not c == d', '(a or (b and (not (c == d))))'],
    ['not a in b', '(not (a in b))'],
    ['-a * b', '((- a) * b)'],
    ['a * -b', '(a * (- b))'],
    ['-1', '-1'],
    ['a ?? b ?? c', '(a ?? (b ?? c))'],
    ['a ?? b + 1 == c', '((a ?? (b + 1)) == c)'],
    ['a div b % c', '((a // b) % c)'],
    ['a.0.b', 'a.0.b'],
    ['tf.image.resizeBilinear(x)', 'tf.image.resizeBilinear(x)'],
    ['if a then b else if c then d else e', '(if a | b | (if c | d | e))'],
    ['if a then b else c + 1', '(if a | b | (c + 1))'],
    ["'it\\'s'", '"it\'s"'],
  ])('%s', (text, expected) => {
    expect(bracketed(parsed(text))).toBe(expected);
  });

  it('have the places of their parts', () => {
    const text = 'let a = 1 in  a + f(b.0)';
    const spans: Record<string, string> = {};
    const note = (expr: Expr): string => (spans[expr.kind] = text.slice(expr.span.start, expr.span.end));
    const tree = parsed(text);
    if (tree.kind !== 'let' || tree.body.kind !== 'binary' || tree.body.right.kind !== 'call')
      throw new Error();
    [tree, tree.body, tree.body.left, tree.body.right, tree.body.right.args[0]!].forEach(note);
    expect(spans).toEqual({ let: text, binary: 'a + f(b.0)', name: 'a', call: 'f(b.0)', field: 'b.0' });
  });

  it('an optional operand is marked where it may be absent', () => {
    expect(parsed('tf.f(b?)')).toMatchObject({ args: [{ kind: 'name', name: 'b', mayBeAbsent: true }] });
    expect(parsed('f(...xs)')).toMatchObject({
      args: [{ kind: 'spread', of: { kind: 'name', name: 'xs' } }],
    });
  });
});

describe('builds', () => {
  const build = (text: string): Build => parseBuild(text, 'test').tree!;

  it('keep operators, which `infix` gives their ops', () => {
    expect(build('k * s + beta')).toMatchObject({
      kind: 'node',
      op: '+',
      args: [
        { op: '*', args: [{ name: 'k' }, { name: 's' }] },
        { kind: 'value', name: 'beta' },
      ],
    });
  });

  it('know numbers, absence and alternatives', () => {
    expect(build('(b ?? -0.5) - none')).toMatchObject({
      args: [
        {
          kind: 'else',
          first: { name: 'b' },
          second: { kind: 'scalar', value: { kind: 'literal', value: -0.5 } },
        },
        { kind: 'none' },
      ],
    });
  });

  it('let needs no `in`', () => {
    const tree = build('let s = gamma / sqrt(v) conv2d(x, k * s) { ...c, act: 1 }');
    expect(tree).toMatchObject({
      kind: 'let',
      bindings: [{ name: 's', value: { op: '/' } }],
      body: { op: 'conv2d', spread: 'c', attrs: [{ name: 'act' }] },
    });
  });
});

describe('files', () => {
  const file = [
    '// A heading.',
    '',
    '/// Two lines',
    '/// of documentation.',
    'op relu(x) -> y {',
    '  axes x[a...] -> y[a...]',
    '  zeros x',
    '  emit tf.relu(x)',
    '}',
    '',
    'op broken(x -> y { }',
    '/// After an error.',
    'rewrite twice { relu(relu(x) as r) where uses(r) == 1 => relu(x) }',
    'infix + = add infix - = sub',
  ].join('\n');

  it('are read declaration by declaration', () => {
    const { declarations, diagnostics } = parseFile({ file: 'test.rules', text: file });
    expect(declarations.map((d) => d.kind)).toEqual(['op', 'rewrite', 'infix', 'infix']);
    expect((declarations[0] as OpRule).doc).toBe('Two lines\nof documentation.');
    expect((declarations[1] as RewriteRule).doc).toBe('After an error.');
    const { start, end } = declarations[1]!.span;
    expect(file.slice(start, end)).toBe('rewrite twice { relu(relu(x) as r) where uses(r) == 1 => relu(x) }');
    expect(diagnostics).toHaveLength(1);
    expect(diagnostics[0]).toMatchObject({ code: 'E101', span: { start: file.indexOf('-> y { }') } });
  });

  it('are cut so that no text is lost', () => {
    const chunks = splitDeclarations(file);
    expect(chunks.map((chunk) => file.slice(chunk.start, chunk.start + chunk.text.length))).toEqual(
      chunks.map((chunk) => chunk.text),
    );
    expect(chunks.map((chunk) => chunk.text.split('\n')[0])).toEqual([
      '/// Two lines',
      'op broken(x -> y { }',
      '/// After an error.',
      'infix + = add',
      'infix - = sub',
    ]);
  });

  it('strings and comments with brackets or keywords do not cut', () => {
    const text = "/// A.\nop a(x) -> y { dynamic 'op b(x) { }' // rewrite c {\n}\n";
    expect(splitDeclarations(text)).toHaveLength(1);
    expect(parseFile({ file: 'a.rules', text }).declarations).toMatchObject([
      { name: 'a', dynamic: 'op b(x) { }' },
    ]);
  });

  it('may have Windows line ends', () => {
    const { declarations, diagnostics } = parseFile({ file: 'w.rules', text: file.replaceAll('\n', '\r\n') });
    expect(diagnostics).toHaveLength(1);
    expect((declarations[0] as OpRule).doc).toBe('Two lines\nof documentation.');
  });
});
