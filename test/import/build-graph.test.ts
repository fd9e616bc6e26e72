import { describe, expect, test } from 'vitest';
import { importGraph } from '../../src/import/build-graph.js';
import type { ImportedGraph } from '../../src/import/build-graph.js';
import { DiagnosticError } from '../../src/diagnostics/diagnostic.js';
import { printGraph } from '../../src/ir/print.js';
import type { RuleSet } from '../../src/lang/ast.js';
import { rulesOf } from '../rules-of.js';
import { printDiagnostic } from './models.js';
import { node, sourceGraph, structure } from './source.js';
import type { SourceParts } from './source.js';

const rules = rulesOf(`
/// Axes in another order.
op permute(x) -> y {
  attrs perm: int[]
  axes  y = permute(x, perm)
  from  tf Transpose(x, perm)
  emit  tf.transpose(x, perm)
}
/// A convolution of NHWC images.
op conv(x, k, b?) -> y {
  axes  x[n, h, w, i]  k[kh, kw, i, o]  b[o] -> y[n, oh, ow, o]
  attrs stride: int = 1, activation: 'linear' | 'relu' = 'linear'
  sizes oh = window(h, kh, stride, 1, 'same', 0), ow = window(w, kw, stride, 1, 'same', 0)
  from  tf Conv2D(x, k) when data_format != 'NCHW' { stride = strides.1 }
  from  tf Conv2D(x[n, i, h, w], k) when data_format == 'NCHW' -> y[n, o, oh, ow] { stride = strides.2 }
  from  tf FusedConv(x, k, b) when fused == 'relu' => relu(conv(x, k, b) { stride: strides.1 })
  from  tfjs Conv2D(x, filter as k, bias as b?) { stride = strides }
  from  torch ConvolutionBackward(x[n, i, h, w], k[o, i, kh, kw], b?) -> y[n, o, oh, ow] { stride }
  emit when b: tf.add(tf.conv2d(x, k, stride, 'same'), b)
  emit  tf.conv2d(x, k, stride, 'same')
}
/// The positive part.
op relu(x) -> y {
  axes  x[a...] -> y[a...]
  zeros x
  from  tf Relu(x)
  from  torch ReluBackward(x)
  emit  tf.relu(x)
}
/// A sum.
op add(x, y) -> z {
  axes  x[a...] y[b...] -> z[broadcast(a, b)...]
  value elementwise(x + y)
  from  tf AddV2(x, y)
  emit  tf.add(x, y)
}
/// A product of matrices.
op dense(x, k, b?) -> y {
  axes  x[n, i] k[i, o] b[o] -> y[n, o]
  from  tf MatMul(x, k)
  from  torch AddmmBackward(b, x, TBackward(k[o, i]))
  from  torch MmBackward(x, TBackward(k[o, i]))
  emit when b: tf.add(tf.matMul(x, k), b)
  emit  tf.matMul(x, k)
}
/// Another shape.
op reshape(x) -> y {
  attrs shape: int[]
  axes  y = reshape(x, shape)
  from  tf Reshape(x, shape)
  emit  tf.reshape(x, shape(y))
}
/// The sizes of the axes.
op shape_of(x) -> y {
  axes  y = fixed([rank(x)])
  dtype y = 'int32'
  value shape(x)
  from  tf Shape(x)
  emit  tf.tensor1d(shape(x), 'int32')
}
/// One item of a list of numbers.
op item(x) -> y {
  attrs i: int
  axes  y = fixed([])
  value x[i]
  from  tf Item(x) { i }
  emit  tf.reshape(tf.slice(x, [i], [1]), [])
}
/// Numbers side by side.
op pack(xs*) -> y {
  axes  xs*[a...] -> y[n, a...]
  sizes n = len(xs)
  value xs
  from  tf Pack(xs*)
  emit  tf.stack(xs)
}
/// A number as a float.
op cast(x) -> y {
  axes  x[a...] -> y[a...]
  dtype y = 'float32'
  value x
  from  tf Cast(x)
  emit  tf.cast(x, 'float32')
}
/// Parts.
op split(x) -> ys* {
  attrs sizes: int[]
  axes  x[n, (+ c*)] -> ys*[n, c*]  where |c*| = sizes
  from  tf Split(x) { sizes }
  emit  tf.split(x, sizes, 1)
}
/// The slices along the first axis.
op unstack(x) -> ys* {
  axes  x[n, a...] -> ys*[a...]  where |ys| = size(x, 0)
  fixed n
  from  tf Unpack(x)
  emit  tf.unstack(x)
}
/// Whether x < y.
op less(x, y) -> z {
  axes  x[a...] y[b...] -> z[broadcast(a, b)...]
  dtype z = 'bool'
  value elementwise(x < y)
  from  tf Less(x, y)
  emit  tf.less(x, y)
}
/// Zeros of a shape.
op zeros() -> y {
  attrs shape: int[], to: dtype = 'float32'
  axes  y = fixed([max(1, size) for size in shape])
  dtype y = to
  from  tf Zeros(shape)
  emit  tf.zeros(shape)
}
/// The shape of two tensors, as the first says.
op first(x) -> y {
  axes  x[a...] -> y[a...]
  from  tf First(x, like) when shape(x) == shape(like)
  emit  tf.identity(x)
}
/// Boxes.
op boxes(x) -> y {
  dynamic 'how many boxes are left depends on their scores'
  from  tf Boxes(x)
}
`);

