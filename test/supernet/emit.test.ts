/** Emitted supernets: switched while they run, and equal to every deployed subnet. */
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import { describe, expect, it } from 'vitest';
import { relativeDifference } from '../../src/cases/data.js';
import { emitSupernet, testSubnets } from '../../src/compile/compile-supernet.js';
import type { PreparedModel } from '../../src/compile/prepare.js';
import { Timings } from '../../src/compile/timings.js';
import { resizeGraph } from '../../src/axes/resize.js';
import { runGraph } from '../../src/emit/interpret.js';
import { importEmitted, loadEmitted } from '../../src/emit/run-module.js';
import { readSafetensors } from '../../src/emit/safetensors.js';
import { loadBackend } from '../../src/emit/tf.js';
import { sliceWeights } from '../../src/prune/slice.js';
import { supernetOf, type TestNet } from './support.js';

const residual = `graph "residual" {
  input %x "x": float32[N,8,8,3]
  param %k1 "conv1/weight": float32[3,3,3,8]
  param %g "bn1/gamma": float32[8] = random(0.5, 2)
  param %b "bn1/beta": float32[8]
  param %m "bn1/mean": float32[8]
  param %v "bn1/variance": float32[8] = random(0.5, 2)
  param %k2 "conv2/weight": float32[3,3,8,6]
  param %k3 "conv3/weight": float32[1,1,8,6]
  param %w "fc/weight": float32[14,5]
  %c1 = conv2d(x: %x, k: %k1, b: none, alpha: none) { pad: 'same' } in "conv1"
  %n1 = batch_norm(x: %c1, gamma: %g, beta: %b, mean: %m, variance: %v) in "bn1"
  %r1 = relu(x: %n1)
  %c2 = conv2d(x: %r1, k: %k2, b: none, alpha: none) { pad: 'same' } in "conv2"
  %c3 = conv2d(x: %r1, k: %k3, b: none, alpha: none) { pad: 'same' } in "conv3"
  %s = add(x: %c2, y: %c3)
  %cat = concat(xs: [%s, %r1]) { axis: 3 }
  %p = mean(x: %cat) { over: [1, 2] }
  %y = dense(x: %p, k: %w, b: none, alpha: none) in "fc"
  output "y": %y
}`;

const prepared = (net: TestNet): PreparedModel => ({
  graph: net.graph,
  weights: net.weights,
  rules: net.rules,
  source: undefined as never,
  tail: null,
  warnings: [],
});

const options = { pipeline: 'trainable', backend: 'wasm' } as const;

