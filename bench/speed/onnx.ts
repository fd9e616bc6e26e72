/**
 * Emitted modules on node against ONNX Runtime, with the same networks and weights. Neither the runtime nor the networks
 * come with the project: where they are not there, nothing is compared.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { projectFile } from '../../src/lang/project-file.js';
import { compared, type Comparison } from './alternate.js';
import { compileTo } from './compiled.js';
import { startWorker, type Side, type Worker } from '../worker.js';
import type { SubjectJob, SubjectResult } from './subject.js';

/** The networks, by the names of torchvision. */
export const onnxModels = ['mobilenet_v2', 'resnet50'] as const;

const packageName = 'onnxruntime-node';
const require = createRequire(import.meta.url);

/** Where `export_onnx.py` has written the networks. */
const exported = (name: string): string => join(projectFile('package.json'), '..', '.cache', 'onnx', name);

export const howToCompare =
  `npm install --no-save --ignore-scripts ${packageName}\n` +
  'python -m pip install torch torchvision onnx onnxscript\n' +
  'python bench/export_onnx.py .cache/onnx';

/** The networks that can be compared here: none without the runtime. */
export function comparableModels(): string[] {
  const installed = (require.resolve.paths(packageName) ?? []).some((root) =>
    existsSync(join(root, packageName)),
  );
  return installed ? onnxModels.filter((name) => existsSync(join(exported(name), 'model.onnx'))) : [];
}

export interface OnnxResult {
  /** The version of ONNX Runtime. */
  readonly version: string;
  readonly batch: number;
  /** The network in ONNX Runtime, then the unpruned emission, and the one with half of the multiply-accumulates. */
  readonly unpruned: Comparison;
  readonly half: Comparison;
}

/** Compiles a network, into folders below `folder`, and compares it, for a batch size after the other. */
export async function compareWithOnnx(name: string, folder: string): Promise<OnnxResult[]> {
  const model = exported(name);
  const unpruned = join(folder, name, 'onnx', 'unpruned');
  const half = join(folder, name, 'onnx', 'half');
  await compileTo(unpruned, model, { backend: 'node-gpu' });
  await compileTo(half, model, { backend: 'node-gpu', flops: 0.5 });
  const results: OnnxResult[] = [];
  for (const batch of [1, 8]) {
    const shape = [batch, 3, 224, 224];
    results.push(
      await inTurns(batch, [
        { runtime: packageName, path: join(model, 'model.onnx'), shape },
        { runtime: 'emitted', path: unpruned, shape },
        { runtime: 'emitted', path: half, shape },
      ]),
    );
  }
  return results;
}

const rounds = 30;

/** Every prediction begins with its input in the runtime's memory, and ends with the scores in JavaScript's. */
async function inTurns(batch: number, jobs: readonly SubjectJob[]): Promise<OnnxResult> {
  const workers: Worker<SubjectResult, number>[] = [];
  try {
    for (const job of jobs) workers.push(await startWorker(sideOf(job)));
    const [theirs, ours] = workers.map(({ result }) => result);
    requireSame(theirs!.scores, ours!.scores);
    const times: number[][] = [];
    for (let i = 0; i < rounds; i++) {
      const round: number[] = [];
      // Each is first as often as the others are.
      for (let k = 0; k < jobs.length; k++) {
        const at = (i + k) % jobs.length;
        // The threads of whoever had the last turn go to sleep meanwhile.
        await setTimeout(20);
        round[at] = await workers[at]!.turn();
      }
      times.push(round);
    }
    const against = (at: number): Comparison => compared(times.map((round) => [round[0]!, round[at]!]));
    return { version: theirs!.version, batch, unpruned: against(1), half: against(2) };
  } finally {
    await Promise.all(workers.map((worker) => worker.end()));
  }
}

const sideOf = (job: SubjectJob): Side => ({
  command: process.execPath,
  args: [fileURLToPath(new URL('subject.js', import.meta.url)), JSON.stringify(job)],
});

/** Times of networks that compute different things can't be compared. */
function requireSame(expected: readonly number[], actual: readonly number[]): void {
  const scale = expected.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  const difference = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - actual[i]!)), 0);
  if (difference <= 1e-5 * scale) return;
  throw new Error(`ONNX Runtime and the unpruned emission differ by ${difference}, of ${scale}`);
}
