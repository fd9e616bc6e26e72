/** Networks that amplify how kernels round: verification notices, and other kernels are taken. */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compileModel } from '../../src/compile/compile.js';
import type { PruneOptions } from '../../src/prune/options.js';
import { writeFiles } from '../import/tfjs/helpers.js';

/** A convolution, and another one that is nearly the same: the difference consists of rounding errors by a hundredth. */
const nearlyEqual = (size: number, channels: number): string => `export default (tf) => {
  const kernel = tf.variable(tf.randomNormal([3, 3, ${channels}, 1]), true, 'kernel');
  return {
    inputs: { image: [null, ${size}, ${size}, ${channels}] },
    function: (image) => {
      const other = tf.mul(kernel, 1.001);
      const [a, b] = tf.split(tf.conv2d(image, tf.concat([kernel, other], 3), 1, 'same'), 2, 3);
      return { difference: tf.sub(a, b) };
    },
  };
};
`;

interface Compiled {
  readonly messages: readonly string[];
  readonly passed: boolean | undefined;
  /** How many kernels are TensorFlow's own. */
  readonly own: number;
}

async function compile(
  text: string,
  backend: 'node-gpu' | 'wasm',
  pruning: PruneOptions = {},
): Promise<Compiled> {
  const folder = await writeFiles({ 'model.mjs': text });
  const out = join(folder, 'out');
  try {
    const model = join(folder, 'model.mjs');
    const { warnings, verification, rounding, files } = await compileModel(model, {
      out,
      backend,
      ...pruning,
    });
    const module = files.length === 0 ? '' : await readFile(join(out, 'model.ts'), 'utf8');
    return {
      messages: [...warnings, ...(rounding === null ? [] : [rounding])].map(
        ({ code, message }) => `${code} ${message}`,
      ),
      passed: verification?.result.passed,
      own: module.split('own: true').length - 1,
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe('a network that amplifies rounding', () => {
  it('has kernels of TensorFlow itself in its first layers', async () => {
    expect(await compile(nearlyEqual(64, 16), 'node-gpu')).toEqual({
      messages: [
        'E611 kernels that round differently were left out in the first layers: this network amplifies that',
      ],
      passed: true,
      own: 1,
    });
  });

  it('has them in all layers, where images are small', async () => {
    expect(await compile(nearlyEqual(40, 96), 'node-gpu')).toEqual({
      messages: ['E611 kernels that round differently were left out: this network amplifies that'],
      passed: true,
      own: 1,
    });
  });

  it('needs nothing of the kind elsewhere', async () => {
    expect(await compile(nearlyEqual(40, 96), 'wasm')).toEqual({ messages: [], passed: true, own: 0 });
  });

  it('is refused where channels go, and kernels add up the others in another order', async () => {
    const hidden = nearlyEqual(40, 96)
      .replace(
        "'kernel');",
        "'kernel');\n  const first = tf.variable(tf.randomNormal([1, 1, 96, 96]), true, 'first');",
      )
      .replace('tf.conv2d(image,', "tf.conv2d(tf.relu(tf.conv2d(image, first, 1, 'same')),");
    expect(await compile(hidden, 'node-gpu', { flops: 0.5 })).toEqual({
      messages: ['E612 this network amplifies how the kernels of node-gpu round'],
      passed: false,
      own: 0,
    });
    expect(await compile(hidden, 'wasm', { flops: 0.5 })).toEqual({ messages: [], passed: true, own: 0 });
  });
});
