/** Small networks for the tests of pruning, over rules of their own: what core rules say may change. */
import { type AxisAnalysis, type Space } from '../../src/axes/analysis.js';
import { inferAxes } from '../../src/axes/infer.js';
import type { Graph, TensorData, WeightStore } from '../../src/ir/graph.js';
import { parseGraph } from '../../src/ir/parse.js';
import { mapWeights } from '../../src/ir/weights.js';
import type { OpRule, RuleSet } from '../../src/lang/ast.js';
import { parseFile } from '../../src/lang/parse.js';
import { random } from '../../src/prune/random.js';

const text = `
/// Convolution over images, stride one, same size.
op conv(x, k) -> y {
  axes  x[n, h, w, i] k[kh, kw, i, o] -> y[n, oh, ow, o]
  sizes oh = h, ow = w
  zeros x or k
  emit  tf.conv2d(x, k, 1, 'same')
}
/// Grouped convolution.
op grouped(x, k) -> y {
  axes  x[n, h, w, (g i)] k[kh, kw, i, (g o)] -> y[n, oh, ow, (g o)]
  attrs g: int
  sizes oh = h, ow = w
  keep  g
  zeros x or k
  emit  tf.conv2d(x, k, 1, 'same')
}
/// Depthwise convolution.
op depthwise(x, k) -> y {
  axes  x[n, h, w, c] k[kh, kw, c, m] -> y[n, oh, ow, (c m)]
  sizes oh = h, ow = w
  zeros x or k
  emit  tf.depthwiseConv2d(x, k, 1, 'same')
}
/// Scale and shift.
op norm(x, gamma, beta) -> y {
  axes  x[lead..., c] gamma[c] beta[c] -> y[lead..., c]
  role  gamma = scale
  zeros (x or gamma) and beta
  emit  tf.add(tf.mul(x, gamma), beta)
}
/// Layer normalisation.
op layer_norm(x, gamma) -> y {
  axes  x[lead..., c] gamma[c] -> y[lead..., c]
  mixes c
  zeros gamma
  emit  tf.mul(x, gamma)
}
/// Dense layer.
op dense(x, k) -> y {
  axes  x[lead..., i] k[i, o] -> y[lead..., o]
  zeros x or k
  emit  tf.matMul(x, k)
}
/// Product of two activations.
op matmul(a, b) -> y {
  axes  a[p..., m, k] b[q..., k, n] -> y[broadcast(p, q)..., m, n]
  zeros a or b
  emit  tf.matMul(a, b)
}
/// Sum.
op add(x, y) -> z {
  axes  x[a...] y[b...] -> z[broadcast(a, b)...]
  zeros x and y
  emit  tf.add(x, y)
}
/// Product.
op mul(x, y) -> z {
  axes  x[a...] y[b...] -> z[broadcast(a, b)...]
  zeros x or y
  emit  tf.mul(x, y)
}
/// Concatenation.
op concat(xs*) -> y {
  attrs axis: int
  axes  xs*[lead..., c*, tail...] -> y[lead..., (+ c*), tail...] where |lead| = axis
  zeros xs
  emit  tf.concat(xs, axis)
}
/// Einstein's notation.
op einsum(xs*) -> y {
  attrs equation: string
  axes  y = einsum(xs, equation)
  emit  tf.einsum(equation, xs)
}
/// Axes reordered.
op transpose(x) -> y {
  attrs perm: int[]
  axes  y = permute(x, perm)
  zeros x
  emit  tf.transpose(x, perm)
}
/// Something with a cost of its own.
op costly(x, k) -> y {
  axes  x[lead..., c] k[c] -> y[lead..., c]
  attrs times: int = 2
  cost  times * c * size(x, 1) + raw(c)
  zeros x or k
  emit  tf.mul(x, k)
}
infix * = mul
`;

/** The rules above. */
export function testRules(extra = ''): RuleSet {
  const { declarations, diagnostics } = parseFile({ file: 'test.rules', text: text + extra });
  if (diagnostics.length > 0) throw new Error(JSON.stringify(diagnostics, null, 2));
  const ops = declarations.filter((d): d is OpRule => d.kind === 'op');
  return {
    ops: new Map(ops.map((op) => [op.name, op])),
    rewrites: new Map(),
    passes: new Map(),
    pipelines: new Map(),
    infix: new Map(declarations.flatMap((d) => (d.kind === 'infix' ? [[d.operator, d.op] as const] : []))),
    files: [],
    helpers: new Map(),
  };
}

export interface Network {
  readonly rules: RuleSet;
  readonly graph: Graph;
  readonly weights: WeightStore;
  readonly analysis: AxisAnalysis;
  /** The space of a parameter's dimension, `a/k[3]`. */
  space(parameter: string, dim: number): Space;
}

/** Reads a graph; weights that are not given are random. */
export function network(
  ir: string,
  given: Readonly<Record<string, TensorData>> = {},
  rules = testRules(),
): Network {
  const { graph } = parseGraph(`graph "net" {\n${ir}\n}`, rules);
  const data = new Map<string, TensorData>();
  for (const { name, shape } of Object.values(graph.parameters)) {
    const next = random(1, name);
    const length = (shape as readonly number[]).reduce((a, b) => a * b, 1);
    data.set(name, given[name] ?? Float32Array.from({ length }, () => 2 * next() - 1));
  }
  const analysis = inferAxes(graph, rules);
  const space = (parameter: string, dim: number): Space =>
    analysis.spaces.find((s) =>
      s.parameters.some((p) => graph.parameters[p.value]!.name === parameter && p.dim === dim),
    )!;
  return { rules, graph, weights: mapWeights(data), analysis, space };
}

/** Two convolutions with a normalisation between them, and a dense layer on every pixel. */
export const plain = `
  input %x "x": float32[N,4,4,3]
  param %k1 "a/kernel": float32[3,3,3,8]
  param %g "a/norm/gamma": float32[8]
  param %b "a/norm/beta": float32[8]
  param %k2 "b/kernel": float32[1,1,8,6]
  param %k3 "c/kernel": float32[6,5]
  %y1 = conv(x: %x, k: %k1)
  %y2 = norm(x: %y1, gamma: %g, beta: %b)
  %y3 = conv(x: %y2, k: %k2)
  %y4 = dense(x: %y3, k: %k3)
  output "y": %y4`;
