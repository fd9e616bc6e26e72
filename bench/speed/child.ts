/** One measurement in a process of its own: `node child.js JOB`, with the job and the result as JSON. */
import { alternate, type Clock, type Comparison } from './alternate.js';
import type { CompiledModel, SpeedBackend } from './compiled.js';
import { peakMemory } from './memory.js';
import {
  loadEmitted,
  loadOriginal,
  makeInputs,
  startBackend,
  type Run,
  type Signature,
  type Tf,
} from './runners.js';

export type Job =
  | { readonly kind: 'speed'; readonly compiled: CompiledModel; readonly batch: number }
  | {
      readonly kind: 'load';
      readonly backend: SpeedBackend;
      readonly signature: Signature;
      /** A folder, or the original's model.json. */
      readonly path: string;
      readonly original: boolean;
    };

export interface SpeedResult {
  readonly signature: Signature;
  /** How many kernels a run calls. */
  readonly kernels: { readonly original: number; readonly unpruned: number };
  readonly batch: number;
  /** The original, then the unpruned emission. */
  readonly unpruned: Comparison;
  /** The unpruned emission, then the pruned one. */
  readonly half: Comparison | null;
}

export interface LoadResult {
  /** From reading the first file to the end of the first prediction, in milliseconds of processor time. */
  readonly milliseconds: number;
  /** The largest memory of the process, in bytes. */
  readonly memory: number;
}

async function measureSpeed(
  { backend, model, unpruned, half }: CompiledModel,
  batch: number,
): Promise<SpeedResult> {
  const tf = await startBackend(backend);
  const clock: Clock = backend === 'wasm' ? 'processor' : 'wall';
  const emitted = await loadEmitted(tf, unpruned);
  const pruned = half === null ? null : await loadEmitted(tf, half);
  const { signature } = emitted;
  const original = await loadOriginal(tf, model, signature);
  const inputs = makeInputs(tf, signature, batch);
  const compare = (a: Run, b: Run): Promise<Comparison> =>
    alternate(
      () => a(inputs),
      () => b(inputs),
      clock,
    );
  return {
    signature,
    kernels: {
      original: await kernelsOf(tf, () => original(inputs)),
      unpruned: await kernelsOf(tf, () => emitted.run(inputs)),
    },
    batch,
    unpruned: await compare(original, emitted.run),
    half: pruned === null ? null : await compare(emitted.run, pruned.run),
  };
}

/** What the backend of Node.js runs operations of TensorFlow with. */
interface NativeBackend {
  executeSingleOutput(...args: readonly unknown[]): unknown;
  executeMultipleOutputs(...args: readonly unknown[]): unknown;
}

/** On node the operations of TensorFlow: one of TensorFlow.js may be several, and emitted modules call them themselves. */
async function kernelsOf(tf: Tf, run: () => void): Promise<number> {
  if (tf.getBackend() === 'tensorflow') return nativeKernelsOf(tf, run);
  const { kernels } = await tf.profile(() => {
    run();
    return [];
  });
  return kernels.length;
}

function nativeKernelsOf(tf: Tf, run: () => void): number {
  const backend = tf.backend() as unknown as NativeBackend;
  const methods = ['executeSingleOutput', 'executeMultipleOutputs'] as const;
  let count = 0;
  for (const name of methods) {
    const execute = backend[name].bind(backend);
    backend[name] = (...args) => {
      count++;
      return execute(...args);
    };
  }
  run();
  // The methods of the class come back.
  for (const name of methods) Reflect.deleteProperty(backend, name);
  return count;
}

async function measureLoad({
  backend,
  signature,
  path,
  original,
}: Extract<Job, { kind: 'load' }>): Promise<LoadResult> {
  const tf = await startBackend(backend);
  const inputs = makeInputs(tf, signature, 1);
  const start = process.cpuUsage();
  const run = original ? await loadOriginal(tf, path, signature) : (await loadEmitted(tf, path)).run;
  run(inputs);
  const { user, system } = process.cpuUsage(start);
  return { milliseconds: (user + system) / 1000, memory: peakMemory() };
}

const job = JSON.parse(process.argv[2]!) as Job;
const result = job.kind === 'speed' ? await measureSpeed(job.compiled, job.batch) : await measureLoad(job);
process.stdout.write(`\n${JSON.stringify(result)}`);
