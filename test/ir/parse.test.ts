import { describe, expect, it } from 'vitest';
import { DiagnosticError } from '../../src/diagnostics/diagnostic.js';
import { formatDiagnostics } from '../../src/diagnostics/format.js';
import { parseGraph } from '../../src/ir/parse.js';
import { printGraph } from '../../src/ir/print.js';
import { rulesOf } from '../rules-of.js';

const rules = rulesOf(`
/// A convolution.
op conv(x, k, b?) -> y {
  axes  x[n, w, i] k[kw, i, o] b[o] -> y[n, ow, o]
  attrs stride: int = 1, i: int
  sizes ow = window(w, kw, stride, 1, 'valid', 0)
  emit  tf.conv1d(x, k, stride, 'valid')
}
/// One after the other.
op concat(xs*) -> y {
  axes  xs*[lead..., c*, tail...] -> y[lead..., (+ c*), tail...] where |lead| = axis
  attrs axis: int
  emit  tf.concat(xs, axis)
}
/// Parts.
op split(x) -> ys* {
  axes  x[lead..., (+ c*), tail...] -> ys*[lead..., c*, tail...] where |lead| = axis, |c*| = sizes
  attrs axis: int, sizes: int[]
  emit  tf.split(x, sizes, axis)
}
`);

function problems(text: string): string {
  try {
    parseGraph(text, rules, 'net.ir');
  } catch (error) {
    if (error instanceof DiagnosticError) {
      return formatDiagnostics(error.diagnostics, new Map([['net.ir', text]]), { colour: false });
    }
    throw error;
  }
  return '';
}