describe('an emitted supernet', () => {
  it('computes what each deployed subnet does, switched while it runs', async () => {
    const net = supernetOf(residual);
    const { module, spaces } = await emitSupernet(prepared(net), options, new Timings());
    const model = await loadEmitted(module, 'cpu');
    const tf = await loadBackend('cpu');
    for (const keep of testSubnets(spaces, 3).values()) {
      const graph = resizeGraph(net.graph, net.rules, spaces.analysis, keep);
      const weights = sliceWeights(net.graph, net.weights, spaces.analysis, keep);
      const deployed = await runGraph(graph, weights, net.rules, net.inputs, tf);
      model.setSubnet(
        Object.fromEntries(
          spaces.list.map(({ space }) => [
            space.id,
            keep.get(space.leaf) ?? Array.from({ length: space.size }, (_, i) => i),
          ]),
        ),
      );
      const switched = await model.predict(net.inputs);
      expect(relativeDifference(deployed['y']!.data, switched['y']!.data)).toBeLessThan(1e-5);
    }
    model.dispose();
  });

  it('says what its spaces and masks are', async () => {
    const { module } = await emitSupernet(prepared(supernetOf(residual)), options, new Timings());
    expect(module.modelTs).toContain(`export const spaces = {
  'conv1/weight[3]': 8,
  'conv2/weight[3]': 6,
} as const;`);
    expect(module.modelTs).toContain(`{ term: { sum: ['conv2/weight[3]', 'conv1/weight[3]'] }`);
    expect([...readSafetensors(module.weights).keys()].some((name) => name.includes('mask'))).toBe(false);
  });

  it('switches bins, refuses what is wrong, leaks nothing, and is trained where its masks let it', async () => {
    const net = supernetOf(residual);
    const { module } = await emitSupernet(prepared(net), options, new Timings());
    const tf = await loadBackend('cpu');
    const model = (await (
      await importEmitted(module.modelTs)
    ).load(Uint8Array.from(module.weights).buffer)) as unknown as {
      predict(x: unknown): { dataSync(): Float32Array; dispose(): void };
      setSubnet(subnet: object): void;
      setMaxChannel(): void;
      setChannelBins(bins: object): void;
      dispose(): void;
    };
    const loaded = tf.memory().numTensors;
    const x = tf.tensor4d(net.inputs['x']!.data as Float32Array, net.inputs['x']!.shape as never);
    const run = (): number[] => {
      const y = model.predict(x);
      const values = [...y.dataSync()];
      y.dispose();
      return values;
    };
    const whole = run();
    model.setChannelBins({ 'conv1/weight[3]': [true, false, true] });
    const bins = run();
    expect(bins).not.toEqual(whole);
    model.setSubnet({ 'conv1/weight[3]': [0, 1, 5, 6, 7] });
    expect(run()).toEqual(bins);
    model.setSubnet({
      'conv1/weight[3]': [true, true, false, false, false, true, true, true],
    });
    expect(run()).toEqual(bins);
    expect(() => model.setSubnet({ nowhere: [0] })).toThrow('There is no channel space nowhere');
    expect(() => model.setSubnet({ 'conv1/weight[3]': [8] })).toThrow('has channels 0 to 7, not 8');
    expect(() => model.setSubnet({ 'conv1/weight[3]': [] })).toThrow('would be left without channels');
    expect(() => model.setSubnet({ 'conv1/weight[3]': [true] })).toThrow('has 8 channels, and its mask 1');
    expect(run()).toEqual(bins);
    model.setMaxChannel();
    expect(run()).toEqual(whole);
    expect(tf.memory().numTensors).toBe(loaded + 1);

    // Only weights are trained: three kernels, the dense layer's, and the normalisation's parameters.
    model.setSubnet({ 'conv2/weight[3]': [0, 1] });
    const loss = (): never => tf.tidy(() => tf.sum(model.predict(x) as never)) as never;
    const { grads, value } = tf.variableGrads(loss);
    expect(Object.keys(grads)).toHaveLength(8);
    const conv2 = Object.values(grads).find((g) => String(g.shape) === '3,3,8,6')!;
    const perChannel = tf.sum(tf.abs(conv2), [0, 1, 2]).dataSync();
    expect([...perChannel].map((g) => g > 0)).toEqual([true, true, false, false, false, false]);
    tf.dispose([value, ...Object.values(grads)]);
    model.dispose();
    x.dispose();
  });

  it('has a set of normalisation parameters for each of some subnets', async () => {
    const net = supernetOf(residual);
    const { module } = await emitSupernet(prepared(net), { ...options, switchableBn: 2 }, new Timings());
    const stored = [...readSafetensors(module.weights).keys()];
    expect(stored).toContain('bn1/bns/0/gamma');
    expect(stored).toContain('bn1/bns/1/variance');
    expect(stored).not.toContain('bn1/gamma');
    const tf = await loadBackend('cpu');
    const before = tf.memory().numTensors;
    const model = await loadEmitted(module, 'cpu');
    // Two sets of four parameters, the four other weights, and the masks of three values.
    expect(tf.memory().numTensors - before).toBe(2 * 4 + 4 + 2);
    const first = await model.predict(net.inputs);
    model.setSubnet({}, 1);
    expect(await model.predict(net.inputs)).toEqual(first);
    expect(() => model.setSubnet({}, 2)).toThrow('There is no set 2 of normalisation parameters');
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
