import { describe, expect, it } from 'vitest';
import { excludeMatcher, prunableSpaces } from '../../src/prune/select.js';
import { network, plain } from './network.js';

const ids = (ir: string, options: { allowMixes?: boolean; pruneKept?: boolean } = {}): string[] => {
  const settings = { allowMixes: false, pruneKept: false, ...options };
  return prunableSpaces(network(ir).analysis, settings).map((s) => s.id);
};

describe('prunable spaces', () => {
  it('are those that are not frozen', () => {
    expect(ids(plain)).toEqual(['a/kernel[3]', 'b/kernel[3]']);
  });

  it('have mixed ones among them only on request', () => {
    const mixing = `
      input %x "x": float32[N,3]
      param %k1 "a": float32[3,4]
      param %g "g": float32[4]
      param %k2 "b": float32[4,2]
      %y1 = dense(x: %x, k: %k1)
      %y2 = layer_norm(x: %y1, gamma: %g)
      %y3 = dense(x: %y2, k: %k2)
      output "y": %y3`;
    expect(ids(mixing)).toEqual([]);
    expect(ids(mixing, { allowMixes: true })).toEqual(['a[1]']);
  });

  it('have kept ones among them only on request', () => {
    const groups = `
      input %x "x": float32[N,2,2,3]
      param %k1 "a": float32[1,1,3,6]
      param %k2 "b": float32[3,3,3,4]
      param %k3 "c": float32[4,2]
      %y1 = conv(x: %x, k: %k1)
      %y2 = grouped(x: %y1, k: %k2) { g: 2 }
      %y3 = dense(x: %y2, k: %k3)
      output "y": %y3`;
    const all = ids(groups, { pruneKept: true });
    const some = ids(groups);
    expect(all.length).toBe(some.length + 1);
    expect(all).toEqual(expect.arrayContaining(some));
  });
});

describe('exclude patterns', () => {
  const { graph } = network(`
    input %x "x": float32[N,3]
    param %k1 "features/0/kernel": float32[3,4]
    param %k2 "features/10/kernel": float32[4,5]
    param %k3 "head/kernel": float32[5,2]
    %y1 = dense(x: %x, k: %k1) in "features/0" from "f0/MatMul" MatMul
    %y2 = dense(x: %y1, k: %k2) in "features/10" from "f10/MatMul" MatMul
    %y3 = dense(x: %y2, k: %k3) from "top" MatMul
    output "y": %y3`);

  it.each([
    ['features/0', ['y1']],
    ['features/*', ['y1', 'y2']],
    ['features', ['y1', 'y2']],
    ['**/kernel', ['y1', 'y2', 'y3']],
    ['head/kernel', ['y3']],
    ['f1?/MatMul', ['y2']],
    ['{top,f0}', ['y1', 'y3']],
    ['*', ['y1', 'y2', 'y3']],
  ])('%s', (pattern, expected) => {
    const matcher = excludeMatcher([pattern], graph);
    expect(graph.nodes.filter((node) => matcher.matches(node)).map((node) => node.id)).toEqual(expected);
    expect(matcher.diagnostics).toEqual([]);
  });

  it('that match nothing are warned about', () => {
    const matcher = excludeMatcher(['head', 'feature/0', 'kernel'], graph);
    expect(matcher.diagnostics.map((d) => [d.severity, d.message])).toEqual([
      ['warning', '--exclude "feature/0" matches nothing'],
      ['warning', '--exclude "kernel" matches nothing'],
    ]);
  });

  it('exclude nothing where there are none', () => {
    expect(graph.nodes.some((node) => excludeMatcher([], graph).matches(node))).toBe(false);
  });
});
