import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { builtModule } from '../built.js';

const folder = mkdtempSync(join(tmpdir(), 'espalier-code-'));
const cache = join(folder, 'cache');
const packageFile = join(folder, 'large.cjs');
const padding = `// ${'x'.repeat(200_000)}\n`;

/** A package that uses all that Node.js gives to modules. */
const text = (answer: string): string => `'use strict';
exports.answer = () => '${answer}';
exports.self = this === exports && module.exports === exports;
exports.place = [__filename, __dirname];
exports.other = require('./other.cjs').other;
for (let i = 0; i < 12; i++) require('./more-' + i + '.cjs');
${padding}`;

/** Loads the package in a process of its own, and prints what it has. */
const program = `
import { createRequire } from 'node:module';
import { keepCompiledCode, withCompiledCode } from ${JSON.stringify(pathToFileURL(builtModule('files/compile-cache.js')).href)};
keepCompiledCode();
const require = createRequire(import.meta.url);
const large = withCompiledCode(() => require(${JSON.stringify(packageFile)}));
console.log(JSON.stringify([large.answer(), large.self, large.place, large.other]));
`;

function load(): unknown {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, 'program.mjs')], {
    encoding: 'utf8',
    env: { ...process.env, ESPALIER_CACHE: cache },
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return JSON.parse(stdout);
}

/** All files of the cache with the times of their last change. */
const entries = (): string[] =>
  readdirSync(cache, { recursive: true, encoding: 'utf8' })
    .map((name) => join(cache, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => `${path} ${statSync(path).mtimeMs}`);

const loaded = (answer: string): unknown => [answer, true, [packageFile, folder], 'other'];

beforeAll(() => {
  writeFileSync(join(folder, 'program.mjs'), program);
  writeFileSync(join(folder, 'other.cjs'), `exports.other = 'other';\n${padding}`);
  // Node.js warns of more than ten listeners.
  for (let i = 0; i < 12; i++) writeFileSync(join(folder, `more-${i}.cjs`), padding);
});
beforeEach(() => {
  rmSync(cache, { recursive: true, force: true });
  writeFileSync(packageFile, text('first'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('compiled code of large packages', () => {
  it('is kept by the first process and used by the next', () => {
    expect(load()).toEqual(loaded('first'));
    const kept = entries();
    expect(kept.length).toBeGreaterThanOrEqual(2);
    expect(load()).toEqual(loaded('first'));
    expect(entries()).toEqual(kept);
  });

  it('is made again where a file of the same length has other text', () => {
    load();
    writeFileSync(packageFile, text('other'));
    expect(load()).toEqual(loaded('other'));
    expect(load()).toEqual(loaded('other'));
  });

  it('is made again where an entry is damaged', () => {
    load();
    const damage = (): void =>
      entries().forEach((entry) => writeFileSync(entry.slice(0, entry.lastIndexOf(' ')), 'damaged'));
    damage();
    expect(load()).toEqual(loaded('first'));
    const sizes = entries().map((entry) => statSync(entry.slice(0, entry.lastIndexOf(' '))).size);
    expect(Math.min(...sizes)).toBeGreaterThan('damaged'.length);
  });

  it('is not missed where the cache cannot be written to', () => {
    writeFileSync(cache, 'a file, not a folder');
    expect(load()).toEqual(loaded('first'));
  });
});
