/** What computes an `emit`, as rules know it: both packages for Node.js run the kernels of TensorFlow. */
export const computeBackends = ['node', 'webgpu', 'webgl', 'wasm', 'cpu'] as const;
export type ComputeBackend = (typeof computeBackends)[number];

/** The name by which an `emit` asks what it is written for. */
export const backendName = 'backend';
