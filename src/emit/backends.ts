/** The backends that emitted modules can be made for. */
import { computeBackends, type ComputeBackend } from '../lang/backends.js';
import type { Platform } from './runtime.js';

/** What computes when TensorFlow.js's own name for the backend is this. */
export function computeBackendOf(engine: string): ComputeBackend {
  if (engine === 'tensorflow') return 'node';
  const found = computeBackends.find((name) => name === engine);
  if (found === undefined) throw new Error(`no rule can know the backend ${engine}`);
  return found;
}

/** A class among the helpers: `new P(weights)`, `predict(inputs, run)`, `dispose()`. */
interface PredictorHelper {
  readonly name: string;
  /**
   * Whether it hands predictions to a library: `P.keep(weight)` is called as soon as each weight is there, and
   * `new P(weights, largest)` gets the bytes of the largest value of one example where those can be computed in parts.
   */
  readonly isNative: boolean;
  /** With fewer operations, predictions don't take so much less time that its text is worth it. */
  readonly leastNodes: number;
}

const recordedGraphs: PredictorHelper = { name: 'RecordedGraphs', isNative: true, leastNodes: 0 };
const replayedKernels: PredictorHelper = { name: 'ReplayedKernels', isNative: false, leastNodes: 12 };

interface ModuleBackend {
  /** Where `tf` comes from. */
  readonly module: string;
  /** The package that is imported for its effect, besides. */
  readonly kernels: string | null;
  /** What has to be imported for training, where it can be: bundlers know it, Node.js does not. */
  readonly gradients: string | null;
  readonly platform: Platform;
  /** What computes, as rules know it. */
  readonly computes: ComputeBackend;
  /** What predictions go through, where they may. */
  readonly predictor: PredictorHelper | null;
}

const core = '@tensorflow/tfjs-core';
const gradients = '@tensorflow/tfjs-core/dist/register_all_gradients';

export const moduleBackends = {
  'node-gpu': {
    module: '@tensorflow/tfjs-node-gpu',
    kernels: null,
    gradients: null,
    platform: 'node',
    computes: 'node',
    predictor: recordedGraphs,
  },
  node: {
    module: '@tensorflow/tfjs-node',
    kernels: null,
    gradients: null,
    platform: 'node',
    computes: 'node',
    predictor: recordedGraphs,
  },
  webgpu: {
    module: core,
    kernels: '@tensorflow/tfjs-backend-webgpu',
    gradients,
    platform: 'browser',
    computes: 'webgpu',
    predictor: replayedKernels,
  },
  webgl: {
    module: core,
    kernels: '@tensorflow/tfjs-backend-webgl',
    gradients,
    platform: 'browser',
    computes: 'webgl',
    predictor: replayedKernels,
  },
  wasm: {
    module: core,
    kernels: '@tensorflow/tfjs-backend-wasm',
    gradients: null,
    platform: 'both',
    computes: 'wasm',
    predictor: replayedKernels,
  },
  cpu: {
    module: core,
    kernels: '@tensorflow/tfjs-backend-cpu',
    gradients: null,
    platform: 'both',
    computes: 'cpu',
    predictor: null,
  },
} as const satisfies Readonly<Record<string, ModuleBackend>>;

export type BackendName = keyof typeof moduleBackends;

/** All that a module may import; nothing else is. */
export const tensorflowModules: ReadonlySet<string> = new Set(
  Object.values(moduleBackends)
    .flatMap(({ module, kernels, gradients }) => [module, kernels, gradients])
    .filter((name) => name !== null),
);
