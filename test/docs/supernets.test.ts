/** The tutorial of supernets, run from top to bottom. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { afterAll, describe, expect, it } from 'vitest';
import { expectShown, runCommand } from './console.js';
import { fencedBlocks, shownCommands, type FencedBlock } from './markdown.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const blocks = fencedBlocks(readFileSync(join(root, 'docs/supernets.md'), 'utf8'));
const folder = mkdtempSync(join(tmpdir(), 'espalier-supernets-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// What users install.
mkdirSync(join(folder, 'node_modules'));
symlinkSync(root, join(folder, 'node_modules/espalier'));
symlinkSync(join(root, 'node_modules/@tensorflow'), join(folder, 'node_modules/@tensorflow'));
writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');

function run({ options, language, text }: FencedBlock): void {
  const { file } = options;
  if (file !== undefined) writeFileSync(join(folder, file), text);
  if (language === 'console') {
    for (const shown of shownCommands(text)) {
      const ran = runCommand(shown.command, folder);
      expectShown(ran, shown);
      expect(ran.status).toBe(Number(options['exit'] ?? 0));
    }
  }
  if (file === undefined || options['run'] === undefined) return;
  if (text.includes('supernet/model.js')) compileModule(join(folder, 'supernet/model'));
  const { status, stdout, stderr } = spawnSync(process.execPath, [file], { cwd: folder, encoding: 'utf8' });
  expect(status, stderr).toBe(0);
  // What a line prints stands behind it.
  const shown = [...text.matchAll(/^console\.log\(.*\); \/\/ (.*)$/gm)].map((match) => match[1]);
  expect(stdout.split('\n').slice(0, shown.length)).toEqual(shown);
}

function compileModule(path: string): void {
  const { outputText } = ts.transpileModule(readFileSync(`${path}.ts`, 'utf8'), {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
  });
  // Without a bundler, Node.js takes CommonJS packages apart in its own way.
  writeFileSync(`${path}.js`, outputText.replace(/'(@tensorflow\/tfjs-core\/dist\/\w+)'/g, `'$1.js'`));
}

describe('docs/supernets.md', () => {
  it.each(blocks.map((block) => [`line ${block.line}: ${block.language}`, block] as const))(
    '%s',
    (_name, block) => run(block),
    120_000,
  );

  it('has a row for each of the seed’s systems', () => {
    const page = readFileSync(join(root, 'docs/supernets.md'), 'utf8');
    const rows = [...page.matchAll(/^\| (\d+) /gm)].map((match) => Number(match[1]));
    expect(rows).toEqual(Array.from({ length: 22 }, (_, i) => i + 1));
  });
});