describe('reading IR text', () => {
  it('infers types and attributes that are left out, and reads data and provenance', () => {
    const { graph, weights, ranges } = parseGraph(
      `// what a case looks like
graph "net" {
  input %x "the input": float32[N,8,3] = random(0, 2)
  param %k "conv/k": float32[3,3,2]   // a comment
  param %b "conv/b": float32[2] = [1, -2.5e-3]
  param %six "six": float32[] = 6
  %c = conv(%x, %k, b: %b) in "conv" from "conv/Conv1D" Conv1D at "rules/conv.rules:12"
  %y: float32[N,6,4] = concat(xs: [
    %c,
    %c,
  ]) { axis: 2 }
  %p, %q = split(x: %y) { axis: 2, sizes: [1, 3], }
  output "p": %p
  output "q": %q
}`,
      rules,
    );
    expect(printGraph(graph, { weights })).toBe(`graph "net" {
  input %x "the input": float32[N,8,3]
  param %k "conv/k": float32[3,3,2]
  param %b "conv/b": float32[2] = [1, -0.0024999999441206455]
  param %six "six": float32[] = 6
  %c: float32[N,6,2] = conv(x: %x, k: %k, b: %b) { stride: 1, i: 3 } in "conv" from "conv/Conv1D" Conv1D at "rules/conv.rules:12"
  %y: float32[N,6,4] = concat(xs: [%c, %c]) { axis: 2 }
  %p: float32[N,6,1], %q: float32[N,6,3] = split(x: %y) { axis: 2, sizes: [1, 3] }
  output "p": %p
  output "q": %q
}
`);
    expect(ranges.get('x')).toEqual({ low: 0, high: 2 });
  });

  it('tells all problems of the syntax and of the meaning at once, each with its place', () => {
    expect(
      problems(`graph "net" {
  input %x "x": float16[N,8,3]
  param %k "k": float32[3,3,2
  input %z "z": float32[N,8,3]
  %c = conf(x: %z)
  %d = conv(x: %z, k: %w)
  %e = conv(x: %d, k: %c)
  %z = concat(xs: %z) { axis: 1 }
  %f: float32[N,8,7] = concat(xs: [%z, %z]) { axis: 2 }
  param %l "l": float32[2] = [1, 2, 3]
  output "y": %nothing
}`),
    ).toBe(`error[E801]: float16 is no element type
  at net.ir:2:17
  2 |   input %x "x": float16[N,8,3]
    |                 ^^^^^^^
  help: Element types are float32, int32 and bool.

error[E801]: expected , and found input
  at net.ir:4:3
  4 |   input %z "z": float32[N,8,3]
    |   ^^^^^
`);
    expect(
      problems(`graph "net" {
  input %z "z": float32[N,8,3]
  %c = conf(x: %z)
  %d = conv(x: %z, k: %w)
  %e = conv(x: %d, k: %c)
  %z = concat(xs: [%z]) { axis: 1 }
  %g = concat(xs: %z) { axis: 1 }
  %h = conv(x: %z)
  %f: float32[N,8,7] = concat(xs: [%z, %z]) { axis: 2 }
  param %l "l": float32[2] = [1, 2, 3]
  param %i "i": int32[1] = 0.5
  output "y": %nothing
}`),
    ).toBe(`error[E802]: no rule defines the op conf
  at net.ir:3:8
  3 |   %c = conf(x: %z)
    |        ^^^^
  help: Check the spelling, or add the rule file that defines it.

error[E803]: %w is not defined here
  at net.ir:4:23
  4 |   %d = conv(x: %z, k: %w)
    |                       ^^
  help: Define it above: statements stand in the order in which they are computed.

error[E804]: %z is defined twice
  at net.ir:6:3
  6 |   %z = concat(xs: [%z]) { axis: 1 }
    |   ^^
  help: Every value has its own name.

error[E805]: the operand xs is a list of values
  at net.ir:7:15
  7 |   %g = concat(xs: %z) { axis: 1 }
    |               ^^^^^^
  help: The operands are xs*.

error[E805]: the operand k of conv is missing
  at net.ir:8:8
  8 |   %h = conv(x: %z)
    |        ^^^^
  help: The operands are x, k, b?.

error[E807]: float32[2] has 2 elements, and 3 are given
  at net.ir:10:30
  10 |   param %l "l": float32[2] = [1, 2, 3]
     |                              ^^^^^^^^^

error[E807]: 0.5 is no int32
  at net.ir:11:28
  11 |   param %i "i": int32[1] = 0.5
     |                            ^^^

error[E803]: %nothing is not defined here
  at net.ir:12:15
  12 |   output "y": %nothing
     |               ^^^^^^^^
  help: Define it above: statements stand in the order in which they are computed.
`);
  });

  it.each([
    ['', 'expected graph and found the end of the text'],
    ['graph "g" {', 'the graph has no closing }'],
    ['graph "g" {} }', 'there is text after the graph'],
    ['graph "g" {\n  y = conv()\n}', 'y begins no statement'],
    ['graph "g" {\n  input %x "x: float32[1]\n}', 'this text has no closing quote'],
    ['graph "g" {\n  input %x "\\q": float32[1]\n}', '\\q is no escape'],
    ['graph "g" {\n  input % "x": float32[1]\n}', '% begins no value here'],
    ['graph "g" {\n  input %x "x": float32[1.5]\n}', '1.5 is no size'],
    ['graph "g" {\n  input %x "x": float32[-1]\n}', '-1 is no size'],
    ['graph "g" {\n  input %x "x": float32[9007199254740993]\n}', '9007199254740993 is no size'],
    [
      'graph "g" {\n  param %x "x": float32[9999999999] = 1\n}',
      '9999999999 elements are too many for a literal',
    ],
    ['graph "g" {\n  input %x "x": float32[1]; output "x": %x\n}', '";" means nothing in IR text'],
    ['graph "g" {\n  input %x "x": float32[1] output "x": %x\n}', 'output is left over after the statement'],
    [`graph "g" {\n  %x = concat(xs: []) { axis: ${'['.repeat(200)} }\n}`, 'brackets are nested too deep'],
    ['graph "g" {\n  input %__proto__ "x": float32[1]\n}', 'a value can not have this name'],
    [
      'graph "g" {\n  input %x "x": float32[1]\n  %y = concat(xs: [%x]) { axis: 1, axis: 2 }\n}',
      'axis is given twice',
    ],
  ])('%j is refused', (text, message) => {
    expect(problems(text)).toContain(`: ${message}\n`);
  });
});
