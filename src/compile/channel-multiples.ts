/** Numbers of channels that backends compute fastest with. */
import type { BackendName } from '../emit/backends.js';

/**
 * XNNPACK and our own kernels on wasm work on blocks of four and eight channels, as TensorFlow does on the processor and
 * its libraries on GPUs; WebGL and WebGPU hold four in a texel or vector. With half of the multiply-accumulates removed,
 * four networks of the zoo with multiples of eight were 0 to 7 percent faster on wasm than with any number of channels, and
 * six 2 to 10 percent on node. Sixteen, the floats of a 512-bit register, gained 3 to 8 percent more on node for four of
 * them, lost up to 6 for one, and put the target out of reach for another. Spaces too small for two multiples of eight
 * take those of four or two: 15 channels of 24 took node half as long again as all 24. Spaces of 16 keep 8, not 12: seven
 * networks were 1 to 10 percent faster on node, one 3 percent slower; and 12 are summed in another order there, so that
 * `handlandmark_lite`, which amplifies rounding, had to do with slower kernels (1.6 times the time). Plain JavaScript has
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
