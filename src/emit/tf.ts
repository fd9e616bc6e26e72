/** Lazy access to TensorFlow.js: nothing of it is loaded before a command needs to compute. */
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type * as core from '@tensorflow/tfjs-core';
import { loadForEffect, loadPackage } from '../files/packages.js';
import { fail } from '../diagnostics/diagnostic.js';
import { provideWebGpu, webgpuPackage } from './webgpu.js';

export type Tf = typeof core;
export type Tensor = core.Tensor;

/** The backends that the compiler itself can run on; emitted modules have one more, for browsers. */
export const runnableBackends = ['cpu', 'wasm', 'node', 'node-gpu', 'webgpu'] as const;
export type RunnableBackend = (typeof runnableBackends)[number];

interface Backend {
  readonly package: string;
  /** The name that TensorFlow.js knows it by. */
  readonly engine: string;
  /** Whether the package needs a library for this machine, which may be missing. */
  readonly native: boolean;
  /** A package that is needed besides, and what has to be done before the backend is imported. */
  readonly needs?: { readonly package: string; readonly prepare: () => Promise<void> };
  /** How to install it. */
  readonly install: string;
}

const backends: Readonly<Record<RunnableBackend, Backend>> = {
  cpu: plain('@tensorflow/tfjs-backend-cpu', 'cpu'),
  wasm: plain('@tensorflow/tfjs-backend-wasm', 'wasm'),
  node: { ...plain('@tensorflow/tfjs-node', 'tensorflow'), native: true },
  'node-gpu': {
    ...plain('@tensorflow/tfjs-node-gpu', 'tensorflow'),
    native: true,
    install: 'npm install --ignore-scripts @tensorflow/tfjs-node-gpu\nnpx espalier backend install',
  },
  webgpu: {
    ...plain('@tensorflow/tfjs-backend-webgpu', 'webgpu'),
    needs: { package: webgpuPackage, prepare: provideWebGpu },
    install: `npm install @tensorflow/tfjs-backend-webgpu ${webgpuPackage}`,
  },
};

function plain(name: string, engine: string): Backend {
  return { package: name, engine, native: false, install: `npm install ${name}` };
}

const require = createRequire(import.meta.url);

/** The backends whose packages are installed, native libraries included. */
export function availableBackends(): RunnableBackend[] {
  return runnableBackends.filter(isInstalled);
}

function isInstalled(name: RunnableBackend): boolean {
  const backend = backends[name];
  const folder = packageFolder(backend.package);
  const needs = backend.needs === undefined || packageFolder(backend.needs.package) !== null;
  return folder !== null && needs && (!backend.native || hasNativeBinding(folder));
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
        ? `The package ${backend.package}, or the native library that it loads, is missing.`
        : `The package ${backend.package}${backend.needs === undefined ? '' : ` or ${backend.needs.package}`} is missing.`,
      help: `${backend.install}\nInstalled here: ${availableBackends().join(', ') || 'none'}.`,
    });
  }
  // TensorFlow tells on the terminal what it finds in the processor, unless it is asked not to.
  if (backend.native) process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  await backend.needs?.prepare();
  const tf = loadPackage('@tensorflow/tfjs-core');
  loadForEffect(backend.package);
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
