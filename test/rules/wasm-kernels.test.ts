/** Kernels of our own on wasm: compiled from what stands beside them, and right for windows of every kind. */
import { readFileSync } from 'node:fs';
import type * as tfjs from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { relativeDifference } from '../../src/cases/data.js';
import { runnableHelpers, type HelperRunner } from '../../src/emit/helpers.js';
import { loadBackend, type Tf } from '../../src/emit/tf.js';
import { loadRules } from '../../src/lang/load.js';
import { projectFile } from '../../src/lang/project-file.js';
import { noPlace } from '../helper-calls.js';

it('rules/wasm-kernels.helpers.ts is what `npm run kernels` writes', async () => {
  const builder = projectFile('rules/build-kernels.mjs');
  const { kernelsText } = (await import(builder)) as { kernelsText(): Promise<string> };
  expect(readFileSync(projectFile('rules/wasm-kernels.helpers.ts'), 'utf8')).toBe(await kernelsText());
});

interface Convolution {
  readonly x: tfjs.Tensor4D;
  readonly filter: tfjs.Tensor4D;
  readonly bias: tfjs.Tensor1D;
  readonly summand?: tfjs.Tensor4D;
  readonly slopes?: tfjs.Tensor1D;
  readonly strides: [number, number];
  readonly dilations: [number, number];
  readonly pad: tfjs.backend_util.ExplicitPadding;
  readonly activation?: 'relu' | 'relu6';
}

let tf: Tf;
let helper: HelperRunner;

beforeAll(async () => {
  tf = await loadBackend('wasm');
  helper = runnableHelpers(loadRules([]).helpers, tf);
});
afterEach(() => {
  vi.restoreAllMocks();
});

const convolve = (options: Convolution): tfjs.Tensor4D =>
  helper('simdConv2d', noPlace)(options) as tfjs.Tensor4D;

/** The same by TensorFlow.js, which pads first: its wasm kernel is wrong where windows leave images by more than a step. */
function expected({ x, filter, bias, summand, slopes, strides, dilations, pad, activation }: Convolution) {
  const sum = tf.add(tf.conv2d(tf.pad(x, pad), filter, strides, 'valid', 'NHWC', dilations), bias);
  const all = summand === undefined ? sum : tf.add(sum, summand);
  const sloped = slopes === undefined ? all : tf.prelu(all, slopes);
  return activation === undefined ? sloped : tf[activation](sloped);
}

/**
 * The magnitudes that each number of the result is summed from: rounding is of their size, however little is left of
 * them where they cancel or are cut at six.
 */
function magnitudes({
  x,
  filter,
  bias,
  summand,
  slopes,
  activation: _,
  ...windows
}: Convolution): tfjs.Tensor {
  const sum = expected({
    ...windows,
    x: tf.abs(x),
    filter: tf.abs(filter),
    bias: tf.abs(bias),
    ...(summand && { summand: tf.abs(summand) }),
  });
  return slopes === undefined ? sum : tf.mul(sum, tf.maximum(tf.abs(slopes), 1));
}

const size = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max });
const convolutions = fc
  .record({
    batch: size(1, 3),
    height: size(1, 12),
    width: size(1, 12),
    channels: size(1, 9),
    outs: size(1, 20),
    kernel: fc.tuple(size(1, 4), size(1, 5)),
    steps: fc.oneof(
      fc.record({ strides: fc.tuple(size(1, 3), size(1, 3)), dilations: fc.constant([1, 1] as const) }),
      fc.record({ strides: fc.constant([1, 1] as const), dilations: fc.tuple(size(1, 3), size(1, 3)) }),
    ),
    pad: fc.tuple(size(0, 4), size(0, 4), size(0, 4), size(0, 4)),
    adds: fc.boolean(),
    slopes: fc.boolean(),
    activation: fc.constantFrom(undefined, 'relu' as const, 'relu6' as const),
    seed: size(0, 1e6),
  })
  .filter(({ height, width, kernel, steps: { dilations }, pad }) => {
    const fits = (length: number, taps: number, dilation: number): boolean => length > (taps - 1) * dilation;
    return (
      fits(height + pad[0] + pad[1], kernel[0], dilations[0]) &&
      fits(width + pad[2] + pad[3], kernel[1], dilations[1])
    );
  });

