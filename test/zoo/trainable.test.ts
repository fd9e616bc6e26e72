/** A network that amplifies how its biases round is exact as well when it is emitted to be trained further. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { compileModel } from '../../src/compile/compile.js';
import { verifyFolder } from '../../src/compile/verify-folder.js';
import { zooModel } from './fetch.mjs';

const out = await mkdtemp(join(tmpdir(), 'espalier-trainable-'));
afterAll(() => rm(out, { recursive: true, force: true }));

it('handlandmark_lite is compiled without moving biases, and stays trainable', async () => {
  const model = await zooModel('handlandmark_lite');
  const options = { out, backend: 'wasm', ratio: 0.5, trainable: true } as const;
  const { verification, warnings } = await compileModel(model, options);
  expect(verification!.result.passed).toBe(true);
  expect(warnings.map(({ code, message, help }) => ({ code, message, help }))).toEqual([
    {
      code: 'E610',
      message: 'constants were not moved into weights: this network amplifies how they round',
      help: 'The module is as exact as promised, and somewhat slower than with biases in their layers.',
    },
  ]);
  const subnet = JSON.parse(await readFile(join(out, 'subnet.json'), 'utf8')) as {
    readonly options: Readonly<Record<string, unknown>>;
  };
  expect(subnet.options).toMatchObject({ pipeline: 'trainable_exact', trainable: true });
  expect(await readFile(join(out, 'model.ts'), 'utf8')).toContain('tf.variable(');
  expect((await verifyFolder(out, {})).result.passed).toBe(true);
}, 300_000);
