/** A handful of rules, written for these tests alone, and graphs over them. */
import { DiagnosticError } from '../../src/diagnostics/diagnostic.js';
import type { NamedTensor, NamedTensors } from '../../src/import/source-graph.js';
import type { Graph, TensorData, WeightStore } from '../../src/ir/graph.js';
import { parseGraph } from '../../src/ir/parse.js';
import { mapWeights } from '../../src/ir/weights.js';
import type { Helper, OpRule, RuleSet } from '../../src/lang/ast.js';
import { parseFile } from '../../src/lang/parse.js';

const rulesText = `
/// 2-D convolution.
op conv(x, k, b?) -> y {
  axes  x[n, h, w, i] k[kh, kw, i, o] b[o] -> y[n, oh, ow, o]
  attrs stride: int2 = [1, 1], pad: pads = 'same'
  sizes oh = window(h, kh, stride.0, 1, pad, 0), ow = window(w, kw, stride.1, 1, pad, 1)
  emit when b: tf.fused.conv2d({ x, filter: k, strides: stride, pad, bias: b, activation: 'relu6' })
  emit         tf.conv2d(x, k, stride, pad)
}
/// Sum.
op plus(x, y) -> z { axes x[a...] y[b...] -> z[broadcast(a, b)...]  emit tf.add(x, y) }
/// Product.
op times(x, y) -> z { axes x[a...] y[b...] -> z[broadcast(a, b)...]  emit tf.mul(x, y) }
/// Negative numbers are scaled.
op leaky(x) -> y { axes x[a...] -> y[a...]  attrs alpha: float  emit tf.leakyRelu(x, alpha) }
/// Learnt scale of negative numbers.
op prelu(x, alpha) -> y { axes x[lead..., c] alpha[c] -> y[lead..., c]  emit tf.prelu(x, alpha) }
/// Fully connected.
op dense(x, k) -> y { axes x[n, i] k[i, o] -> y[n, o]  emit tf.fused.matMul({ a: x, b: k }) }
/// All axes but the batch in one.
op flatten(x) -> y { attrs shape: int[]  axes y = reshape(x, shape)  emit tf.reshape(x, shape(y)) }
/// To a shape.
op stretch(x) -> y { attrs shape: int[]  axes y = broadcast(x, shape)  emit tf.broadcastTo(x, shape(y)) }
/// The mean image.
op pool(x) -> y { axes x[n, h, w, c] -> y[n, c]  mixes h, w  emit tf.mean(x, [1, 2]) }
/// Parts along the last axis.
op parts(x) -> ys* {
  attrs sizes: int[]
  axes  x[lead..., (+ c*)] -> ys*[lead..., c*]  where |c*| = sizes
  emit  tf.split(x, sizes, rank(x) - 1)
}
/// Joined along the last axis.
op join(xs*) -> y { axes xs*[lead..., c*] -> y[lead..., (+ c*)]  emit tf.concat(xs, rank(y) - 1) }
/// Only the sizes.
op sizes(x) -> y { axes x[n, c] -> y[two]  sizes two = 2  fixed n, c, two  dtype y = 'int32'  emit tf.tensor1d([n, c], 'int32') }
/// The two largest values of each row, and where they are.
op top(x) -> values, places {
  axes  x[n, c] -> values[n, k] places[n, k]
  sizes k = 2
  fixed c, k
  dtype places = 'int32'
  emit  let found = tf.topk(x, k) in [found.values, found.indices]
}
/// x times its sigmoid, as a helper.
op swish(x) -> y { axes x[a...] -> y[a...]  emit helper.swish(x) }
/// x, by a helper that should not give it back.
op itself(x) -> y { axes x[a...] -> y[a...]  emit helper.itself({ x }) }
/// Nothing.
op same(x) -> y { axes x[a...] -> y[a...]  emit x }
/// An emit that lies about the shape.
op wrong(x) -> y { axes x[a...] -> y[a...]  emit tf.sum(x) }
`;

const swish: Helper = {
  name: 'swish',
  file: 'test.helpers.ts',
  text: `/** x times its sigmoid. */
export function swish<T extends tf.Tensor>(x: T): T {
  return tf.mul<T>(x, tf.sigmoid(x));
}`,
  uses: [],
};

const itself: Helper = {
  name: 'itself',
  file: 'test.helpers.ts',
  text: `export function itself<T extends tf.Tensor>({ x }: { x: T }): T {
  return x;
}`,
  uses: [],
};

export const rules: RuleSet = testRules();

function testRules(): RuleSet {
  const { declarations, diagnostics } = parseFile({ file: 'test.rules', text: rulesText });
  if (diagnostics.length > 0) throw new DiagnosticError(diagnostics);
  const ops = declarations.filter((declaration): declaration is OpRule => declaration.kind === 'op');
  return {
    ops: new Map(ops.map((op) => [op.name, op])),
    rewrites: new Map(),
    passes: new Map(),
    pipelines: new Map(),
    infix: new Map(),
    files: [{ file: 'test.rules', text: rulesText }],
    helpers: new Map([swish, itself].map((helper) => [helper.name, helper])),
  };
}

/** Numbers that look random and are always the same. */
export function numbers(count: number, seed = 1): Float32Array {
  let state = seed * 2654435761;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/** A graph from its text; parameters without a literal get made-up data. */
export function model(text: string): { graph: Graph; weights: WeightStore } {
  const { graph, weights } = parseGraph(text, rules);
  const data = Object.values(graph.parameters).map(({ name, shape }, i): [string, TensorData] => {
    const count = shape.reduce<number>((product, size) => product * (size as number), 1);
    return [name, weights.has(name) ? weights.get(name) : numbers(count, i + 1)];
  });
  return { graph, weights: mapWeights(new Map(data)) };
}

/** A made-up input of a model. */
export function image(shape: readonly number[], seed = 7): NamedTensor {
  return {
    dtype: 'float32',
    shape,
    data: numbers(
      shape.reduce((a, b) => a * b, 1),
      seed,
    ),
  };
}

/** The largest difference of two sets of outputs, which must have the same types. */
export function difference(a: NamedTensors, b: NamedTensors): number {
  let largest = 0;
  for (const name of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const left = a[name]!;
    const right = b[name]!;
    if (left.dtype !== right.dtype || String(left.shape) !== String(right.shape)) return Infinity;
    left.data.forEach((value, i) => (largest = Math.max(largest, Math.abs(value - right.data[i]!))));
  }
  return largest;
}
