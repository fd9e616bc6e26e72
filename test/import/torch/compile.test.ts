/** From a trace to a pruned module that computes what PyTorch does. */
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { compileModel } from '../../../src/compile/compile.js';
import { verifyFolder } from '../../../src/compile/verify-folder.js';
import { traceFolder } from './traces.js';

it('a trace is compiled, pruned and verified', { timeout: 120_000 }, async () => {
  const out = await mkdtemp(join(tmpdir(), 'espalier-compiled-'));
  const { verification } = await compileModel(traceFolder('residual'), { out, backend: 'wasm', ratio: 0.5 });
  expect(verification!.result.checks.map(({ name, verdict }) => [name, verdict])).toEqual([
    ['unpruned against reference', 'equal'],
    ['pruned against masked', 'equal'],
  ]);
  const [fromReference] = verification!.result.checks;
  expect([...new Set(fromReference!.comparisons.map(({ input }) => input))]).toEqual([
    'random, batch 1',
    'smooth, batch 2',
  ]);
  // The image is NCHW and TensorFlow.js wants NHWC: one transpose, and none for the dense layer after flatten.
  const text = await readFile(join(out, 'model.ts'), 'utf8');
  expect(text.match(/tf\.transpose\(.*\)/g)).toEqual(['tf.transpose(image, [0, 2, 3, 1])']);
  const subnet = JSON.parse(await readFile(join(out, 'subnet.json'), 'utf8')) as {
    parameters: Record<string, { raw_shape: number[]; shape: number[] }>;
  };
  expect(subnet.parameters['stem.weight']).toMatchObject({ raw_shape: [8, 3, 3, 3], shape: [4, 3, 3, 3] });
  expect(subnet.parameters['fc.weight']).toMatchObject({ raw_shape: [5, 48], shape: [5, 24] });
  expect((await verifyFolder(out, { backend: 'wasm' })).result.passed).toBe(true);
});
