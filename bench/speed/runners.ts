/** Loads originals and emitted modules as their users do, and runs them. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as tfjs from '@tensorflow/tfjs-core';
import type { EmittedModel, ModelExports } from '../../src/emit/run-module.js';
import type { Dim, DType } from '../../src/ir/graph.js';
import type { SpeedBackend } from './compiled.js';

export type Tf = typeof tfjs;
type Tensors = readonly tfjs.Tensor[];

export interface Signature {
  readonly inputs: readonly {
    readonly name: string;
    readonly shape: readonly (number | null)[];
    readonly dtype: DType;
  }[];
  readonly outputs: readonly { readonly name: string }[];
}

/** Runs a network once, on inputs in the order of the signature, and frees the results. */
export type Run = (inputs: Tensors) => void;

export async function startBackend(backend: SpeedBackend): Promise<Tf> {
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  // Imported as modules, as emitted modules and applications do: Node.js reads packages once more for the first of them.
  const tf = await import('@tensorflow/tfjs-core');
  await import(backend === 'wasm' ? '@tensorflow/tfjs-backend-wasm' : '@tensorflow/tfjs-node-gpu');
  await tf.setBackend(backend === 'wasm' ? 'wasm' : 'tensorflow');
  await tf.ready();
  return tf;
}

interface ModelJson {
  readonly format?: string;
  readonly modelTopology: { readonly model_config?: unknown } & Record<string, unknown>;
  readonly signature?: object;
  readonly userDefinedMetadata?: object;
  readonly weightsManifest: readonly {
    readonly paths: readonly string[];
    readonly weights: tfjs.io.WeightsManifestEntry[];
  }[];
}

const readJson = (path: string): ModelJson => JSON.parse(readFileSync(path, 'utf8')) as ModelJson;

/** The files of a model: model.json and its weights. */
export function modelFiles(path: string): string[] {
  const { weightsManifest } = readJson(path);
  return [path, ...weightsManifest.flatMap(({ paths }) => paths.map((file) => join(dirname(path), file)))];
}

/** Loads the original in its own runtime. */
export async function loadOriginal(tf: Tf, path: string, signature: Signature): Promise<Run> {
  const json = readJson(path);
  const files = modelFiles(path).slice(1);
  const handler = {
    load: () =>
      Promise.resolve({
        modelTopology: json.modelTopology,
        signature: json.signature,
        userDefinedMetadata: json.userDefinedMetadata,
        weightSpecs: json.weightsManifest.flatMap(({ weights }) => weights),
        weightData: new Uint8Array(Buffer.concat(files.map((file) => readFileSync(file)))).buffer,
      } as tfjs.io.ModelArtifacts),
  };
  if (json.modelTopology.model_config !== undefined || json.format === 'layers-model') {
    const { loadLayersModel } = await import('@tensorflow/tfjs-layers');
    const model = await loadLayersModel(handler);
    return (inputs) => {
      tf.dispose(model.predict([...inputs], { batchSize: inputs[0]!.shape[0]! }));
    };
  }
  const { loadGraphModel } = await import('@tensorflow/tfjs-converter');
  const model = await loadGraphModel(handler as tfjs.io.IOHandler);
  const outputs = signature.outputs.map(({ name }) => name);
  return (inputs) => {
    const named = Object.fromEntries(signature.inputs.map(({ name }, i) => [name, inputs[i]!]));
    tf.dispose(model.execute(named, outputs));
  };
}

/** Loads an emitted module. */
export async function loadEmittedModel(
  folder: string,
): Promise<{ model: EmittedModel; signature: Signature }> {
  const module = (await import(pathToFileURL(join(folder, 'model.mjs')).href)) as ModelExports & {
    readonly signature: Signature;
  };
  const model = await module.load(join(folder, 'weights.safetensors'));
  return { model, signature: module.signature };
}

/** Loads an emitted module, to be run on inputs in the order of its signature. */
export async function loadEmitted(tf: Tf, folder: string): Promise<{ run: Run; signature: Signature }> {
  const { model, signature } = await loadEmittedModel(folder);
  const single = signature.inputs.length === 1;
  return {
    signature,
    run: (inputs) => {
      const given = single
        ? inputs[0]
        : Object.fromEntries(signature.inputs.map(({ name }, i) => [name, inputs[i]!]));
      tf.dispose(model.predict(given) as tfjs.Tensor);
    },
  };
}

/** Random inputs; whole numbers are bytes of pictures. */
export function makeInputs(tf: Tf, { inputs }: Signature, batch: number): tfjs.Tensor[] {
  return inputs.map(({ shape, dtype }) => {
    const sizes = shape.map((size): number => size ?? batch);
    if (dtype === 'float32') return tf.randomUniform(sizes, 0, 1);
    return tf.randomUniform(sizes, 0, 255).toInt();
  });
}

export const takesBatches = ({ inputs }: Signature): boolean =>
  inputs.every(({ shape }) => shape.some((size: Dim | null) => size === null));
