import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { runGraph } from '../../src/emit/interpret.js';
import { loadBackend, type Tf } from '../../src/emit/tf.js';
import type { DiagnosticError } from '../../src/diagnostics/diagnostic.js';
import type { SourcePort } from '../../src/import/source-graph.js';
import { maskGraph } from '../../src/prune/mask.js';
import type { PruneOptions } from '../../src/prune/options.js';
import { prune } from '../../src/prune/prune.js';
import { sliceWeights } from '../../src/prune/slice.js';
import { testInputs } from '../../src/verify/inputs.js';
import { verifyModel } from '../../src/verify/verify.js';
import { network, type Network, plain } from './network.js';

/** Residual addition, concatenation, grouped and depthwise convolution: most ways in which axes couple. */
const branching = `
  input %x "x": float32[N,4,4,3]
  param %k1 "stem": float32[3,3,3,8]
  param %k2 "left": float32[3,3,8,8]
  param %k3 "right": float32[1,1,8,4]
  param %g "gamma": float32[12]
  param %b "beta": float32[12]
  param %k4 "grouped": float32[3,3,6,4]
  param %k5 "depth": float32[3,3,4,2]
  param %k6 "head": float32[8,5]
  %y1 = conv(x: %x, k: %k1)
  %y2 = conv(x: %y1, k: %k2)
  %y3 = add(x: %y1, y: %y2)
  %y4 = conv(x: %y3, k: %k3)
  %y5 = concat(xs: [%y4, %y3]) { axis: 3 }
  %y6 = norm(x: %y5, gamma: %g, beta: %b)
  %y7 = conv(x: %y6, k: %k7)
  %y8 = grouped(x: %y7, k: %k4) { g: 2 }
  %y9 = depthwise(x: %y8, k: %k5)
  %y10 = dense(x: %y9, k: %k6)
  output "y": %y10`.replace('param %k4', 'param %k7 "mid": float32[1,1,12,12]\n  param %k4');

function pruned({ graph, weights, rules, analysis }: Network, options: PruneOptions) {
  return prune(graph, weights, rules, analysis, options);
}

const elements = (shape: readonly unknown[]): number => (shape as number[]).reduce((a, b) => a * b, 1);

describe('pruning', () => {
  it('changes nothing unless asked', () => {
    const net = network(plain);
    const result = pruned(net, {});
    expect(result.graph).toBe(net.graph);
    expect(result.weights).toBe(net.weights);
    expect(result.report).toEqual({
      target: null,
      spaces: { total: expect.any(Number) as number, prunable: 2, pruned: 0 },
      channels: { before: 14, after: 14 },
      macs: { before: 4704, after: 4704 },
      params: { before: 310, after: 310 },
      mixed: [],
      warnings: [],
    });
  });

  it('keeps the most important channels and reports what that saves', () => {
    const net = network(plain, {
      'a/kernel': new Float32Array(216),
      'a/norm/gamma': Float32Array.of(5, 1, 4, 2, 3, 0, 6, 7),
      'a/norm/beta': new Float32Array(8),
      'b/kernel': new Float32Array(48),
      'c/kernel': Float32Array.from({ length: 30 }, (_, i) => -i),
    });
    const { keep, graph, weights, report } = pruned(net, { ratio: 0.5 });
    expect(keep.get(net.space('a/kernel', 3).leaf)).toEqual([0, 2, 6, 7]);
    expect(keep.get(net.space('b/kernel', 3).leaf)).toEqual([3, 4, 5]);
    expect(graph.parameters['k2']!.shape).toEqual([1, 1, 4, 3]);
    expect([...weights.get('a/norm/gamma')]).toEqual([5, 4, 6, 7]);
    expect(weights.get('c/kernel')[0]).toBe(-15);
    expect(report.target).toEqual({ kind: 'ratio', amount: 0.5, reached: 0.5 });
    expect(report.spaces.pruned).toBe(2);
    expect(report.macs.after).toBe(16 * (4 * 27 + 3 * 4 + 5 * 3));
    expect(report.params.after).toBe(4 * 27 + 8 + 12 + 15);
  });

  it('has weights of the shapes that the pruned graph says', () => {
    const { graph, weights } = pruned(network(branching), { ratio: 0.5 });
    for (const { name, shape } of Object.values(graph.parameters)) {
      expect([name, weights.get(name).length]).toEqual([name, elements(shape)]);
    }
  });

  it('reaches half the multiply-accumulates exactly as reported', () => {
    const { report } = pruned(network(branching), { flops: 0.5 });
    const { macs, target } = report;
    expect(target!.reached).toBe(1 - macs.after / macs.before);
    expect(target!.reached).toBeGreaterThanOrEqual(0.5);
    expect(target!.reached).toBeLessThan(0.56);
  });

  it('does the same every time', () => {
    for (const importance of ['l1', 'l2', 'bn-scale', 'fpgm', 'lamp', 'random']) {
      const run = () => pruned(network(branching), { globalRatio: 0.4, importance, seed: 3 });
      expect([...run().keep]).toEqual([...run().keep]);
    }
  });

  it('warns where nothing can be pruned, and fails where a target says it must', () => {
    const fixed = network(`
      input %x "x": float32[N,3]
      param %k "k": float32[3,4]
      %y = dense(x: %x, k: %k)
      output "y": %y`);
    const { report } = pruned(fixed, { ratio: 0.5 });
    expect(report.warnings.map((d) => [d.code, d.severity, d.why])).toEqual([
      ['E406', 'warning', 'Of 2 spaces 2 are frozen; the others are kept or mixed unless asked for.'],
    ]);
    expect(() => pruned(fixed, { flops: 0.5 })).toThrow("E404: --flops 0.5 can't be met: at most 0 of");
  });

  it('rejects wrong options, all at once', () => {
    try {
      pruned(network(plain), { ratio: 3, roundTo: -1 });
      expect.unreachable();
    } catch (error) {
      expect((error as DiagnosticError).diagnostics.map((d) => d.code)).toEqual(['E401', 'E401']);
    }
  });
});