function run(parts: SourceParts, using: RuleSet = rules): ImportedGraph {
  const { graph, weights } = sourceGraph(parts);
  return importGraph(graph, weights, using);
}

/** The graph without provenance. */
function text(parts: SourceParts): string {
  return printGraph(run(parts).graph, { provenance: false });
}

function errors(parts: SourceParts): string {
  try {
    run(parts);
  } catch (error) {
    if (error instanceof DiagnosticError) return error.diagnostics.map(printDiagnostic).join('\n\n');
    throw error;
  }
  throw new Error('no diagnostic was raised');
}

const image = { x: [{ batch: 1 }, 8, 8, 4] };
const kernel = { k: { shape: [3, 3, 4, 16] }, k2: { shape: [3, 3, 16, 16] } };

describe('matching', () => {
  test('binds operands, evaluates attributes, keeps where a node came from', () => {
    const { graph, tail } = run({
      inputs: image,
      constants: kernel,
      nodes: [node('net/conv', 'Conv2D', ['x', 'k'], { strides: [1, 2, 2, 1] }, { scope: 'net' })],
      outputs: ['net/conv'],
    });
    expect(tail).toBeNull();
    expect(graph).toMatchInlineSnapshot(`
      {
        "inputs": [
          {
            "name": "x",
            "value": "in0",
          },
        ],
        "name": "test",
        "nodes": [
          {
            "attrs": {
              "activation": "linear",
              "stride": 2,
            },
            "id": "0",
            "op": "conv",
            "operands": {
              "b": null,
              "k": "p0",
              "x": "in0",
            },
            "results": [
              "0",
            ],
            "rule": {
              "file": "test.rules",
              "line": 14,
            },
            "scope": "net",
            "source": {
              "name": "net/conv",
              "type": "Conv2D",
            },
          },
        ],
        "outputs": [
          {
            "name": "net/conv",
            "value": "0",
          },
        ],
        "parameters": {
          "p0": {
            "dtype": "float32",
            "name": "k",
            "shape": [
              3,
              3,
              4,
              16,
            ],
          },
        },
        "values": {
          "0": {
            "dtype": "float32",
            "shape": [
              {
                "batch": 1,
              },
              4,
              4,
              16,
            ],
          },
          "in0": {
            "dtype": "float32",
            "shape": [
              {
                "batch": 1,
              },
              8,
              8,
              4,
            ],
          },
          "p0": {
            "dtype": "float32",
            "shape": [
              3,
              3,
              4,
              16,
            ],
          },
        },
      }
    `);
  });

  test('drops what no output needs, even where it has no rule', () => {
    const parts: SourceParts = {
      inputs: image,
      constants: kernel,
      nodes: [
        node('a', 'Conv2D', ['x', 'k'], { strides: [1, 1, 1, 1] }),
        node('b', 'Nonsense', ['a']),
        node('c', 'Relu', ['a']),
      ],
      outputs: ['c'],
    };
    expect(text(parts)).toMatchInlineSnapshot(`
      "graph "test" {
        input %in0 "x": float32[N,8,8,4]
        param %p0 "k": float32[3,3,4,16]
        %0: float32[N,8,8,16] = conv(x: %in0, k: %p0, b: none) { stride: 1, activation: 'linear' }
        %1: float32[N,8,8,16] = relu(x: %0)
        output "c": %1
      }
      "
    `);
  });

  test('one source node may become several', () => {
    const nodes = [node('a', 'FusedConv', ['x', 'k', 'b'], { strides: [1, 1, 1, 1], fused: 'relu' })];
    expect(text({ inputs: image, constants: { ...kernel, b: { shape: [16] } }, nodes, outputs: ['a'] }))
      .toMatchInlineSnapshot(`
      "graph "test" {
        input %in0 "x": float32[N,8,8,4]
        param %p0 "k": float32[3,3,4,16]
        param %p1 "b": float32[16]
        %0: float32[N,8,8,16] = conv(x: %in0, k: %p0, b: %p1) { stride: 1, activation: 'linear' }
        %1: float32[N,8,8,16] = relu(x: %0)
        output "a": %1
      }
      "
    `);
  });

  test('inputs may have names, and be left out', () => {
    const nodes = [node('a', 'Conv2D', ['filter=k', 'x=x'], { strides: 2 })];
    expect(text({ source: 'tfjs', inputs: image, constants: kernel, nodes, outputs: ['a'] }))
      .toMatchInlineSnapshot(`
      "graph "test" {
        input %in0 "x": float32[N,8,8,4]
        param %p0 "k": float32[3,3,4,16]
        %0: float32[N,4,4,16] = conv(x: %in0, k: %p0, b: none) { stride: 2, activation: 'linear' }
        output "a": %0
      }
      "
    `);
  });

  test('several results are several outputs', () => {
    const nodes = [node('a', 'Split', ['x'], { sizes: [1, 3] }), node('b', 'Relu', ['a:1'])];
    expect(text({ inputs: { x: [2, 4] }, nodes, outputs: ['b', 'a'] })).toMatchInlineSnapshot(`
      "graph "test" {
        input %in0 "x": float32[2,4]
        %0: float32[2,1], %1: float32[2,3] = split(x: %in0) { sizes: [1, 3] }
        %2: float32[2,3] = relu(x: %1)
        output "b": %2
        output "a": %0
      }
      "
    `);
  });

  test('the longest prefix and nested nodes, in torch', () => {
    const nodes = [
      node('t', 'TBackward0', ['k']),
      node('a', 'AddmmBackward0', ['b', 'x', 't']),
      node('r', 'ReluBackward0', ['a']),
    ];
    const constants = { k: { shape: [5, 4] }, b: { shape: [5] } };
    expect(text({ source: 'torch', inputs: { x: [2, 4] }, constants, nodes, outputs: ['r'] }))
      .toMatchInlineSnapshot(`
      "graph "test" {
        input %in0 "x": float32[2,4]
        param %p0 "k": float32[5,4]
        param %p1 "b": float32[5]
        %0: float32[4,5] = permute(x: %p0) { perm: [1, 0] }
        %1: float32[2,5] = dense(x: %in0, k: %0, b: %p1)
        %2: float32[2,5] = relu(x: %1)
        output "r": %2
      }
      "
    `);
  });

  test('a later clause overrides an earlier one only if it says so', () => {
    const twice = `
/// One.
op one(x) -> y { axes x[a...] -> y[a...]  from tf Op(x)  emit x }
/// Two.
op two(x) -> y { axes x[a...] -> y[a...]  from tf Op(x) override  emit x }`;
    const parts: SourceParts = { inputs: { x: [2] }, nodes: [node('a', 'Op', ['x'])], outputs: ['a'] };
    expect(run(parts, rulesOf(twice)).graph.nodes.map(({ op }) => op)).toEqual(['two']);
  });
});

