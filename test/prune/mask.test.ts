import { describe, expect, it } from 'vitest';
import { printGraph } from '../../src/ir/print.js';
import { maskGraph } from '../../src/prune/mask.js';
import { network, type Network, plain, testRules } from './network.js';

function masked({ graph, weights, rules, analysis }: Network, keep: ReadonlyMap<number, readonly number[]>) {
  const result = maskGraph(graph, weights, rules, analysis, keep);
  const added = Object.entries(result.graph.parameters).filter(([id]) => !(id in graph.parameters));
  return {
    graph: result.graph,
    nodes: result.graph.nodes.map(({ id, op, operands }) => `${id} = ${op} ${JSON.stringify(operands)}`),
    masks: added.map(([id, { name, dtype, shape }]) => [id, dtype, shape, [...result.weights.get(name)]]),
    weights: result.weights,
  };
}

describe('the masked network', () => {
  it('has masks multiplied in where axes end', () => {
    const net = network(plain);
    const keep = new Map([
      [net.space('a/kernel', 3).leaf, [0, 2, 7]],
      [net.space('b/kernel', 3).leaf, [5]],
    ]);
    const { nodes, masks, graph, weights } = masked(net, keep);
    expect(nodes).toEqual([
      'y1 = conv {"x":"x","k":"k1"}',
      'y2 = norm {"x":"y1","gamma":"g","beta":"b"}',
      'masked_2 = mul {"x":"y2","y":"mask_1"}',
      'y3 = conv {"x":"masked_2","k":"k2"}',
      'masked_4 = mul {"x":"y3","y":"mask_3"}',
      'y4 = dense {"x":"masked_4","k":"k3"}',
    ]);
    expect(masks).toEqual([
      ['mask_1', 'float32', [1, 1, 1, 8], [1, 0, 1, 0, 0, 0, 0, 1]],
      ['mask_3', 'float32', [1, 1, 1, 6], [0, 0, 0, 0, 0, 1]],
    ]);
    expect(graph.values['masked_2']).toEqual(net.graph.values['y2']);
    expect(weights.get('a/kernel')).toBe(net.weights.get('a/kernel'));
    expect(printGraph(graph)).toContain('masked_2');
  });

  it('is the original where nothing is removed', () => {
    const net = network(plain);
    const result = maskGraph(net.graph, net.weights, net.rules, net.analysis, new Map());
    expect(result.graph).toEqual(net.graph);
    expect(result.weights).toBe(net.weights);
  });

  it('shares the mask of a value between all that read it', () => {
    const net = network(`
      input %x "x": float32[N,3]
      param %k1 "a": float32[3,4]
      param %k2 "b": float32[4,2]
      param %k3 "c": float32[4,2]
      %y1 = dense(x: %x, k: %k1)
      %y2 = dense(x: %y1, k: %k2)
      %y3 = dense(x: %y1, k: %k3)
      %y4 = add(x: %y2, y: %y3)
      output "y": %y4`);
    const { nodes } = masked(net, new Map([[net.space('a', 1).leaf, [1, 2]]]));
    expect(nodes).toEqual([
      'y1 = dense {"x":"x","k":"k1"}',
      'masked_2 = mul {"x":"y1","y":"mask_1"}',
      'y2 = dense {"x":"masked_2","k":"k2"}',
      'y3 = dense {"x":"masked_2","k":"k3"}',
      'y4 = add {"x":"y2","y":"y3"}',
    ]);
  });

  it('masks both operands of a contraction, and several dimensions one after the other', () => {
    const net = network(`
      input %x "x": float32[5,3]
      param %k1 "a": float32[3,4]
      param %k2 "b": float32[3,6]
      %p = dense(x: %x, k: %k1)
      %q = dense(x: %x, k: %k2)
      %y = einsum(xs: [%p, %q, %p, %q]) { equation: 'ij,ik,lj,lk->il' }
      output "y": %y`);
    const keep = new Map([
      [net.space('a', 1).leaf, [3]],
      [net.space('b', 1).leaf, [0, 1]],
    ]);
    expect(masked(net, keep).nodes.slice(2)).toEqual([
      'masked_2 = mul {"x":"p","y":"mask_1"}',
      'masked_4 = mul {"x":"q","y":"mask_3"}',
      'y = einsum {"xs":["masked_2","masked_4","masked_2","masked_4"]}',
    ]);
    const square = network(`
      input %x "x": float32[5,3]
      param %k1 "a": float32[3,4]
      param %r "r": float32[4,6]
      param %k2 "b": float32[3,6]
      %p = dense(x: %x, k: %k1)
      %q = dense(x: %x, k: %k2)
      %y = einsum(xs: [%p, %r, %q]) { equation: 'ij,jk,ik->i' }
      output "y": %y`);
    const both = new Map([
      [square.space('a', 1).leaf, [3]],
      [square.space('b', 1).leaf, [0, 1]],
    ]);
    const { nodes, masks } = masked(square, both);
    expect(nodes.at(-1)).toMatch(/^y = einsum/);
    expect(masks.map((mask) => mask[2])).toContainEqual([1, 6]);
  });

  it('has masks of the element type of what they mask', () => {
    const net = network(`
      input %x "x": int32[N,3]
      param %k1 "a": int32[3,4]
      param %k2 "b": int32[4,2]
      %y1 = dense(x: %x, k: %k1)
      %y2 = dense(x: %y1, k: %k2)
      output "y": %y2`);
    const { masks } = masked(net, new Map([[net.space('a', 1).leaf, [1]]]));
    expect(masks).toEqual([['mask_1', 'int32', [1, 4], [0, 1, 0, 0]]]);
  });

  it('takes no name that is in use', () => {
    const net = network(`
      input %x "x": float32[N,3]
      param %mask_1 "mask_2": float32[3,4]
      param %k2 "b": float32[4,2]
      %masked_2 = dense(x: %x, k: %mask_1)
      %y2 = dense(x: %masked_2, k: %k2)
      output "y": %y2`);
    const { masks, nodes, weights } = masked(net, new Map([[net.space('b', 0).leaf, [1]]]));
    expect(masks).toEqual([['mask_2', 'float32', [1, 4], [0, 1, 0, 0]]]);
    expect(nodes[1]).toBe('masked_3 = mul {"x":"masked_2","y":"mask_2"}');
    expect(weights.get('mask_2')).toHaveLength(12);
  });

  it('needs a rule that multiplies', () => {
    const net = network(plain);
    const keep = new Map([[net.space('a/kernel', 3).leaf, [0]]]);
    const without = { ...net, rules: { ...testRules(), infix: new Map() } };
    expect(() => masked(without, keep)).toThrow('E408: the rules name no op that multiplies two tensors');
    const wrong = { ...net, rules: { ...testRules(), infix: new Map([['*', 'matmul']]) } };
    expect(() => masked(wrong, keep)).toThrow();
  });
});
