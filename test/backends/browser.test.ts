/** Emitted modules in Chromium, on every backend that runs there. */
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NamedTensors } from '../../src/import/source-graph.js';
import { compareOutputs, type Difference } from '../../src/verify/compare.js';
import { openPage, serve, startChromium, temporaryRoot, wasmPath, type Site } from './chromium.js';
import { forms, networks, prepareNetwork, type Form, type Prepared } from './networks.js';
import type { Computed, PlainTensor } from './page.js';

let browser: Browser;
let root: string;
let site: Site;

beforeAll(async () => {
  root = await temporaryRoot();
  await copyFile(fileURLToPath(new URL('page.ts', import.meta.url)), join(root, 'page.ts'));
  await writeFile(
    join(root, 'index.html'),
    '<!doctype html><title>Emitted modules</title><link rel="icon" href="data:,"><script type="module" src="/page.ts"></script>',
  );
  site = await serve(root);
  browser = await startChromium();
});

afterAll(async () => {
  await browser.close();
  await site.close();
  await rm(root, { recursive: true, force: true });
});

describe.each(networks)('%s', (network) => {
  let prepared: Prepared;
  beforeAll(async () => {
    prepared = await prepareNetwork(network);
  });

  it.each(['webgl', 'webgpu', 'wasm', 'cpu'] as const)('on %s', async (backend) => {
    const modules = await prepared.emit(backend);
    const errors: string[] = [];
    const page = await openPage(browser, site.url, errors);
    await page.waitForFunction(() => 'compute' in globalThis);
    const results = {} as Record<Form, NamedTensors>;
    for (const form of forms) {
      const folder = `${network}/${backend}/${form}`;
      await mkdir(join(root, folder), { recursive: true });
      await writeFile(join(root, folder, 'model.ts'), modules[form].modelTs);
      await writeFile(join(root, folder, 'weights.safetensors'), modules[form].weights);
      const computed = await page.evaluate(
        ([module, weights, inputs, wasm]) => globalThis.compute(module, weights, inputs, wasm),
        [
          `/${folder}/model.ts`,
          `/${folder}/weights.safetensors`,
          plain(prepared.inputs),
          backend === 'wasm' ? wasmPath : null,
        ] as const,
      );
      expect(computed.backend).toBe(backend);
      if (backend === 'webgl') expect(computed.float32).toBe(true);
      results[form] = named(computed);
    }
    await page.close();
    expect(errors).toEqual([]);
    const understood = largest(prepared.reference, results.unpruned);
    const pruned = largest(results.masked, results.pruned);
    console.log(
      `${network} on ${backend}: unpruned ${understood.toExponential(1)}, pruned ${pruned.toExponential(1)}`,
    );
    expect(understood).toBeLessThanOrEqual(1e-5);
    expect(pruned).toBeLessThanOrEqual(1e-5);
  });
});

function plain(tensors: NamedTensors): Record<string, PlainTensor> {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { dtype, shape, data }]) => [
      name,
      { dtype, shape, data: Array.from(data) },
    ]),
  );
}

function named({ outputs }: Computed): NamedTensors {
  return Object.fromEntries(
    Object.entries(outputs).map(([name, { dtype, shape, data }]) => [
      name,
      { dtype, shape, data: dtype === 'float32' ? Float32Array.from(data) : Int32Array.from(data) },
    ]),
  );
}

function largest(expected: NamedTensors, actual: NamedTensors): number {
  const differences = compareOutputs(expected, actual).map(({ difference }): Difference => difference);
  return Math.max(...differences.map(({ relative, notFinite }) => (notFinite > 0 ? Infinity : relative)));
}
