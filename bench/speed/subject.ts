/**
 * One network in a process of its own: `node subject.js JOB`. Where two runtimes are compared in one, the threads of one look
 * for work while the other computes. It says what it computed, and after every line that it reads how long it takes.
 */
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import type * as tfjs from '@tensorflow/tfjs-core';
import { quantile, timed } from './alternate.js';
import { loadEmittedModel, startBackend } from './runners.js';

export interface SubjectJob {
  /** Espalier's module, or a package that is ONNX Runtime. */
  readonly runtime: 'emitted' | 'onnxruntime-node';
  /** A folder with model.mjs and weights.safetensors; or a model for ONNX Runtime. */
  readonly path: string;
  readonly shape: readonly number[];
}

/** What a subject says first: what it computed of the input that all have, and which version of the runtime did. */
export interface SubjectResult {
  readonly scores: readonly number[];
  readonly version: string;
}

/** What is used of ONNX Runtime. */
interface OnnxRuntime {
  readonly Tensor: new (type: 'float32', data: Float32Array, shape: readonly number[]) => object;
  readonly env: { readonly versions: { readonly node?: string; readonly common: string } };
  readonly InferenceSession: {
    create(path: string): Promise<{
      readonly inputNames: readonly string[];
      readonly outputNames: readonly string[];
      run(feeds: Readonly<Record<string, object>>): Promise<Readonly<Record<string, { data: Float32Array }>>>;
    }>;
  };
}

type Predict = () => Promise<Float32Array>;

async function onnx(path: string, input: Float32Array, shape: readonly number[]): Promise<[Predict, string]> {
  const { InferenceSession, Tensor, env } = createRequire(import.meta.url)('onnxruntime-node') as OnnxRuntime;
  const session = await InferenceSession.create(path);
  const fed = { [session.inputNames[0]!]: new Tensor('float32', input, shape) };
  const output = session.outputNames[0]!;
  return [async () => (await session.run(fed))[output]!.data, env.versions.node ?? env.versions.common];
}

async function emitted(
  path: string,
  input: Float32Array,
  shape: readonly number[],
): Promise<[Predict, string]> {
  const tf = await startBackend('node-gpu');
  const { model } = await loadEmittedModel(path);
  const x = tf.tensor(input, [...shape]);
  const predict: Predict = () => {
    const scores = model.predict(x) as tfjs.Tensor;
    const data = scores.dataSync<'float32'>();
    scores.dispose();
    return Promise.resolve(data);
  };
  return [predict, tf.version_core];
}

/** The median of a tenth of a second, after as much until threads and memory are awake. */
async function turn(predict: Predict): Promise<number> {
  await timesFor(100, predict);
  return quantile(await timesFor(100, predict), 0.5);
}

async function timesFor(milliseconds: number, predict: Predict): Promise<number[]> {
  const times: number[] = [];
  const end = performance.now() + milliseconds;
  while (times.length === 0 || performance.now() < end)
    times.push(await timed(async () => void (await predict()), 'wall'));
  return times;
}

const { runtime, path, shape } = JSON.parse(process.argv[2]!) as SubjectJob;
// The same numbers everywhere, of about the size of a picture's.
const input = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i * 1.7));
const [predict, version] = await (runtime === 'emitted' ? emitted : onnx)(path, input, shape);
const say = (word: SubjectResult | number): boolean => process.stdout.write(`${JSON.stringify(word)}\n`);
const scores = [...(await predict())];
await turn(predict);
say({ scores, version });
for await (const _ of createInterface({ input: process.stdin })) say(await turn(predict));
