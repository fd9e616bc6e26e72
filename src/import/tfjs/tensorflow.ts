/** TensorFlow.js, loaded when it is needed and quiet about it. */
import type * as Tf from '@tensorflow/tfjs';
import type * as Core from '@tensorflow/tfjs-core';
import type * as Layers from '@tensorflow/tfjs-layers';
import { loadForEffect, loadPackage } from '../../files/packages.js';

/** What traces need of TensorFlow.js. */
export type TensorFlow = Omit<typeof Core, 'default'> & Omit<typeof Layers, 'default'>;
/** The namespace that models are given as `tf`. */
export type WholeTensorFlow = typeof Tf;

/** Loads TensorFlow.js, its cpu backend ready, and in use where no other one is. */
export async function loadTensorFlow(): Promise<WholeTensorFlow> {
  const tf = loadPackage('@tensorflow/tfjs');
  await useCpu(tf);
  return tf;
}

/** The same, without all that only models need that are code: it takes half the time. */
export async function loadLayers(): Promise<TensorFlow> {
  loadForEffect('@tensorflow/tfjs-backend-cpu');
  const tf = { ...loadPackage('@tensorflow/tfjs-core'), ...loadPackage('@tensorflow/tfjs-layers') };
  await useCpu(tf);
  return tf;
}

async function useCpu(tf: TensorFlow): Promise<void> {
  // An engine without a backend makes a second cpu backend, and forgets the first, when it is asked for a tensor.
  if (!(tf.getBackend() as string | undefined)) await tf.setBackend('cpu');
  silenceCpuNotice(tf);
}

/** The cpu backend advertises another package on the console when it is first written to; not to our users. */
function silenceCpuNotice(tf: TensorFlow): void {
  const env = tf.env();
  const production = env.getBool('PROD');
  env.set('PROD', true);
  try {
    const backend = tf.findBackend('cpu');
    backend.disposeData(backend.write(new Float32Array(1), [1], 'float32'));
  } finally {
    env.set('PROD', production);
  }
}

/** The backend that computes fastest without a GPU, or null: not every machine can run it. */
export async function loadFastBackend(tf: TensorFlow): Promise<Tf.KernelBackend | null> {
  loadForEffect('@tensorflow/tfjs-backend-wasm');
  return (await tf.setBackend('wasm')) ? tf.backend() : null;
}

/** Runs `work` on the named backend and puts back the one that was in use, whatever happens. */
export async function onBackend<T>(tf: TensorFlow, name: string, work: () => Promise<T>): Promise<T> {
  const previous: string | undefined = tf.getBackend();
  await tf.setBackend(name);
  try {
    return await work();
  } finally {
    if (previous && previous in tf.engine().registryFactory) await tf.setBackend(previous);
  }
}

/** TensorFlow.js has one engine with one backend in use: reading models takes turns. */
let turn: Promise<unknown> = Promise.resolve();

/** Runs `work` when all work given before is done. */
export function exclusively<T>(work: () => Promise<T>): Promise<T> {
  const result = turn.then(work);
  turn = result.catch(() => undefined);
  return result;
}
