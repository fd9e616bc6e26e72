/** What each backend of TensorFlow.js lacks, from the packages themselves: the source of rules/kernels.json. */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import type { ComputeBackend } from '../../src/lang/backends.js';

const require = createRequire(import.meta.url);

/** Packages whose import registers the kernels of a backend, and the name that they register them under. */
const packages: Readonly<Record<ComputeBackend, readonly [name: string, engine: string]>> = {
  node: ['@tensorflow/tfjs-node-gpu', 'tensorflow'],
  webgpu: ['@tensorflow/tfjs-backend-webgpu', 'webgpu'],
  webgl: ['@tensorflow/tfjs-backend-webgl', 'webgl'],
  wasm: ['@tensorflow/tfjs-backend-wasm', 'wasm'],
  cpu: ['@tensorflow/tfjs-backend-cpu', 'cpu'],
};

/** For every backend, the functions of `tf` that always run a kernel which it does not have, and that kernel. */
export function missingKernels(): Record<string, Record<string, string>> {
  const functions = kernelsOfFunctions();
  return Object.fromEntries(
    Object.entries(packages).map(([backend, [name, engine]]) => {
      require(name);
      const has = new Set(tf.getKernelsForBackend(engine).map(({ kernelName }) => kernelName));
      const missing = [...functions].filter(([, kernels]) => kernels.every((kernel) => !has.has(kernel)));
      return [
        backend,
        Object.fromEntries(missing.map(([path, kernels]) => [path, kernels.join(' or ')]).sort()),
      ];
    }),
  );
}

/** The kernels that functions of `tf` run themselves, by the source of these functions. */
function kernelsOfFunctions(): Map<string, string[]> {
  const folder = join(dirname(require.resolve('@tensorflow/tfjs-core/package.json')), 'dist', 'ops');
  const paths = functionPaths();
  const found = new Map<string, string[]>();
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.js') || file.endsWith('_test.js')) continue;
    const text = readFileSync(join(folder, file), 'utf8');
    const kernels = [...new Set([...text.matchAll(/runKernel\((\w+)/g)].map((match) => match[1]!))];
    if (kernels.length === 0) continue;
    for (const [, name] of text.matchAll(/export const (\w+) = .*op\(/g)) {
      for (const path of paths.get(name!) ?? []) found.set(path, kernels);
    }
  }
  return found;
}

/** Where functions are in `tf`, by their own names: `rotateWithOffset` is at `image.rotateWithOffset`. */
function functionPaths(): Map<string, string[]> {
  const paths = new Map<string, string[]>();
  const add = (name: string, path: string): void => void paths.set(name, [...(paths.get(name) ?? []), path]);
  for (const [name, value] of Object.entries(tf)) {
    if (typeof value === 'function') add(name, name);
    else if (
      ['image', 'linalg', 'losses', 'signal', 'sparse', 'spectral', 'string', 'fused'].includes(name)
    ) {
      for (const inner of Object.keys(value)) add(inner, `${name}.${inner}`);
    }
  }
  return paths;
}
