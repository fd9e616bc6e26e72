/** Numbers of channels that backends compute fastest with. */
import type { BackendName } from '../emit/backends.js';

/**
 * XNNPACK, which computes on wasm, works on blocks of four and eight channels, as TensorFlow does on the processor and
 * its libraries on GPUs; WebGL and WebGPU hold four in a texel or vector. With half of the multiply-accumulates removed,
 * multiples of eight were 5 to 10 percent faster on wasm and node than any number (docs/speed.md). Plain JavaScript has
 * no preference.
 */
export const preferredMultiples: Readonly<Record<BackendName, number>> = {
  'node-gpu': 8,
  node: 8,
  webgpu: 8,
  webgl: 8,
  wasm: 8,
  cpu: 1,
};
