/** Runs in the browser: loads emitted modules and computes with them. Tests call `window.compute`. */
import * as tf from '@tensorflow/tfjs-core';
import type { ModelExports } from '../../src/emit/run-module.js';
import type { PlainTensor } from './tensors.js';

export interface Computed {
  /** The backend that TensorFlow.js chose. */
  readonly backend: string;
  /** Whether WebGL computes with 32 bits; null on other backends. */
  readonly float32: boolean | null;
  readonly outputs: Readonly<Record<string, PlainTensor>>;
}

/** Imports a module, loads its weights, runs it twice: what the second prediction does again must be the same. */
async function compute(
  moduleUrl: string,
  weightsUrl: string,
  inputs: Readonly<Record<string, PlainTensor>>,
  wasmPath: string | null,
): Promise<Computed> {
  if (wasmPath !== null) (await import('@tensorflow/tfjs-backend-wasm')).setWasmPaths(wasmPath);
  const { load, signature } = (await import(/* @vite-ignore */ moduleUrl)) as ModelExports;
  const model = await load(weightsUrl);
  const backend = tf.getBackend();
  // Else TensorFlow.js computes what is small on the CPU.
  if (backend.startsWith('webg')) tf.env().set(`${backend.toUpperCase()}_CPU_FORWARD`, false);
  const given = Object.fromEntries(
    signature.inputs.map(({ name }) => {
      const { data, shape, dtype } = inputs[name]!;
      return [name, tf.tensor([...data], [...shape], dtype)];
    }),
  );
  const predict = async (): Promise<Record<string, PlainTensor>> => {
    const result = model.predict(signature.inputs.length === 1 ? Object.values(given)[0] : given);
    const outputs: [string, PlainTensor][] = [];
    for (const { name } of signature.outputs) {
      const tensor = (
        signature.outputs.length === 1 ? result : (result as Record<string, unknown>)[name]
      ) as tf.Tensor;
      const data = Array.from(await tensor.data());
      outputs.push([name, { dtype: tensor.dtype as PlainTensor['dtype'], shape: tensor.shape, data }]);
      tensor.dispose();
    }
    return Object.fromEntries(outputs);
  };
  const outputs = await predict();
  for (const [name, { data }] of Object.entries(await predict())) {
    const at = data.findIndex((value, i) => !Object.is(value, outputs[name]!.data[i]));
    if (at >= 0) throw new Error(`the second prediction differs: ${name}, ${at}: ${data[at]}`);
  }
  model.dispose();
  return {
    backend,
    float32: backend === 'webgl' ? tf.env().getBool('WEBGL_RENDER_FLOAT32_ENABLED') : null,
    outputs,
  };
}

declare global {
  var compute: (
    moduleUrl: string,
    weightsUrl: string,
    inputs: Readonly<Record<string, PlainTensor>>,
    wasmPath: string | null,
  ) => Promise<Computed>;
}
globalThis.compute = compute;
