import { describe, expect, it } from 'vitest';
import { loadBackend } from '../../src/emit/tf.js';
import { parseGraph } from '../../src/ir/parse.js';
import { printGraph } from '../../src/ir/print.js';
import { removeDead } from '../../src/passes/dead.js';
import { foldConstants } from '../../src/passes/fold.js';
import { body, toyOps, toyRules } from './toy.js';
import { rulesOf } from '../rules-of.js';

const rules = toyRules();

async function fold(text: string): Promise<string> {
  const { graph, weights } = parseGraph(text, rules);
  const folded = await foldConstants(graph, weights, { rules });
  return printGraph(removeDead(folded.graph), { provenance: false, weights: folded.weights });
}

describe('constant folding', () => {
  it('computes chains of constants once, and names the result after its reader', async () => {
    const text = await fold(
      body(
        'param %a "a": float32[4] = [1, 2, 3, 4]',
        'param %b "b": float32[] = 10',
        '%s = add(x: %a, y: %b)',
        '%n = neg(x: %s)',
        '%y = mul(x: %x, y: %n) in "block/scale" from "block/scale/Mul" Mul',
      ),
    );
    expect(text).toBe(
      body(
        'param %n "block/scale/y": float32[4] = [-11, -12, -13, -14]',
        '%y: float32[N,4] = mul(x: %x, y: %n)',
      ),
    );
  });

  it('keeps the name of a parameter that is only laid out anew, unless something else reads it', async () => {
    const permuted = (...more: string[]): string =>
      body(
        'param %k "kernel": float32[1,4] = [1, 2, 3, 4]',
        '%p = permute(x: %k) { perm: [1, 0] }',
        '%r = reshape(x: %p) { shape: [4] }',
        ...more,
      );
    expect(await fold(permuted('%y = mul(x: %x, y: %r)'))).toBe(
      body('param %r "kernel": float32[4] = [1, 2, 3, 4]', '%y: float32[N,4] = mul(x: %x, y: %r)'),
    );
    const twice = await fold(
      permuted('%m = mul(x: %x, y: %r)', '%q = add(x: %m, y: %k)', '%y = mul(x: %q, y: %r)'),
    );
    expect(twice.split('\n').filter((line) => line.includes('param'))).toEqual([
      '  param %k "kernel": float32[1,4] = [1, 2, 3, 4]',
      '  param %r "y": float32[4] = [1, 2, 3, 4]',
    ]);
  });

  it('keeps element types, and whole numbers exact', async () => {
    const text = await fold(`graph "toy" {
  param %a "a": int32[2] = [2147483647, -16777217]
  param %b "b": bool[2] = [true, false]
  %n = neg(x: %a)
  %i = cast(x: %b) { to: 'int32' }
  %t = cast(x: %a) { to: 'bool' }
  output "n": %n
  output "i": %i
  output "t": %t
}`);
    expect(text).toBe(`graph "toy" {
  param %n "neg": int32[2] = [-2147483647, 16777217]
  param %i "cast": int32[2] = [1, 0]
  param %t "cast#2": bool[2] = 1
  output "n": %n
  output "i": %i
  output "t": %t
}
`);
  });

  it('leaves alone what depends on an input, on data values, or on the batch, and what nothing reads', async () => {
    const more = rulesOf(`${toyOps}
/// Chance.
op chance(x) -> y { axes x[a...] -> y[a...] dynamic 'it is random' }
`);
    const text = `graph "toy" {
  input %x "x": float32[N,4]
  param %a "a": float32[4]
  %c = chance(x: %a)
  %m = mul(x: %c, y: %x)
  %unread = neg(x: %a)
  output "y": %m
}`;
    const { graph, weights } = parseGraph(text, more);
    const folded = await foldConstants(graph, weights, { rules: more });
    expect(folded.graph.nodes.map(({ op }) => op)).toEqual(['chance', 'mul']);
    expect(folded.weights).toBe(weights);
  });

  it('leaves no tensor behind', async () => {
    const tf = await loadBackend('cpu');
    const before = tf.memory().numTensors;
    const text = body(
      'param %a "a": float32[4] = 1',
      '%s, %t = split(x: %a) { axis: 0, sizes: [2, 2] }',
      '%c = concat(xs: [%t, %s]) { axis: 0 }',
      '%n = neg(x: %c)',
      '%m = add(x: %n, y: %c)',
      '%y = mul(x: %x, y: %m)',
    );
    await fold(text);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('says which constant can not be computed, and leaves no tensor behind then', async () => {
    const tf = await loadBackend('cpu');
    const before = tf.memory().numTensors;
    const wrong = rulesOf(`
/// Wrong.
op wrong(x) -> y { axes x[a...] -> y[a...] emit tf.reshape(x, [3]) }
/// Also wrong.
op wrong_type(x) -> y { axes x[a...] -> y[a...] emit tf.cast(x, 'int32') }
`);
    for (const [op, code, message] of [
      ['wrong', 'E840', 'the constant wrong can not be computed'],
      ['wrong_type', 'E841', 'folding wrong_type: its emit gives int32[4], and its rule says float32[4]'],
    ]) {
      const { graph, weights } = parseGraph(
        `graph "toy" { \n param %a "a": float32[4] = 1\n %y = ${op!}(x: %a) from "net/bad" Bad\n output "y": %y\n}`,
        wrong,
      );
      await expect(foldConstants(graph, weights, { rules: wrong })).rejects.toMatchObject({
        diagnostics: [{ code, message, where: 'node "net/bad"' }],
      });
    }
    expect(tf.memory().numTensors).toBe(before);
  });
});
