/** What backends compute fastest: which numbers of channels, and how much of what. */
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

/**
 * How many multiply-accumulates take as long as reading or writing a number of an activation, in the operations that
 * multiply. On node, eight pictures of MobileNetV2 and of its wider relative take 0.4 ns a number beyond the 77
 * multiply-accumulates a nanosecond that products of matrices reach. 20 and 50 gave node networks of the same speed: with
 * half of the multiply-accumulates removed, up to 1.3 times as fast as with equal fractions where convolutions are
 * depthwise; 20 gave wasm up to 1.45 times. A GPU of 10 teraflops that reads 400 GB in a second computes 50 while it reads
 * one; none was at hand. Plain JavaScript reads about as fast as it multiplies.
 */
export const macsPerElement: Readonly<Record<BackendName, number>> = {
  'node-gpu': 30,
  node: 30,
  webgpu: 50,
  webgl: 50,
  wasm: 20,
  cpu: 1,
};
