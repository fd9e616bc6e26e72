/** Lazy access to TensorFlow.js: nothing of it is loaded before a command needs to compute. */
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type * as core from '@tensorflow/tfjs-core';
import { fail } from '../diagnostics/diagnostic.js';

export type Tf = typeof core;
export type Tensor = core.Tensor;

/** The backends that the compiler itself can run on; emitted modules have more. */
export const runnableBackends = ['cpu', 'wasm', 'node', 'node-gpu'] as const;
export type RunnableBackend = (typeof runnableBackends)[number];

/** What has to be imported for a backend, and the name that TensorFlow.js knows it by. */
const backends: Readonly<Record<RunnableBackend, { package: string; engine: string; native: boolean }>> = {
  cpu: { package: '@tensorflow/tfjs-backend-cpu', engine: 'cpu', native: false },
  wasm: { package: '@tensorflow/tfjs-backend-wasm', engine: 'wasm', native: false },
  node: { package: '@tensorflow/tfjs-node', engine: 'tensorflow', native: true },
  'node-gpu': { package: '@tensorflow/tfjs-node-gpu', engine: 'tensorflow', native: true },
};

const require = createRequire(import.meta.url);

/** The backends whose packages are installed, native libraries included. */
export function availableBackends(): RunnableBackend[] {
  return runnableBackends.filter(isInstalled);
}

function isInstalled(name: RunnableBackend): boolean {
  const backend = backends[name];
  const folder = packageFolder(backend.package);
  return folder !== null && (!backend.native || hasNativeBinding(folder));
}

/** The folder of an installed package, or null. */
function packageFolder(name: string): string | null {
  const found = require.resolve
    .paths(name)
    ?.map((root) => join(root, name, 'package.json'))
    .find(existsSync);
  return found === undefined ? null : dirname(found);
}

/** Native packages are often there without the library that their install script downloads. */
function hasNativeBinding(folder: string): boolean {
  const lib = join(folder, 'lib');
  return existsSync(lib) && readdirSync(lib).some((abi) => existsSync(join(lib, abi, 'tfjs_binding.node')));
}

/**
 * Loads a backend and makes it the current one. All backends share one TensorFlow.js engine, so tensors of another
 * backend stay valid, and the last call decides where computations run.
 */
export async function loadBackend(name: RunnableBackend): Promise<Tf> {
  const backend = backends[name];
  if (!isInstalled(name)) {
    return fail({
      code: 'E501',
      message: `the backend ${name} is not installed`,
      why: backend.native
        ? `The package ${backend.package}, or the native library that its install script downloads, is missing.`
        : `The package ${backend.package} is missing.`,
      help: `npm install ${backend.package}\nInstalled here: ${availableBackends().join(', ') || 'none'}.`,
    });
  }
  const tf = await import('@tensorflow/tfjs-core');
  await import(backend.package);
  // Without the advice, printed to the console, to install another backend.
  tf.enableProdMode();
  if (!(await tf.setBackend(backend.engine))) {
    return fail({
      code: 'E502',
      message: `the backend ${name} does not start on this machine`,
      why: `${backend.package} is installed, but TensorFlow.js could not initialise it.`,
      help: `Use another backend: ${availableBackends()
        .filter((other) => other !== name)
        .join(', ')}.`,
    });
  }
  await tf.ready();
  return tf;
}
