/** The backends that emitted modules can be made for. */
import type { Platform } from './runtime.js';

interface ModuleBackend {
  /** Where `tf` comes from. */
  readonly module: string;
  /** The package that is imported for its effect, besides. */
  readonly kernels: string | null;
  /** What has to be imported for training, where it can be: bundlers know it, Node.js does not. */
  readonly gradients: string | null;
  readonly platform: Platform;
}

const core = '@tensorflow/tfjs-core';
const gradients = '@tensorflow/tfjs-core/dist/register_all_gradients';

export const moduleBackends = {
  'node-gpu': { module: '@tensorflow/tfjs-node-gpu', kernels: null, gradients: null, platform: 'node' },
  node: { module: '@tensorflow/tfjs-node', kernels: null, gradients: null, platform: 'node' },
  webgpu: { module: core, kernels: '@tensorflow/tfjs-backend-webgpu', gradients, platform: 'browser' },
  webgl: { module: core, kernels: '@tensorflow/tfjs-backend-webgl', gradients, platform: 'browser' },
  wasm: { module: core, kernels: '@tensorflow/tfjs-backend-wasm', gradients: null, platform: 'both' },
  cpu: { module: core, kernels: '@tensorflow/tfjs-backend-cpu', gradients: null, platform: 'both' },
} as const satisfies Readonly<Record<string, ModuleBackend>>;

export type BackendName = keyof typeof moduleBackends;

/** All that a module may import; nothing else is. */
export const tensorflowModules: ReadonlySet<string> = new Set(
  Object.values(moduleBackends)
    .flatMap(({ module, kernels, gradients }) => [module, kernels, gradients])
    .filter((name) => name !== null),
);
