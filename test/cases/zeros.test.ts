/** A rule whose `zeros` clause is wrong does not survive its cases. */
import { expect, it } from 'vitest';
import { parseCases } from '../../src/cases/format.js';
import { runCase } from '../../src/cases/run.js';
import { readRuleFiles } from '../../src/lang/load.js';
import { cachedSteps } from '../../src/lang/rule-cache.js';
import { buildRuleSet } from '../../src/lang/rule-set.js';

const { sources, helpers } = readRuleFiles([]);

const squareplus = (zeros: string): string => `
/// (x + sqrt(x² + 4)) / 2, which is 1 at zero.
op squareplus(x) -> y {
  axes x[a...] -> y[a...]
  ${zeros}
  emit tf.div(tf.add(x, tf.sqrt(tf.add(tf.square(x), 4))), 2)
}`;

const text = `== a sum over channels
graph {
  input %x "x": float32[N,4]
  param %k "k": float32[4,6]
  %h = dense(x: %x, k: %k)
  %a = squareplus(x: %h)
  %y = sum(x: %a) { over: [1], keep_dims: false }
  output "y": %y
}
`;

async function problemsWith(zeros: string): Promise<string[]> {
  const own = { file: 'own.rules', text: squareplus(zeros) };
  const { rules, diagnostics } = buildRuleSet([...sources, own], helpers, cachedSteps);
  expect(diagnostics).toEqual([]);
  const [one] = parseCases({ file: 'own.cases', text });
  return (await runCase(one!, rules)).flatMap(({ problems }) => problems.map(({ message }) => message));
}

it('says zeros stay zeros, and they do not', async () => {
  expect(await problemsWith('zeros x')).toEqual([
    'the pruned network is not the one whose removed weights are zero',
  ]);
});

it('says nothing, and the channels are left alone', async () => {
  expect(await problemsWith('')).toEqual([]);
});