describe('axis orders', () => {
  const channelsFirst = { x: [{ batch: 1 }, 4, 8, 8] };

  test('NCHW is permuted on the way in and out, and not in between', () => {
    const attrs = { strides: [1, 1, 1, 1], data_format: 'NCHW' };
    const nodes = [node('a', 'Conv2D', ['x', 'k'], attrs), node('b', 'Conv2D', ['a', 'k2'], attrs)];
    expect(text({ inputs: channelsFirst, constants: kernel, nodes, outputs: ['b'] })).toMatchInlineSnapshot(`
      "graph "test" {
        input %in0 "x": float32[N,4,8,8]
        param %p0 "k": float32[3,3,4,16]
        param %p1 "k2": float32[3,3,16,16]
        %0: float32[N,8,8,4] = permute(x: %in0) { perm: [0, 2, 3, 1] }
        %1: float32[N,8,8,16] = conv(x: %0, k: %p0, b: none) { stride: 1, activation: 'linear' }
        %3: float32[N,8,8,16] = conv(x: %1, k: %p1, b: none) { stride: 1, activation: 'linear' }
        %4: float32[N,16,8,8] = permute(x: %3) { perm: [0, 3, 1, 2] }
        output "b": %4
      }
      "
    `);
  });

  test('a kernel in another order is permuted too, and once', () => {
    const constants = { k: { shape: [16, 4, 3, 3] } };
    const nodes = [
      node('a', 'ConvolutionBackward0', ['x', 'k'], { stride: 1 }),
      node('b', 'ConvolutionBackward0', ['x', 'k'], { stride: 2 }),
    ];
    const { graph } = run({ source: 'torch', inputs: channelsFirst, constants, nodes, outputs: ['a', 'b'] });
    const permutes = graph.nodes.filter(({ op }) => op === 'permute').map(({ attrs }) => attrs['perm']);
    expect(permutes).toEqual([
      [0, 2, 3, 1],
      [2, 3, 1, 0],
      [0, 3, 1, 2],
      [0, 3, 1, 2],
    ]);
  });
});

