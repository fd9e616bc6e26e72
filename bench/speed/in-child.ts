/** Runs measurements in processes of their own. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Job, LoadResult, SpeedResult } from './child.js';

type ResultOf<J extends Job> = J extends { kind: 'speed' } ? SpeedResult : LoadResult;

/** The result of a job; the process writes it on its last line. */
export function inChild<J extends Job>(job: J): Promise<ResultOf<J>> {
  return new Promise((resolve, reject) => {
    const script = fileURLToPath(new URL('child.js', import.meta.url));
    const child = spawn(process.execPath, [script, JSON.stringify(job)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let errors = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(output.slice(output.lastIndexOf('\n') + 1)) as ResultOf<J>);
      else reject(new Error(`A measurement ended with exit code ${code}:\n${errors}`));
    });
  });
}
