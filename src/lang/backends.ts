/** What computes an `emit`, as rules know it: both packages for Node.js run the kernels of TensorFlow. */
export const computeBackends = ['node', 'webgpu', 'webgl', 'wasm', 'cpu'] as const;
export type ComputeBackend = (typeof computeBackends)[number];

/** What an `emit` is written for. */
export interface EmitTarget {
  readonly backend: ComputeBackend;
  /** Whether the module will be trained, so that everything in it needs gradients. */
  readonly trainable: boolean;
}

/** The name by which an `emit` asks for the backend; `trainable` is the other one. */
export const backendName = 'backend';
export const targetNames: readonly string[] = [backendName, 'trainable' satisfies keyof EmitTarget];
