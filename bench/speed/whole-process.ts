/** The command line as a whole process: its time and its largest memory. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { projectFile } from '../../src/lang/project-file.js';

export interface ProcessCost {
  readonly seconds: number;
  /** Processor time, in seconds. */
  readonly processor: number;
  /** Bytes. */
  readonly memory: number;
}

/** Says at its end what the process used. */
const reporter = `
import { peakMemory } from ${JSON.stringify(new URL('memory.js', import.meta.url).href)};
process.on('exit', () => {
  const { userCPUTime, systemCPUTime } = process.resourceUsage();
  process.stderr.write('\\n' + JSON.stringify({ processor: (userCPUTime + systemCPUTime) / 1e6, memory: peakMemory() }));
});`;

/** Runs `espalier` with some arguments and a cache folder of its own. */
export function runEspalier(args: readonly string[], cache: string): Promise<ProcessCost> {
  const folder = mkdtempSync(join(tmpdir(), 'espalier-'));
  const hook = join(folder, 'report.mjs');
  writeFileSync(hook, reporter);
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const main = projectFile('dist/src/cli/main.js');
    const child = spawn(process.execPath, ['--import', pathToFileURL(hook).href, main, ...args], {
      env: { ...process.env, ESPALIER_CACHE: cache },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) => {
      const seconds = (performance.now() - start) / 1000;
      rmSync(folder, { recursive: true, force: true });
      if (code !== 0) reject(new Error(`espalier ended with exit code ${code}:\n${errors}`));
      else {
        const usage = JSON.parse(errors.slice(errors.lastIndexOf('\n') + 1)) as Omit<ProcessCost, 'seconds'>;
        resolve({ seconds, ...usage });
      }
    });
  });
}