describe('compile-time values', () => {
  test('shape arithmetic folds, with the batch as a symbol', () => {
    // x.reshape([x.shape[0], (x.shape[1] + 1) + 15])
    const nodes = [
      node('shape', 'Shape', ['x']),
      node('n', 'Item', ['shape'], { i: 0 }),
      node('h', 'Item', ['shape'], { i: 1 }),
      node('h1', 'AddV2', ['h', 'one']),
      node('h16', 'AddV2', ['h1', 'fifteen']),
      node('target', 'Pack', ['n', 'h16']),
      node('y', 'Reshape', ['x', 'target']),
    ];
    const constants = {
      one: { dtype: 'int32', shape: [], data: [1] },
      fifteen: { dtype: 'int32', shape: [], data: [15] },
    } as const;
    expect(text({ inputs: { x: [{ batch: 1 }, 4, 5] }, constants, nodes, outputs: ['y'] }))
      .toMatchInlineSnapshot(`
      "graph "test" {
        input %in0 "x": float32[N,4,5]
        %6: float32[N,20] = reshape(x: %in0) { shape: [N, 20] }
        output "y": %6
      }
      "
    `);
  });

  test('a number that follows from shapes becomes a constant where it is read as a tensor', () => {
    const nodes = [
      node('shape', 'Shape', ['x']),
      node('h', 'Item', ['shape'], { i: 1 }),
      node('scale', 'Cast', ['h']),
      node('y', 'AddV2', ['x', 'scale']),
    ];
    const { graph, weights } = run({ inputs: { x: [{ batch: 1 }, 3] }, nodes, outputs: ['y'] });
    expect(printGraph(graph, { provenance: false })).toMatchInlineSnapshot(`
      "graph "test" {
        input %in0 "x": float32[N,3]
        param %p0 "scale": float32[]
        %3: float32[N,3] = add(x: %in0, y: %p0)
        output "y": %3
      }
      "
    `);
    expect(weights.get('scale')).toEqual(new Float32Array([3]));
  });

  test('what follows from constants alone is left to the operations', () => {
    const constants = { a: { shape: [2] }, b: { shape: [2] } };
    const nodes = [node('sum', 'AddV2', ['a', 'b']), node('y', 'AddV2', ['x', 'sum'])];
    const { graph } = run({ inputs: { x: [1, 2] }, constants, nodes, outputs: ['y'] });
    expect(graph.nodes.map(({ op }) => op)).toEqual(['add', 'add']);
  });
});

