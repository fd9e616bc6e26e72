import { describe, expect, it } from 'vitest';
import { resizeGraph } from '../../src/axes/resize.js';
import { costModel } from '../../src/prune/cost.js';
import { network, type Network, plain, testRules } from './network.js';

const unchanged = new Map<number, number>();

function macs(ir: string): number {
  const { graph, rules, analysis } = network(ir);
  return costModel(graph, rules, analysis).macs(unchanged);
}

function costs({ graph, rules, analysis }: Network) {
  return costModel(graph, rules, analysis);
}

describe('multiply-accumulates', () => {
  it('of convolutions and dense layers', () => {
    // 16 pixels: 8·27, 6·8, 5·6; the normalisation contracts nothing
    expect(macs(plain)).toBe(16 * (8 * 27 + 6 * 8 + 5 * 6));
  });

  it('of grouped and depthwise convolutions', () => {
    expect(
      macs(`
        input %x "x": float32[N,4,4,6]
        param %k "k": float32[3,3,3,8]
        %y = grouped(x: %x, k: %k) { g: 2 }
        output "y": %y`),
    ).toBe(16 * 8 * 9 * 3);
    expect(
      macs(`
        input %x "x": float32[N,4,4,6]
        param %k "k": float32[3,3,6,2]
        %y = depthwise(x: %x, k: %k)
        output "y": %y`),
    ).toBe(16 * 12 * 9);
  });

  it('of a product of activations, its batch axes broadcast', () => {
    expect(
      macs(`
        input %a "a": float32[N,7,4,5]
        input %b "b": float32[5,6]
        %y = matmul(a: %a, b: %b)
        output "y": %y`),
    ).toBe(7 * 4 * 5 * 6);
  });

  it('of an equation', () => {
    const einsum = (equation: string): number =>
      macs(`
        input %a "a": float32[2,3]
        input %b "b": float32[3,5]
        %y = einsum(xs: [%a, %b]) { equation: '${equation}' }
        output "y": %y`);
    expect(einsum('ij,jk->ik')).toBe(30);
    expect(einsum('ij,jk->ijk')).toBe(0);
  });

  it('are nothing where nothing is contracted', () => {
    expect(
      macs(`
        input %x "x": float32[N,4,6]
        param %b "b": float32[6]
        %y = add(x: %x, y: %b)
        %z = concat(xs: [%y, %x]) { axis: 1 }
        output "z": %z`),
    ).toBe(0);
  });

  it('do not count what is computed when the model is compiled', () => {
    expect(
      macs(`
        input %x "x": float32[N,6]
        param %a "a": float32[6,3]
        param %b "b": float32[3,5]
        %k = matmul(a: %a, b: %b)
        %y = dense(x: %x, k: %k)
        output "y": %y`),
    ).toBe(30);
  });

  it('are those that a rule states', () => {
    const net = network(`
      input %x "x": float32[N,7,3]
      param %k "k": float32[3,8]
      param %c "c": float32[8]
      param %o "o": float32[8,2]
      %h = dense(x: %x, k: %k)
      %y = costly(x: %h, k: %c) { times: 5 }
      %z = dense(x: %y, k: %o)
      output "z": %z`);
    const { leaf } = net.space('c', 0);
    expect(costs(net).macs(unchanged)).toBe(7 * 24 + (5 * 8 * 7 + 8) + 7 * 16);
    expect(costs(net).macs(new Map([[leaf, 3]]))).toBe(7 * 9 + (5 * 3 * 7 + 8) + 7 * 6);
  });

  it('that a rule states wrongly are a diagnostic', () => {
    const rules = testRules(`
      /// Wrong.
      op wrong(x) -> y { axes x[a...] -> y[a...]  cost 'many'  emit x }`);
    const net = network(`input %x "x": float32[N,7]\n%y = wrong(x: %x)\noutput "y": %y`, {}, rules);
    expect(() => costs(net).macs(unchanged)).toThrow('E413: the cost of "wrong" can\'t be computed');
  });
});

describe('costs under pruning', () => {
  const branches = `
    input %x "x": float32[N,4,4,3]
    param %k1 "a": float32[3,3,3,8]
    param %k2 "b": float32[3,3,3,4]
    param %k3 "c": float32[3,3,12,6]
    param %k4 "d": float32[3,3,6,2]
    param %k5 "e": float32[12,5]
    %y1 = conv(x: %x, k: %k1)
    %y2 = conv(x: %x, k: %k2)
    %y3 = concat(xs: [%y1, %y2]) { axis: 3 }
    %y4 = conv(x: %y3, k: %k3)
    %y5 = depthwise(x: %y4, k: %k4)
    %y6 = dense(x: %y5, k: %k5)
    output "y": %y6`;

  it('are those of the pruned graph', () => {
    const net = network(branches);
    const keep = new Map([
      [net.space('a', 3).leaf, [0, 2, 3]],
      [net.space('b', 3).leaf, [1]],
      [net.space('c', 3).leaf, [1, 4]],
    ]);
    const sizes = new Map([...keep].map(([leaf, kept]) => [leaf, kept.length]));
    const pruned = resizeGraph(net.graph, net.rules, net.analysis, keep);
    const elements = Object.values(pruned.parameters).map((p) =>
      (p.shape as number[]).reduce((a, b) => a * b, 1),
    );
    expect(costs(net).params(sizes)).toBe(elements.reduce((a, b) => a + b, 0));
    // 3→3 and 3→1, 4→2, 2·2 depthwise, 4→5
    expect(costs(net).macs(sizes)).toBe(16 * (9 * 3 * 3 + 9 * 3 * 1 + 9 * 4 * 2 + 9 * 4 + 4 * 5));
  });
});

describe('slopes of costs', () => {
  it('say what each space computes, and how much is read and written for that', () => {
    const net = network(`
      input %x "x": float32[N,4,4,3]
      param %k1 "a": float32[3,3,3,8]
      param %g "g": float32[8]
      param %k2 "b": float32[3,3,8,1]
      param %k3 "c": float32[1,1,8,6]
      param %k4 "d": float32[6,5]
      %y1 = conv(x: %x, k: %k1)
      %y2 = norm(x: %y1, gamma: %g, beta: %g)
      %y3 = depthwise(x: %y2, k: %k2)
      %y4 = conv(x: %y3, k: %k3)
      %y5 = dense(x: %y4, k: %k4)
      output "y": %y5`);
    const { macs, elements } = costs(net).slopes();
    const [wide, narrow] = [net.space('a', 3).leaf, net.space('c', 3).leaf];
    expect(macs.get(wide)).toBe(16 * (27 * 8 + 9 * 8 + 8 * 6));
    expect(macs.get(narrow)).toBe(16 * (8 * 6 + 6 * 5));
    // written by one convolution, read and written by the next, read by the last; the normalisation multiplies nothing
    expect(elements.get(wide)).toBe(16 * 4 * 8);
    expect(elements.get(narrow)).toBe(16 * 2 * 6);
  });
});
