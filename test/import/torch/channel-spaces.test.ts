import { describe, expect, it } from 'vitest';
import { inferAxes } from '../../../src/axes/infer.js';
import type { Diagnostic } from '../../../src/diagnostics/diagnostic.js';
import { importGraph } from '../../../src/import/build-graph.js';
import type { SourceGraph, SourceModel } from '../../../src/import/source-graph.js';
import {
  channelSpacesAgree,
  compareSpaces,
  type AnalysedGraph,
} from '../../../src/import/torch/channel-spaces.js';
import { loadRules } from '../../../src/lang/load.js';
import type { RuleSet } from '../../../src/lang/ast.js';
import { rulesOf } from '../../rules-of.js';
import { readTrace } from './traces.js';

function analysed(graph: SourceGraph, weights: SourceModel['weights'], rules: RuleSet): AnalysedGraph {
  const imported = importGraph(graph, weights, rules).graph;
  return { graph: imported, analysis: inferAxes(imported, rules) };
}

describe('the program and the backward graph', () => {
  const rules = loadRules([]);

  it.each(['residual', 'resnet18'])('of %s have the same channel spaces', async (name) => {
    const model = await readTrace(name);
    const program = analysed(model.graph, model.weights, rules);
    expect(program.analysis.spaces.filter(({ frozen }) => frozen.length === 0).length).toBeGreaterThan(1);
    expect(channelSpacesAgree(model, program, rules)).toEqual([]);
  });
});

/** A network of two dense layers by rules of which one may be wrong. */
function spaces(op: string): AnalysedGraph {
  const rules = rulesOf(`
    /// A dense layer.
    op dense(x, k) -> y { axes x[n, i] k[i, o] -> y[n, o]  from aten dense(x, k)  emit tf.matMul(x, k) }
    /// Something in between.
    op between(x, t) -> y { ${op}  from aten between(x, t)  emit tf.add(x, t) }
  `);
  const float = (name: string, shape: readonly number[]) => ({ name, dtype: 'float32' as const, shape });
  const reads = (...names: string[]) => names.map((node) => ({ node, output: 0, name: '' }));
  const node = (name: string, type: string, ...inputs: string[]) => ({
    name,
    type,
    inputs: reads(...inputs),
    attrs: {},
    scope: '',
    outputs: 1,
  });
  const graph: SourceGraph = {
    source: 'aten',
    name: 'two',
    inputs: [{ name: 'x', dtype: 'float32', shape: [{ batch: 1 }, 3] }],
    constants: [float('a', [3, 6]), float('t', [6]), float('b', [6, 2])],
    nodes: [
      node('first', 'dense', 'x', 'a'),
      node('mid', 'between', 'first', 't'),
      node('last', 'dense', 'mid', 'b'),
    ],
    outputs: [{ name: 'y', ref: { node: 'last', output: 0 } }],
  };
  const none = { has: () => false, get: () => new Float32Array() };
  return analysed(graph, none, rules);
}

describe('a difference is told', () => {
  const right = spaces('axes x[n, c] t[c] -> y[n, c]  zeros x and t');
  const messages = (problems: Diagnostic[]) => problems.map(({ message, why }) => `${message}: ${why!}`);

  it('none', () => {
    expect(compareSpaces(right, right)).toEqual([]);
  });

  it('what is coupled in one alone', () => {
    const loose = spaces('axes x[n, c] t[d] -> y[n, c]  zeros x');
    expect(messages(compareSpaces(right, loose))).toMatchInlineSnapshot(`
      [
        "t[0] is coupled with a[1] in the program and not in the backward graph: the same channels must be pruned together, whichever graph they are read from",
      ]
    `);
    expect(messages(compareSpaces(loose, right))).toMatchInlineSnapshot(`
      [
        "t[0] is coupled with a[1] in the backward graph and not in the program: the same channels must be pruned together, whichever graph they are read from",
      ]
    `);
  });

  it('what is frozen in one alone', () => {
    const frozen = spaces('axes x[n, c] t[c] -> y[n, c]  fixed c');
    expect(messages(compareSpaces(right, frozen))).toMatchInlineSnapshot(`
      [
        "a[1] can be pruned by one graph, and not by the backward graph: the rule of between says fixed c",
      ]
    `);
  });

  it('what is made of other parts', () => {
    const parted = spaces('axes x[n, (a b)] t[(a b)] -> y[n, (a b)] where a = 2  zeros x and t');
    expect(messages(compareSpaces(right, parted))).toMatchInlineSnapshot(`
      [
        "a[1] is 6 in the program and (2 3) in the backward graph: a dimension must be made of the same parts: (a + b) end to end, (a b) a product",
        "t[0] is 6 in the program and (2 3) in the backward graph: a dimension must be made of the same parts: (a + b) end to end, (a b) a product",
        "b[0] is 6 in the program and (2 3) in the backward graph: a dimension must be made of the same parts: (a + b) end to end, (a b) a product",
      ]
    `);
  });
});

it('a backward graph that ends early is not compared', async () => {
  const model = await readTrace('residual');
  const rules = rulesOf(`
    /// Nothing that can be compiled.
    op drawn(x) -> y { dynamic 'random numbers are different every time'  from torch Drawn(x) }
  `);
  const backward: SourceGraph = {
    ...model.backward!,
    nodes: [
      {
        name: 'dropped',
        type: 'Drawn',
        inputs: [{ node: model.backward!.inputs[0]!.name, output: 0, name: '' }],
        attrs: {},
        scope: '',
        outputs: 1,
      },
    ],
    outputs: [
      { name: 'y', ref: { node: 'dropped', output: 0 } },
      { name: 'x', ref: { node: model.backward!.inputs[0]!.name, output: 0 } },
    ],
  };
  const program = spaces('axes x[n, c] t[c] -> y[n, c]  zeros x and t');
  expect(() => channelSpacesAgree({ ...model, backward }, program, rules)).toThrow(
    'E230: the backward graph ends before "dropped": random numbers are different every time',
  );
});
