/** Every operation, as the cases beside the rules use it, emitted for webgl and computed in Chromium. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { tolerance } from '../../src/cases/check-numbers.js';
import { caseInputs, relativeDifference } from '../../src/cases/data.js';
import { DiagnosticError } from '../../src/diagnostics/diagnostic.js';
import { runGraph } from '../../src/emit/interpret.js';
import { emitModule } from '../../src/emit/module.js';
import { loadBackend } from '../../src/emit/tf.js';
import { computePage, openPage, serve, startChromium, temporaryRoot, type Site } from './chromium.js';
import { caseFiles, casesOf, rules } from './rule-cases.js';
import { named, plain } from './tensors.js';
import { toleranceOf } from './tolerance.js';

// Small networks are replayed too.
vi.mock(import('../../src/emit/backends.js'), async (importOriginal) => {
  const original = await importOriginal();
  for (const { predictor } of Object.values(original.moduleBackends))
    Object.assign(predictor ?? {}, { leastNodes: 0 });
  return original;
});

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

describe('webgl', () => {
  it.each(caseFiles)('%s', async (file) => {
    const errors: string[] = [];
    const page = await openPage(browser, site.url, errors);
    await page.waitForFunction(() => 'compute' in globalThis);
    const different: string[] = [];
    for (const [i, [title, { graph, weights, ranges }]] of casesOf(file).entries()) {
      const inputs = caseInputs(graph, ranges);
      try {
        const module = await emitModule(graph, weights, rules, { backend: 'webgl', trainable: false });
        const folder = `${file}-${i}`;
        await mkdir(join(root, folder));
        await writeFile(join(root, folder, 'model.ts'), module.modelTs);
        await writeFile(join(root, folder, 'weights.safetensors'), module.weights);
        const { outputs } = await page.evaluate(
          ([at, given]) => globalThis.compute(`/${at}/model.ts`, `/${at}/weights.safetensors`, given, null),
          [folder, plain(inputs)] as const,
        );
        const actual = named(outputs);
        const expected = await runGraph(graph, weights, rules, inputs, await loadBackend('cpu'));
        for (const [name, { data }] of Object.entries(expected)) {
          const difference = relativeDifference(data, actual[name]!.data);
          if (difference === null || difference > toleranceOf(title, 'webgl', tolerance)) {
            different.push(`${title}: ${name} by ${difference}`);
          }
        }
      } catch (error) {
        const named = error instanceof DiagnosticError && /^E5(03|15)/.test(error.message);
        if (!named) different.push(`${title}: ${(error as Error).message}`);
      }
    }
    await page.close();
    expect([...different, ...errors]).toEqual([]);
  });
});
