/** The process of a subject: `node subject-process.js JOB`. It says what it computed, and after every word how long it takes. */
import { createRequire } from 'node:module';
import type * as tfjs from '@tensorflow/tfjs-core';
import { quantile } from './alternate.js';
import { loadEmittedModel, startBackend } from './runners.js';
import type { SubjectJob, SubjectReady } from './subject.js';

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

async function timed(predict: Predict): Promise<number> {
  const start = performance.now();
  await predict();
  return performance.now() - start;
}

/** The median of a tenth of a second, after as much until threads and memory are awake. */
async function turn(predict: Predict): Promise<number> {
  await timesFor(100, predict);
  return quantile(await timesFor(100, predict), 0.5);
}

async function timesFor(milliseconds: number, predict: Predict): Promise<number[]> {
  const times: number[] = [];
  const end = performance.now() + milliseconds;
  while (times.length === 0 || performance.now() < end) times.push(await timed(predict));
  return times;
}

const { runtime, path, shape } = JSON.parse(process.argv[2]!) as SubjectJob;
// The same numbers everywhere, of about the size of a picture's.
const input = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i * 1.7));
const [predict, version] = await (runtime === 'onnx' ? onnx : emitted)(path, input, shape);
const scores = [...(await predict())];
await turn(predict);
process.send!({ scores, version } satisfies SubjectReady);
process.on('message', () => void turn(predict).then((milliseconds) => process.send!(milliseconds)));