describe('the tail', () => {
  test('what depends on data is cut off, and what enters it becomes an output', () => {
    const nodes = [
      node('features', 'Conv2D', ['x', 'k'], { strides: [1, 1, 1, 1] }),
      node('scores', 'Relu', ['features']),
      node('boxes', 'Boxes', ['scores']),
      node('best', 'NoRuleForThis', ['boxes', 'features', 'k']),
    ];
    const { graph, tail } = run({ inputs: image, constants: kernel, nodes, outputs: ['scores', 'best'] });
    expect(graph.outputs.map(({ name }) => name)).toEqual(['scores', 'features']);
    expect(tail).toEqual({
      why: 'how many boxes are left depends on their scores',
      node: 'boxes',
      values: ['scores', 'features'],
      ops: ['Boxes', 'NoRuleForThis'],
      outputs: ['best'],
    });
  });

  test('a shape that depends on data begins the tail', () => {
    const nodes = [node('a', 'Relu', ['x']), node('y', 'Reshape', ['a', 'a'])];
    const { tail } = run({ inputs: { x: [4] }, nodes, outputs: ['y'] });
    expect(tail?.why).toBe(
      'Reshape depends on the values of data: its operand shape must be known at compile time',
    );
  });

  test('a model that is nothing else is an error', () => {
    const nodes = [node('boxes', 'Boxes', ['x'])];
    expect(errors({ inputs: { x: [4] }, nodes, outputs: ['boxes'] })).toMatchInlineSnapshot(`
      "E206: nothing can be compiled: every output depends on the values of data, from the start
        at node "boxes"
        because how many boxes are left depends on their scores
        help: compile the part of the model before it, or replace it by operations of fixed size"
    `);
  });
});

describe('loops and lists', () => {
  // for (i = 0; i < turns; i++) list[i] = relu(items of x [i]); y = stack(list)
  const loop = (turns: number, write = 'i'): SourceParts => ({
    inputs: { x: [3, 4] },
    constants: {
      zero: { dtype: 'int32', shape: [], data: [0] },
      one: { dtype: 'int32', shape: [], data: [1] },
      turns: { dtype: 'int32', shape: [], data: [turns] },
      three: { dtype: 'int32', shape: [], data: [3] },
    },
    nodes: [
      node('slices', 'Unpack', ['x'], {}, { outputs: 3 }),
      structure('items', ['slices'], { kind: 'list-outputs' }),
      structure('places', ['three'], { kind: 'list-places' }),
      structure('loop', ['zero', 'places', 'items', 'turns', 'one'], {
        kind: 'loop',
        variables: ['i', 'list'],
        condition: {
          nodes: [node('goes on', 'Less', ['i', 'turns'])],
          result: { node: 'goes on', output: 0 },
        },
        body: {
          nodes: [
            structure('item', ['items', 'i'], { kind: 'list-get' }),
            node('positive', 'Relu', ['item']),
            structure('written', ['list', write, 'positive'], { kind: 'list-set' }),
            node('next', 'AddV2', ['i', 'one']),
          ],
          results: [
            { node: 'next', output: 0 },
            { node: 'written', output: 0 },
          ],
        },
      }),
      structure('list after', ['loop:1'], { kind: 'same' }),
      node('y', 'Pack', ['list after']),
    ],
    outputs: ['y'],
  });

  test('a loop whose turns are known is unrolled', () => {
    expect(text(loop(3))).toMatchInlineSnapshot(`
      "graph "test" {
        input %in0 "x": float32[3,4]
        %0: float32[4], %1: float32[4], %2: float32[4] = unstack(x: %in0)
        %4: float32[4] = relu(x: %0)
        %7: float32[4] = relu(x: %1)
        %10: float32[4] = relu(x: %2)
        %13: float32[3,4] = pack(xs: [%4, %7, %10])
        output "y": %13
      }
      "
    `);
  });

  test('a place that nothing was written to', () => {
    expect(errors(loop(2))).toMatchInlineSnapshot(`
      "E217: Pack can not be unrolled: it reads a place of a list that nothing was written to
        at node "y" of test
        because its operands are (not known)
        help: loops and lists are compiled where their lengths are known: state the inputs’ shapes with --input, or compile the part of the model before them"
    `);
  });

  test('an item that the list does not have', () => {
    expect(errors(loop(4))).toMatchInlineSnapshot(`
      "E217: list-get can not be unrolled: a list of 3 tensors has no item 3
        at node "item#3" of test
        because its operands are (not known), int32[] (constant)
        help: loops and lists are compiled where their lengths are known: state the inputs’ shapes with --input, or compile the part of the model before them"
    `);
  });

  test('a loop that does not end', () => {
    const parts = loop(2 ** 30);
    const endless = {
      ...parts,
      nodes: parts.nodes.map((n) =>
        n.name !== 'loop' || n.structure?.kind !== 'loop'
          ? n
          : {
              ...n,
              structure: {
                ...n.structure,
                body: {
                  nodes: [],
                  results: [
                    { node: 'i', output: 0 },
                    { node: 'list', output: 0 },
                  ],
                },
              },
            },
      ),
    };
    expect(errors(endless)).toContain(
      'E217: loop can not be unrolled: the loop was unrolled to 20000 nodes, and goes on',
    );
  });

  test('a loop that the data ends is the tail', () => {
    const nodes = [
      node('start', 'Relu', ['x']),
      structure('loop', ['start', 'limit'], {
        kind: 'loop',
        variables: ['v'],
        condition: {
          nodes: [node('goes on', 'Less', ['v', 'limit'])],
          result: { node: 'goes on', output: 0 },
        },
        body: { nodes: [node('next', 'AddV2', ['v', 'v'])], results: [{ node: 'next', output: 0 }] },
      }),
      node('y', 'Relu', ['loop']),
    ];
    const constants = { limit: { shape: [], data: [10] } };
    const { tail, graph } = run({ inputs: { x: [] }, constants, nodes, outputs: ['y'] });
    expect(tail).toMatchObject({
      why: 'how often a loop runs depends on the values of data',
      values: ['start'],
    });
    expect(graph.nodes.map(({ op }) => op)).toEqual(['relu']);
  });
});