describe('simdConv2d', () => {
  it('convolves as TensorFlow.js does', () => {
    fc.assert(
      fc.property(convolutions, (given) => {
        tf.tidy(() => {
          const { batch, height, width, channels, outs, kernel, steps, pad, seed } = given;
          const random = (shape: readonly number[], more: number): tfjs.Tensor =>
            tf.randomNormal([...shape], 0, 3, 'float32', seed + more);
          const options = {
            x: random([batch, height, width, channels], 0),
            filter: random([...kernel, channels, outs], 1),
            bias: random([outs], 2),
            strides: [...steps.strides],
            dilations: [...steps.dilations],
            pad: [
              [0, 0],
              [pad[0], pad[1]],
              [pad[2], pad[3]],
              [0, 0],
            ],
            activation: given.activation,
          } as unknown as Convolution;
          const { shape } = expected(options);
          const all = {
            ...options,
            ...(given.adds && { summand: random(shape, 3) as tfjs.Tensor4D }),
            ...(given.slopes && { slopes: random([outs], 4) as tfjs.Tensor1D }),
          };
          const [y, wanted] = [convolve(all), expected(all)];
          expect(y.shape).toEqual(wanted.shape);
          const allowed = tf.mul(magnitudes(all), 1e-6);
          expect(tf.all(tf.lessEqual(tf.abs(tf.sub(wanted, y)), allowed)).dataSync()).toEqual(
            Uint8Array.of(1),
          );
        });
      }),
      { numRuns: 300 },
    );
  });

  const small = (): Convolution => ({
    x: tf.randomNormal([1, 5, 5, 4], 0, 1, 'float32', 1),
    filter: tf.randomNormal([3, 3, 4, 6], 0, 1, 'float32', 2),
    bias: tf.randomNormal([6], 0, 1, 'float32', 3),
    slopes: tf.randomNormal([6], 0, 1, 'float32', 4),
    summand: tf.randomNormal([1, 5, 5, 6], 0, 1, 'float32', 5),
    strides: [1, 1],
    dilations: [1, 1],
    pad: [
      [0, 0],
      [1, 1],
      [1, 1],
      [0, 0],
    ],
    activation: 'relu6',
  });

  it('gives the same numbers as TensorFlow.js, to the last bit', () => {
    tf.tidy(() => {
      const { summand: _, slopes: __, ...plain } = small();
      expect(convolve(plain).dataSync()).toEqual(tf.fused.conv2d(plain).dataSync());
    });
  });

  it('passes on what is no number, and negative zeros', () => {
    tf.tidy(() => {
      const x = tf.tensor4d([NaN, Infinity, -Infinity, -0, 1], [1, 1, 5, 1]);
      const one = { x, filter: tf.ones([1, 1, 1, 1]), bias: tf.zeros([1]), strides: [1, 1], pad: 'valid' };
      const of = (more: object): number[] => [
        ...convolve({ ...one, ...more } as unknown as Convolution).dataSync(),
      ];
      expect(of({})).toEqual([NaN, Infinity, -Infinity, 0, 1]);
      expect(of({ activation: 'relu6' })).toEqual([NaN, 6, 0, 0, 1]);
      expect(of({ slopes: tf.tensor1d([-2]) })).toEqual([NaN, Infinity, Infinity, 0, 1]);
    });
  });

  it('is one kernel, and leaves nothing in memory', () => {
    const before = tf.memory().numTensors;
    const options = small();
    const calls = vi.spyOn(tf.engine(), 'runKernel');
    const { wasm } = tf.backend() as unknown as { wasm: { _malloc(): number; _free(): void } };
    const [taken, freed] = [vi.spyOn(wasm, '_malloc'), vi.spyOn(wasm, '_free')];
    convolve(options).dispose();
    expect(calls.mock.calls.map(([name]) => name)).toEqual(['SimdConv2D']);
    expect(freed.mock.calls.length).toBe(taken.mock.calls.length);
    tf.dispose(Object.values(options).filter((value) => value instanceof tf.Tensor));
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each<[string, object | undefined]>([
    ['with threads', { buffer: new SharedArrayBuffer(8) }],
    ['whose memory does not fit', { buffer: new ArrayBuffer(8) }],
    ['that hides its memory', undefined],
  ])('leaves it to TensorFlow.js on a backend %s', (_, memory) => {
    tf.tidy(() => {
      const options = small();
      const wanted = convolve(options).dataSync();
      const { wasm } = tf.backend() as unknown as { wasm: { asm: object } };
      const { asm: own } = wasm;
      const calls = vi.spyOn(tf.engine(), 'runKernel');
      wasm.asm = { ...own, memory };
      try {
        expect(relativeDifference(wanted, convolve(options).dataSync())).toBeLessThan(1e-6);
      } finally {
        wasm.asm = own;
      }
      expect(calls.mock.calls.map(([name]) => name)).not.toContain('SimdConv2D');
    });
  });
});
