/** Emitted modules in Chromium, on every backend that runs there. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NamedTensors } from '../../src/import/source-graph.js';
import {
  computePage,
  openPage,
  serve,
  startChromium,
  temporaryRoot,
  wasmPath,
  type Site,
} from './chromium.js';
import { forms, networks, prepareNetwork, type Form, type Prepared } from './networks.js';
import { largestDifference, named, plain } from './tensors.js';

let browser: Browser;
let root: string;
let site: Site;

beforeAll(async () => {
  root = await temporaryRoot();
  await computePage(root);
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
      results[form] = named(computed.outputs);
    }
    await page.close();
    expect(errors).toEqual([]);
    const understood = largestDifference(prepared.reference, results.unpruned);
    const pruned = largestDifference(results.masked, results.pruned);
    console.log(
      `${network} on ${backend}: unpruned ${understood.toExponential(1)}, pruned ${pruned.toExponential(1)}`,
    );
    expect(understood).toBeLessThanOrEqual(1e-5);
    expect(pruned).toBeLessThanOrEqual(1e-5);
  });
});