describe('what is wrong is said so that it can be put right', () => {
  test('no rule: every such operation, with a skeleton', () => {
    const nodes = [
      node('net/act/Swish', 'HardSwishV2', ['x'], { alpha: 0.5, T: 'float32', name: 'a' }),
      node('net/act/Swish_1', 'HardSwishV2', ['net/act/Swish'], { alpha: 0.5, T: 'float32', name: 'a' }),
      node('net/bias', 'My-Bias', ['net/act/Swish_1', 'b']),
      node('y', 'Relu', ['net/bias']),
    ];
    expect(errors({ inputs: image, constants: { b: { shape: [4] } }, nodes, outputs: ['y'] }))
      .toMatchInlineSnapshot(`
      "E201: no rule for the operation HardSwishV2
        at node "net/act/Swish" of test
        because its operands are float32[N,8,8,4]
      its attributes are alpha = 0.5, T = 'float32', name = 'a'
        help: write a rule, for example in my.rules, and give it with --rules my.rules:

      /// What HardSwishV2 computes.
      op hard_swish_v2(x) -> y {
        axes   x[a, b, c, d]  -> y[a, b, c, d]    // equal names are the same channels
        attrs  alpha: float, name: string

        from tf HardSwishV2(x) { alpha, name }

        emit   tf.…(x)
      }
        note: also at "net/act/Swish_1"

      E201: no rule for the operation My-Bias
        at node "net/bias" of test
        because its operands are (not known), float32[4] (constant)
        help: write a rule, for example in my.rules, and give it with --rules my.rules:

      /// What the operation computes.
      op my_bias(x, k) -> y {
        axes   x[a...]  k[a2]  -> y[a...]    // equal names are the same channels

        from tf "My-Bias"(x, k)

        emit   tf.…(x, k)
      }"
    `);
  });

  test('near misses: every clause that was tried, and why not', () => {
    const nodes = [
      node('a', 'FusedConv', ['x', 'k'], { strides: [1, 1, 1, 1] }),
      node('b', 'FusedConv', ['a', 'k', 'k'], { fused: 'elu' }),
    ];
    expect(errors({ inputs: image, constants: kernel, nodes, outputs: ['a', 'b'] })).toMatchInlineSnapshot(`
      "E202: there are rules for FusedConv, and none of them fits this node
        at node "a" of test
        because its operands are float32[N,8,8,4], float32[3,3,4,16] (constant)
      its attributes are strides = [1, 1, 1, 1]
        help: add a \`from tf FusedConv\` for this case to the rule, or an op of your own:

      /// What FusedConv computes.
      op fused_conv(x, k) -> y {
        axes   x[a, b, c, d]  k[a2, b2, c2, d2]  -> y[a, b, c, d]    // equal names are the same channels
        attrs  strides: int[]

        from tf FusedConv(x, k) { strides }

        emit   tf.…(x, k)
      }
        note: the rule conv is not for this node: it takes 3 operands, and this node has 2"
    `);
  });

  test('an operand that is only asked for its shape need not be known', () => {
    const nodes = [node('y', 'First', ['x', 'z'])];
    const same = { inputs: { x: [4], z: [4] }, nodes, outputs: ['y'] };
    expect(text(same)).toMatchInlineSnapshot(`
      "graph "test" {
        input %in0 "x": float32[4]
        input %in1 "z": float32[4]
        %0: float32[4] = first(x: %in0)
        output "y": %0
      }
      "
    `);
    expect(errors({ ...same, inputs: { x: [4], z: [5] } })).toContain('its `when` does not hold');
  });

  test('a size that depends on the batch where it must be known', () => {
    const nodes = [node('s', 'Shape', ['x']), node('y', 'Zeros', ['s'])];
    expect(errors({ inputs: { x: [{ batch: 1 }, 8] }, nodes, outputs: ['y'] })).toMatchInlineSnapshot(`
      "E203: Zeros does not fit the rule zeros: an argument of greatest must be a number; it is a multiple of the batch size, N
        at node "y" of test
        because its operands are int32[2]
        help: compile the model for one batch size: --input x=1,8
        note: Zeros is read by this clause"
    `);
  });

  test('an operand that must be known', () => {
    // `relu` has no value, so that the shape is not known, although it does not depend on data.
    const nodes = [node('s', 'Shape', ['x']), node('r', 'Relu', ['s']), node('y', 'Reshape', ['x', 'r'])];
    expect(errors({ inputs: { x: [4] }, nodes, outputs: ['y'] })).toMatchInlineSnapshot(`
      "E202: there are rules for Reshape, and none of them fits this node
        at node "y" of test
        because its operands are float32[4], int32[1]
        help: add a \`from tf Reshape\` for this case to the rule, or an op of your own:

      /// What Reshape computes.
      op reshape(x, x2) -> y {
        axes   x[a]  x2[a2]  -> y[a]    // equal names are the same channels

        from tf Reshape(x, x2)

        emit   tf.…(x, x2)
      }
        note: the rule reshape is not for this node: its operand shape must be known at compile time: the op relu has no \`value\`"
    `);
  });

  test('operands that do not fit the axes', () => {
    const nodes = [node('a', 'MatMul', ['x', 'k'])];
    expect(errors({ inputs: { x: [1, 3] }, constants: { k: { shape: [4, 5] } }, nodes, outputs: ['a'] }))
      .toMatchInlineSnapshot(`
      "E203: MatMul does not fit the rule dense: axis i is 4 in k, but it is 3 elsewhere
        at node "a" of test
        because its operands are float32[1,3], float32[4,5] (constant)
        help: if the model runs in its own framework, the rule is wrong for this case: correct it, or override it in a rule file of your own
        note: MatMul is read by this clause"
    `);
  });

  test('another type than the source recorded', () => {
    const nodes = [node('a', 'Relu', ['x'], {}, { types: [{ dtype: 'float32', shape: [4] }] })];
    expect(errors({ inputs: { x: [1, 3] }, nodes, outputs: ['a'] })).toMatchInlineSnapshot(`
      "E204: the rule relu makes output 0 of Relu float32[1,3], and it is float32[4]
        at node "a" of test
        because the model recorded the types of its values when it was traced
        help: correct the \`axes\`, \`sizes\` or \`dtype\` of the rule"
    `);
  });

  test('an output that the rule does not give', () => {
    const nodes = [node('a', 'Relu', ['x']), node('b', 'Relu', ['a:1'])];
    expect(errors({ inputs: { x: [1, 3] }, nodes, outputs: ['b'] })).toMatchInlineSnapshot(`
      "E207: the rule for Relu gives no output 1
        at node "a"
        because node "b" reads it
        help: list all outputs in the \`from\`: \`-> y, indices\`"
    `);
  });
});

test('a deep graph of many nodes', () => {
  const count = 50_000;
  const nodes = Array.from({ length: count }, (_, i) => node(`n${i}`, 'Relu', [i === 0 ? 'x' : `n${i - 1}`]));
  expect(run({ inputs: { x: [2] }, nodes, outputs: [`n${count - 1}`] }).graph.nodes.length).toBe(count);
});
