/** The backends that emitted modules can be made for. */
import type { Platform } from './runtime.js';

interface ModuleBackend {
  /** Where `tf` comes from. */
  readonly module: string;
  /** The package that is imported for its effect, besides. */
  readonly kernels: string | null;
  readonly platform: Platform;
}

const core = '@tensorflow/tfjs-core';

export const moduleBackends = {
  'node-gpu': { module: '@tensorflow/tfjs-node-gpu', kernels: null, platform: 'node' },
  node: { module: '@tensorflow/tfjs-node', kernels: null, platform: 'node' },
  webgpu: { module: core, kernels: '@tensorflow/tfjs-backend-webgpu', platform: 'browser' },
  webgl: { module: core, kernels: '@tensorflow/tfjs-backend-webgl', platform: 'browser' },
  wasm: { module: core, kernels: '@tensorflow/tfjs-backend-wasm', platform: 'both' },
  cpu: { module: core, kernels: '@tensorflow/tfjs-backend-cpu', platform: 'both' },
} as const satisfies Readonly<Record<string, ModuleBackend>>;

export type BackendName = keyof typeof moduleBackends;

/** All packages that a module may import; nothing else is. */
export const tensorflowPackages: readonly string[] = [
  ...new Set(
    Object.values(moduleBackends).flatMap(({ module, kernels }) => [
      module,
      ...(kernels === null ? [] : [kernels]),
    ]),
  ),
];
