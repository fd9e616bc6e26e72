/** Commands load only what they need: large packages take longer than all that `compile` does itself. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { builtModule } from '../built.js';
import { zooModel } from '../zoo/fetch.mjs';

const work = mkdtempSync(join(tmpdir(), 'espalier-loads-'));
const hook = join(work, 'hook.cjs');
const list = join(work, 'loaded.json');
let graphModel: string;

beforeAll(async () => {
  graphModel = await zooModel('antispoof');
  writeFileSync(
    hook,
    `process.on('exit', () => require('fs').writeFileSync(${JSON.stringify(list)}, JSON.stringify(Object.keys(require.cache))));`,
  );
}, 300_000);
afterAll(() => rmSync(work, { recursive: true, force: true }));

/** Runs the compiled program, and gives the large packages that it has loaded. */
function largePackagesOf(...args: string[]): string[] {
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--require', hook, builtModule('cli/main.js'), ...args],
    { encoding: 'utf8', env: { ...process.env, ESPALIER_CACHE: join(work, 'cache') } },
  );
  expect(status, stderr).toBe(0);
  const files = JSON.parse(readFileSync(list, 'utf8')) as string[];
  const large = /node_modules\/(ts-morph|typescript|ohm-js|yaml|@tensorflow)\//;
  return [...new Set(files.flatMap((file) => large.exec(file)?.[1] ?? []))];
}

it('loads the type checker for statements that it has not seen, and no more after that', () => {
  const compile = ['compile', graphModel, '--flops', '0.5', '--no-verify', '--out', join(work, 'out')];
  expect(largePackagesOf(...compile)).toEqual(['ts-morph']);
  expect(largePackagesOf(...compile)).toEqual([]);
}, 60_000);

it('loads nothing large to show help', () => {
  expect(largePackagesOf('compile', '--help')).toEqual([]);
});
