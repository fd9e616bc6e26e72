import { describe, expect, it } from 'vitest';
import type { Graph, Node } from '../../src/ir/graph.js';
import { parseGraph } from '../../src/ir/parse.js';
import { verifyGraph } from '../../src/ir/verify.js';
import { rulesOf } from '../rules-of.js';

const rules = rulesOf(`
/// Scaled.
op scaled(x, bias?) -> y { axes x[a...] bias[a...] -> y[a...] attrs by: float = 1 emit tf.mul(x, by) }
/// A product.
op dense(x, k) -> y { axes x[n, i] k[i, o] -> y[n, o] attrs i: int emit tf.matMul(x, k) }
/// One after the other.
op concat(xs*) -> y { axes xs*[lead..., c*] -> y[lead..., (+ c*)] emit tf.concat(xs, -1) }
`);

const { graph: good } = parseGraph(
  `graph "net" {
  input %x "x": float32[N,4]
  param %k "k": float32[4,2]
  %d = dense(x: %x, k: %k)
  %s = scaled(x: %d)
  %y = concat(xs: [%s, %d])
  output "y": %y
}`,
  rules,
);

function withNode(id: string, change: (node: Node) => Node): Graph {
  return { ...good, nodes: good.nodes.map((node) => (node.id === id ? change(node) : node)) };
}

function messages(graph: Graph): string[] {
  return verifyGraph(graph, rules).map(({ code, message }) => `${code}: ${message}`);
}

describe('the verifier', () => {
  it('accepts a graph that is well-formed', () => {
    expect(messages(good)).toEqual([]);
  });

  it.each<[string, Graph, string[]]>([
    [
      'order',
      { ...good, nodes: [...good.nodes].reverse() },
      [
        'E803: %s is read before it is defined',
        'E803: %d is read before it is defined',
        'E803: %d is read before it is defined',
      ],
    ],
    [
      'an output that is not there',
      { ...good, outputs: [{ name: 'y', value: 'z' }] },
      ['E803: the output "y" is %z, which nothing defines'],
    ],
    [
      'outputs of one name',
      { ...good, outputs: [...good.outputs, ...good.outputs] },
      ['E804: two outputs are named "y"'],
    ],
    [
      'a value that nothing defines',
      { ...good, values: { ...good.values, z: good.values['x']! } },
      ['E803: %z has a type, and nothing defines it'],
    ],
    [
      'a value without type',
      { ...good, values: Object.fromEntries(Object.entries(good.values).filter(([id]) => id !== 'y')) },
      ['E806: %y, defined by the node %y, has no type'],
    ],
    [
      'a second definition',
      { ...good, inputs: [...good.inputs, { name: 'again', value: 'k' }] },
      ['E804: %k is defined again by the parameter "k"'],
    ],
    [
      'an unknown op',
      withNode('s', (node) => ({ ...node, op: 'scale' })),
      ['E802: no rule defines the op scale'],
    ],
    [
      'an operand that is missing',
      withNode('s', ({ operands: { x }, ...node }) => ({ ...node, operands: { x: x! } })),
      ['E805: the operand bias is missing'],
    ],
    [
      'an operand that is left out',
      withNode('s', (node) => ({ ...node, operands: { x: null, bias: null } })),
      ['E805: the operand x can not be left out'],
    ],
    [
      'a list for one value',
      withNode('s', (node) => ({ ...node, operands: { x: ['d'], bias: null } })),
      ['E805: the operand x is one value, not a list'],
    ],
    [
      'an operand too many',
      withNode('s', (node) => ({ ...node, operands: { ...node.operands, z: null } })),
      ['E805: scaled has no operand z'],
    ],
    [
      'an attribute too many',
      withNode('s', (node) => ({ ...node, attrs: { by: 1, to: 2 } })),
      ['E805: scaled has no attribute to'],
    ],
    [
      'an attribute that is missing',
      withNode('s', (node) => ({ ...node, attrs: {} })),
      ['E805: the attribute by of scaled is missing'],
    ],
    [
      'a name that is not the first result',
      withNode('y', (node) => ({ ...node, id: 'z' })),
      ['E805: a node must be named like its first result'],
    ],
    [
      'a size that contradicts the axis of its name',
      withNode('d', (node) => ({ ...node, attrs: { i: 5 } })),
      ['E301: axis i is 4 in x, but it is 5 elsewhere'],
    ],
    [
      'a type that is not the inferred one',
      { ...good, values: { ...good.values, y: { dtype: 'float32', shape: [{ batch: 1 }, 5] } } },
      ['E806: the rule of concat makes result 0 float32[N,4]'],
    ],
    [
      'a parameter of another type',
      { ...good, parameters: { k: { name: 'k', dtype: 'float32', shape: [4, 3] } } },
      ['E806: %k is float32[4,2], and its parameter float32[4,3]'],
    ],
  ])('refuses %s', (_what, graph, expected) => {
    expect(messages(graph)).toEqual(expected);
  });

  it('checks that the data of parameters is there, where it is given', () => {
    const weights = (length: number) => ({ has: () => length > 0, get: () => new Float32Array(length) });
    const found = (length: number): string[] =>
      verifyGraph(good, rules, weights(length)).map(({ message }) => message);
    expect(found(8)).toEqual([]);
    expect(found(7)).toEqual(['the parameter "k" is float32[4,2], and has 7 elements']);
    expect(found(0)).toEqual(['there is no data for the parameter "k"']);
  });

  it('says at which node', () => {
    expect(
      verifyGraph(
        withNode('s', (node) => ({ ...node, attrs: {} })),
        rules,
      )[0]?.where,
    ).toBe('node %s: float32[N,2] = scaled(x: %d, bias: none)');
  });
});