describe('sliced weights', () => {
  it('of a weight that two parameters share must agree', () => {
    const net = network(`
      input %x "x": float32[N,3]
      param %k1 "k": float32[3,3]
      param %k2 "k2": float32[3,3]
      param %k3 "k3": float32[3,2]
      %y1 = dense(x: %x, k: %k1)
      %y2 = dense(x: %y1, k: %k2)
      %y3 = dense(x: %y2, k: %k3)
      output "y": %y3`);
    const keep = new Map([[net.space('k', 1).leaf, [1]]]);
    const { graph } = net;
    const shared = {
      ...graph,
      parameters: { ...graph.parameters, k2: { ...graph.parameters['k2']!, name: 'k' } },
    };
    expect(() => sliceWeights(shared, net.weights, net.analysis, keep)).toThrow('E412');
    expect([...sliceWeights(graph, net.weights, net.analysis, keep).get('k')]).toHaveLength(3);
  });

  it('are not held on to', () => {
    const net = network(plain);
    const keep = new Map([[net.space('a/kernel', 3).leaf, [1]]]);
    const sliced = sliceWeights(net.graph, net.weights, net.analysis, keep);
    expect(sliced.get('a/kernel')).not.toBe(sliced.get('a/kernel'));
    expect(sliced.get('c/kernel')).toBe(net.weights.get('c/kernel'));
    expect(sliced.has('a/kernel')).toBe(true);
    expect(sliced.has('elsewhere')).toBe(false);
  });
});

describe('the pruned network', () => {
  let tf: Tf;
  beforeAll(async () => {
    tf = await loadBackend('cpu');
  });

  async function difference(net: Network, options: PruneOptions, maskedBy = options): Promise<number> {
    const { rules, graph, weights, analysis } = net;
    const result = pruned(net, options);
    const masked = maskGraph(graph, weights, rules, analysis, pruned(net, maskedBy).keep);
    const signature: SourcePort[] = graph.inputs.map(({ name, value }) => ({
      name,
      ...graph.values[value]!,
    }));
    const verification = await verifyModel(
      {
        reference: null,
        unpruned: null,
        masked: (inputs) => runGraph(masked.graph, masked.weights, rules, inputs, tf),
        pruned: (inputs) => runGraph(result.graph, result.weights, rules, inputs, tf),
      },
      testInputs(signature, { seed: 1 }),
      { mixed: result.report.mixed },
    );
    expect(result.keep.size).toBeGreaterThan(0);
    return verification.checks[0]!.relative;
  }

  // the test rules' grouped convolution has no grouped emission; one group is an ordinary one
  const oneGroup = branching.replace('[3,3,6,4]', '[3,3,12,4]').replace('{ g: 2 }', '{ g: 1 }');

  it('computes what the masked one computes', async () => {
    expect(await difference(network(plain), { ratio: 0.5 })).toBeLessThan(1e-6);
    expect(await difference(network(oneGroup), { ratio: 0.5 })).toBeLessThan(1e-6);
  });

  it('differs from one with other channels masked', async () => {
    const [options, other] = [1, 2].map((seed) => ({ ratio: 0.5, importance: 'random', seed }));
    expect(await difference(network(oneGroup), options!, other)).toBeGreaterThan(0.01);
  });

  it('computes the same whatever is removed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.double({ min: 0.2, max: 0.8, noNaN: true }), async (seed, amount) => {
        const options = { importance: 'random', seed, globalRatio: amount };
        expect(await difference(network(oneGroup), options)).toBeLessThan(1e-6);
      }),
      { numRuns: 10 },
    );
  });
});
