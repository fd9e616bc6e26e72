/**
 * The zoo table: `npm run zoo` compiles and verifies every model and writes docs/zoo.md; with names, only these, and
 * nothing is written. Each model runs in a process of its own, so that memory and warm code of one don't count for
 * another.
 */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as prettier from 'prettier';
import { reportError } from '../src/cli/report.js';
import { projectFile } from '../src/lang/project-file.js';
import { measureModel, zoo, type ZooResult } from './zoo-model.js';
import { zooPage } from './zoo-table.js';

const child = '--model';

/** The result of one model, or null: the child has said why. */
function inChild(name: string): Promise<ZooResult | null> {
  return new Promise((resolve, reject) => {
    const started = spawn(process.execPath, [fileURLToPath(import.meta.url), child, name], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    started.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    started.on('error', reject);
    started.on('close', (code) => resolve(code === 0 ? (JSON.parse(output) as ZooResult) : null));
  });
}

async function all(chosen: readonly string[]): Promise<void> {
  const { zooEntries } = await zoo();
  const names = chosen.length > 0 ? chosen : (await zooEntries()).map(({ name }) => name);
  const results: ZooResult[] = [];
  const failed: string[] = [];
  for (const [i, name] of names.entries()) {
    process.stderr.write(`${i + 1} of ${names.length}: ${name} … `);
    const result = await inChild(name);
    if (result !== null) results.push(result);
    if (result === null || !result.passed) failed.push(name);
    process.stderr.write(
      result === null
        ? `${name} failed\n`
        : `${result.passed ? 'equal' : 'DIFFERENT'}: ${result.unpruned.toExponential(1)}, ` +
            `${result.pruned.toExponential(1)}; ${((result.times.compile + result.times.verify) / 1000).toFixed(0)} s\n`,
    );
  }
  if (failed.length > 0) {
    process.stderr.write(`Failed: ${failed.join(', ')}. Nothing was written.\n`);
    process.exitCode = 1;
  } else if (chosen.length === 0) {
    const path = join(projectFile('docs'), 'zoo.md');
    const style = { ...(await prettier.resolveConfig(path)), parser: 'markdown' };
    writeFileSync(path, await prettier.format(zooPage(results), style));
    process.stderr.write(`Written: ${path}\n`);
  }
}

async function one(name: string): Promise<void> {
  try {
    process.stdout.write(JSON.stringify(await measureModel(name)));
  } catch (error) {
    process.stderr.write('\n');
    await reportError(error);
    process.exitCode = 1;
  }
}

const [first, second] = process.argv.slice(2);
if (first === child) await one(second!);
else await all(process.argv.slice(2));
