/** The page in examples/browser, built by Vite, in Chromium. */
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { build, preview, type PreviewServer } from 'vite';
import { compileModel } from '../../src/compile/compile.js';
import { projectFile } from '../../src/lang/project-file.js';
import { openPage, startChromium, temporaryRoot } from './chromium.js';

let browser: Browser;
let root: string;
let server: PreviewServer;

beforeAll(async () => {
  root = await temporaryRoot();
  await cp(projectFile('examples/browser'), root, { recursive: true });
  for (const backend of ['webgl', 'webgpu'] as const) {
    const out = join(root, 'classifier', backend);
    await compileModel(join(root, 'model/model.json'), { out, backend, flops: 0.3, roundTo: 1 });
  }
  await build({
    root,
    configFile: false,
    logLevel: 'error',
    build: { target: 'es2022', chunkSizeWarningLimit: 4000 },
  });
  server = await preview({ root, configFile: false, preview: { port: 0, host: '127.0.0.1' } });
  browser = await startChromium();
});

afterAll(async () => {
  await browser.close();
  await server.close();
  await rm(root, { recursive: true, force: true });
});

describe('examples/browser', () => {
  it.each(['webgl', 'webgpu'])('classifies its picture on %s', async (backend) => {
    const { port } = server.httpServer.address() as { port: number };
    const errors: string[] = [];
    const page = await openPage(browser, `http://127.0.0.1:${port}/?backend=${backend}`, errors);
    const answer = page.locator('#answer');
    await answer.filter({ hasText: 'sure' }).waitFor({ timeout: 120_000 });
    expect(await answer.textContent()).toMatch(new RegExp(`^triangle, (9\\d|100) % sure \\(${backend}\\)$`));
    expect(errors).toEqual([]);
    await page.close();
  });
});
