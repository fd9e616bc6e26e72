/**
 * Emitted modules on node against ONNX Runtime, with the same networks and weights. Neither the runtime nor the networks
 * come with the project: where they are not there, nothing is compared.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type * as tfjs from '@tensorflow/tfjs-core';
import { projectFile } from '../../src/lang/project-file.js';
import { alternate, usual, type Comparison } from './alternate.js';
import { compileTo } from './compiled.js';
import { loadEmittedModel, makeInputs, startBackend } from './runners.js';

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

export interface OnnxJob {
  readonly kind: 'onnx';
  /** The model for ONNX Runtime. */
  readonly onnx: string;
  /** Folders with model.mjs and weights.safetensors. */
  readonly unpruned: string;
  readonly half: string;
  readonly batch: number;
}

export interface OnnxResult {
  /** The version of ONNX Runtime. */
  readonly version: string;
  readonly batch: number;
  /** The network in ONNX Runtime, then the unpruned emission, and the one with half of the multiply-accumulates. */
  readonly unpruned: Comparison;
  readonly half: Comparison;
}

/** Compiles a network for the comparison, into folders below `folder`: a job for every batch size. */
export async function onnxJobs(name: string, folder: string): Promise<OnnxJob[]> {
  const model = exported(name);
  const unpruned = join(folder, name, 'onnx', 'unpruned');
  const half = join(folder, name, 'onnx', 'half');
  await compileTo(unpruned, model, { backend: 'node-gpu' });
  await compileTo(half, model, { backend: 'node-gpu', flops: 0.5 });
  const onnx = join(model, 'model.onnx');
  return [1, 8].map((batch) => ({ kind: 'onnx', onnx, unpruned, half, batch }));
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

/** Every run takes its input from TensorFlow's or ONNX Runtime's memory, and ends with the scores in JavaScript's. */
export async function measureAgainstOnnx({ onnx, unpruned, half, batch }: OnnxJob): Promise<OnnxResult> {
  const tf = await startBackend('node-gpu');
  const { InferenceSession, Tensor, env } = require(packageName) as OnnxRuntime;
  const session = await InferenceSession.create(onnx);
  const [input, output] = [session.inputNames[0]!, session.outputNames[0]!];
  const { model, signature } = await loadEmittedModel(unpruned);
  const pruned = await loadEmittedModel(half);
  const [x] = makeInputs(tf, signature, batch);
  const fed = { [input]: new Tensor('float32', x!.dataSync<'float32'>(), x!.shape) };
  const theirs = async (): Promise<Float32Array> => (await session.run(fed))[output]!.data;
  const ours = (emitted: typeof model): Float32Array => {
    const scores = emitted.predict(x) as tfjs.Tensor;
    const data = scores.dataSync<'float32'>();
    scores.dispose();
    return data;
  };
  requireSame(await theirs(), ours(model));
  const compare = (emitted: typeof model): Promise<Comparison> =>
    alternate(
      async () => void (await theirs()),
      () => void ours(emitted),
      'wall',
      { ...usual, milliseconds: 3000, pause: 20 },
    );
  return {
    version: env.versions.node ?? env.versions.common,
    batch,
    unpruned: await compare(model),
    half: await compare(pruned.model),
  };
}

/** Times of networks that compute different things can't be compared. */
function requireSame(expected: Float32Array, actual: Float32Array): void {
  const scale = expected.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  const difference = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - actual[i]!)), 0);
  if (difference <= 1e-5 * scale) return;
  throw new Error(`ONNX Runtime and the unpruned emission differ by ${difference}, of ${scale}`);
}
