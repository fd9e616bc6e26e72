/** Emitted modules in Node.js, on every backend that runs there: as users import them, and by `espalier verify`. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileModel } from '../../src/compile/compile.js';
import { verifyFolder } from '../../src/compile/verify-folder.js';
import type { NamedTensors } from '../../src/import/source-graph.js';
import { temporaryRoot } from './chromium.js';
import { forms, networks, pathOf, prepareNetwork, type Form, type Prepared } from './networks.js';
import { largestDifference, named, plain, type PlainTensor } from './tensors.js';

const run = promisify(execFile);
const script = fileURLToPath(new URL('run-in-node.mjs', import.meta.url));
const backends = ['node-gpu', 'webgpu', 'wasm', 'cpu'] as const;
const engines: Readonly<Record<string, string>> = { 'node-gpu': 'tensorflow' };

describe.each(networks)('%s, imported', (network) => {
  let prepared: Prepared;
  let root: string;
  beforeAll(async () => {
    prepared = await prepareNetwork(network);
    root = await temporaryRoot();
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  it.each(backends)('on %s', async (backend) => {
    const modules = await prepared.emit(backend);
    const results = {} as Record<Form, NamedTensors>;
    for (const form of forms) {
      const folder = join(root, backend, form);
      await mkdir(folder, { recursive: true });
      const { outputText } = ts.transpileModule(modules[form].modelTs, {
        compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
      });
      await writeFile(join(folder, 'model.mjs'), outputText);
      await writeFile(join(folder, 'weights.safetensors'), modules[form].weights);
      await writeFile(join(folder, 'inputs.json'), JSON.stringify(plain(prepared.inputs)));
      const { stdout } = await run(process.execPath, [script, backend, folder], { maxBuffer: 2 ** 28 });
      const printed = JSON.parse(stdout.slice(stdout.lastIndexOf('\n'))) as {
        readonly backend: string;
        readonly leaked: number;
        readonly graphs: number;
        readonly outputs: Readonly<Record<string, PlainTensor>>;
        readonly again: Readonly<Record<string, PlainTensor>>;
      };
      expect(printed).toMatchObject({
        backend: engines[backend] ?? backend,
        leaked: 0,
        graphs: backend === 'node-gpu' ? 1 : 0,
      });
      results[form] = named(printed.again);
      expect(largestDifference(named(printed.outputs), results[form])).toBeLessThanOrEqual(1e-5);
    }
    const understood = largestDifference(prepared.reference, results.unpruned);
    const pruned = largestDifference(results.masked, results.pruned);
    console.log(
      `${network} on ${backend}: unpruned ${understood.toExponential(1)}, pruned ${pruned.toExponential(1)}`,
    );
    expect(understood).toBeLessThanOrEqual(1e-5);
    expect(pruned).toBeLessThanOrEqual(1e-5);
  });
});

describe('espalier verify', () => {
  let root: string;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'espalier-verify-'));
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  // SwiftShader takes minutes for all inputs of a whole MobileNetV2; on one input it is run above.
  const cases = networks.flatMap((network) =>
    backends
      .filter((backend) => network !== 'mobilenet' || backend !== 'webgpu')
      .map((backend) => [network, backend] as const),
  );
  it.each(cases)('%s on %s', async (network, backend) => {
    const out = join(root, network, backend);
    await compileModel(await pathOf(network), { out, backend, flops: 0.5, verify: false });
    const { result } = await verifyFolder(out, { backend });
    expect(result.checks.map(({ name, verdict }) => [name, verdict])).toEqual([
      ['unpruned against reference', 'equal'],
      ['pruned against masked', 'equal'],
    ]);
  });
});
