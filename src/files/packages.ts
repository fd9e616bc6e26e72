/**
 * Large packages in CommonJS. Node.js reads such a package twice for `import`, once to find its exports: that takes
 * 0.4 s more for TensorFlow.js, 0.5 s for TypeScript. `require` gives the same module.
 */
import { createRequire } from 'node:module';
import type * as core from '@tensorflow/tfjs-core';
import type * as tfjs from '@tensorflow/tfjs';
import type * as layers from '@tensorflow/tfjs-layers';
import type * as tsMorph from 'ts-morph';
import type * as yaml from 'yaml';
import { withCompiledCode } from './compile-cache.js';

interface Packages {
  readonly '@tensorflow/tfjs': typeof tfjs;
  readonly '@tensorflow/tfjs-core': typeof core;
  readonly '@tensorflow/tfjs-layers': typeof layers;
  readonly 'ts-morph': typeof tsMorph;
  readonly yaml: typeof yaml;
}

const require = createRequire(import.meta.url);

/** Loads a package, at the first call. */
export const loadPackage = <N extends keyof Packages>(name: N): Packages[N] =>
  withCompiledCode(() => require(name) as Packages[N]);

/** Loads a package for what it does when it is loaded. */
export const loadForEffect = (name: string): void => void withCompiledCode(() => require(name));
