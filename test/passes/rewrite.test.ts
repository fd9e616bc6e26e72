import { applyPatches } from 'immer';
import { describe, expect, it } from 'vitest';
import type { DiagnosticError } from '../../src/diagnostics/diagnostic.js';
import type { Graph, Node } from '../../src/ir/graph.js';
import { parseGraph } from '../../src/ir/parse.js';
import { verifyGraph } from '../../src/ir/verify.js';
import { recordPatches } from '../../src/passes/patches.js';
import { applyRewrites, explainRewrite } from '../../src/passes/rewrite.js';
import { body, rewrite, toyRules } from './toy.js';

function diagnosticsOf(run: () => unknown): DiagnosticError['diagnostics'] {
  try {
    run();
  } catch (error) {
    return (error as DiagnosticError).diagnostics;
  }
  throw new Error('nothing was thrown');
}

describe('applying rewrites', () => {
  it('replaces the root, keeps its name, and removes what only the match read', () => {
    const rules = toyRules('/// Two negatives.\nrewrite r { neg(neg(x)) => relu(x) }');
    const { text, applied } = rewrite(rules, body('%a = neg(x: %x)', '%b = neg(x: %a)', '%y = relu(x: %b)'));
    expect(text).toBe(body('%b: float32[N,4] = relu(x: %x)', '%y: float32[N,4] = relu(x: %b)'));
    expect(applied.map(({ rewrite, node }) => [rewrite, node])).toEqual([['r', 'b']]);
  });

  it('keeps inner nodes that something else reads', () => {
    const rules = toyRules('/// Two negatives.\nrewrite r { neg(neg(x)) => x }');
    const { text } = rewrite(rules, body('%a = neg(x: %x)', '%b = neg(x: %a)', '%y = add(x: %a, y: %b)'));
    expect(text).toBe(body('%a: float32[N,4] = neg(x: %x)', '%y: float32[N,4] = add(x: %a, y: %x)'));
  });

  it('lets an output of the graph be an input, where nothing is left between them', () => {
    const rules = toyRules('/// Two negatives.\nrewrite r { neg(neg(x)) => x }');
    const { text } = rewrite(rules, body('%a = neg(x: %x)', '%y = neg(x: %a)'));
    expect(text).toBe(body().replace('%y', '%x'));
  });

  it('matches operands that commute in either order, nested too, and others in theirs alone', () => {
    const rules = toyRules(`
/// a b + c
rewrite product_sum { add(mul(x, 3), neg(z)) => relu(x) }
/// 3 - x
rewrite difference { sub(3, x) => neg(x) }
`);
    const three = 'param %t "t": float32[] = 3';
    const swapped = rewrite(
      rules,
      body(three, '%n = neg(x: %x)', '%m = mul(x: %t, y: %x)', '%y = add(x: %n, y: %m)'),
    );
    expect(swapped.applied.map(({ rewrite }) => rewrite)).toEqual(['product_sum']);
    expect(rewrite(rules, body(three, '%y = sub(x: %t, y: %x)')).applied).toHaveLength(1);
    expect(rewrite(rules, body(three, '%y = sub(x: %x, y: %t)')).applied).toHaveLength(0);
  });

  it('takes a name used twice for the same value', () => {
    const rules = toyRules('/// x x\nrewrite same { mul(x, x) => relu(x) }');
    expect(rewrite(rules, body('%y = mul(x: %x, y: %x)')).applied).toHaveLength(1);
    expect(rewrite(rules, body('%n = neg(x: %x)', '%y = mul(x: %x, y: %n)')).applied).toHaveLength(0);
  });

  it('compares number literals to every element, as precisely as float32 is', () => {
    const rules = toyRules('/// x / 3\nrewrite third { mul(x, 0.3333333333333333) => relu(x) }');
    const times = (data: string): string =>
      body(`param %t "t": float32[4] = ${data}`, '%y = mul(x: %x, y: %t)');
    expect(rewrite(rules, times('0.33333334')).applied).toHaveLength(1);
    expect(rewrite(rules, times('[0.3333333, 0.3333333, 0.3333333, 0.33333]')).applied).toHaveLength(0);
  });

  it('asks for attributes by structure, for uses and for constants', () => {
    const rules = toyRules(`
/// Asks.
rewrite r { scaled(neg(x) as n, bias?) { by: 1 + 1 } as s where uses(n) == 1 and not bias => scaled(x) { by: -s.by } }
`);
    expect(rewrite(rules, body('%n = neg(x: %x)', '%y = scaled(x: %n) { by: 2 }')).text).toBe(
      body('%y: float32[N,4] = scaled(x: %x, bias: none) { by: -2 }'),
    );
    for (const lines of [
      ['%n = neg(x: %x)', '%y = scaled(x: %n) { by: 3 }'],
      ['%n = neg(x: %x)', '%y = scaled(x: %n, bias: %x) { by: 2 }'],
      ['%n = neg(x: %x)', '%s = scaled(x: %n) { by: 2 }', '%y = add(x: %s, y: %n)'],
    ]) {
      expect(rewrite(rules, body(...lines)).applied).toEqual([]);
    }
  });

  it('matches one of several ops and builds the matched one again', () => {
    const rules = toyRules(`
/// A permutation sinks.
rewrite sink { (neg | relu)(permute(x) as p) as a => permute(a(x)) { ...p } }
`);
    const { text } = rewrite(rules, body('%p = permute(x: %x) { perm: [1, 0] }', '%y = relu(x: %p)'));
    expect(text).toBe(
      body('%y_1: float32[N,4] = relu(x: %x)', '%y: float32[4,N] = permute(x: %y_1) { perm: [1, 0] }'),
    );
  });

  it('matches and builds lists, and picks results', () => {
    const rules = toyRules(`
/// All of them.
rewrite each { neg(concat(xs*) as c) => concat([neg(x) for x in xs]) { ...c } }
/// A split of a concatenation into its parts.
rewrite parts { split(concat(xs*) as c) as s where len(xs) == len(s.sizes) and c.axis == s.axis => xs }
/// Halves.
rewrite halves { relu(add(x, x)) => let h = split(x) { axis: 1, sizes: [2, 2] } in concat([h.1, h.0]) { axis: 1 } }
`);
    expect(rewrite(rules, body('%c = concat(xs: [%x, %x]) { axis: 1 }', '%y = neg(x: %c)')).text).toBe(
      body(
        '%y_1: float32[N,4] = neg(x: %x)',
        '%y_2: float32[N,4] = neg(x: %x)',
        '%y: float32[N,8] = concat(xs: [%y_1, %y_2]) { axis: 1 }',
      ),
    );
    const split = body(
      '%n = relu(x: %x)',
      '%c = concat(xs: [%x, %n]) { axis: 1 }',
      '%a, %b = split(x: %c) { axis: 1, sizes: [4, 4] }',
      '%y = sub(x: %a, y: %b)',
    );
    expect(rewrite(rules, split).text).toBe(
      body('%n: float32[N,4] = relu(x: %x)', '%y: float32[N,4] = sub(x: %x, y: %n)'),
    );
    expect(rewrite(rules, body('%a = add(x: %x, y: %x)', '%y = relu(x: %a)')).text).toBe(
      body(
        '%y_1: float32[N,2], %y_2: float32[N,2] = split(x: %x) { axis: 1, sizes: [2, 2] }',
        '%y: float32[N,4] = concat(xs: [%y_2, %y_1]) { axis: 1 }',
      ),
    );
  });

  it('shares the parameters of equal numbers, in the element type of what is beside them', () => {
    const rules = toyRules('/// Numbers.\nrewrite r { neg(x) => (x * scalar(2 - 4) + 3) * -2 }');
    const { text, weights } = rewrite(
      rules,
      `graph "toy" {
  input %x "x": float32[N]
  input %i "i": int32[N]
  param %other "scalar/-2": float32[]
  %n = neg(x: %x)
  %m = neg(x: %i)
  %p = mul(x: %n, y: %other)
  output "n": %p
  output "m": %m
}`,
    );
    expect(text.split('\n').filter((line) => line.includes('param'))).toEqual([
      '  param %other "scalar/-2": float32[]',
      '  param %c-2 "scalar/-2#2": float32[] = -2',
      '  param %c3 "scalar/3": float32[] = 3',
      '  param %c-2_1 "scalar/-2#3": int32[] = -2',
      '  param %c3_1 "scalar/3#2": int32[] = 3',
    ]);
    expect(weights.get('scalar/-2#3')).toEqual(new Int32Array([-2]));
  });

  it('finds what a change makes possible further down, and where a value has one reader left', () => {
    const rules = toyRules(`
/// Long.
rewrite long { relu(relu(relu(x))) => relu(x) }
/// Double.
rewrite double { neg(neg(x)) => x }
/// Only if nothing else reads it.
rewrite lone { scaled(add(x, z) as a) where uses(a) == 1 => add(x, z) }
`);
    const cascade = body(
      '%a = relu(x: %x)',
      '%n = neg(x: %a)',
      '%m = neg(x: %n)',
      '%b = relu(x: %m)',
      '%y = relu(x: %b)',
    );
    expect(rewrite(rules, cascade).text).toBe(body('%y: float32[N,4] = relu(x: %x)'));
    const released = body(
      '%a = add(x: %x, y: %x)',
      '%s = scaled(x: %a)',
      '%b = relu(x: %a)',
      '%c = relu(x: %b)',
      '%d = relu(x: %c)',
      '%y = add(x: %s, y: %d)',
    );
    expect(rewrite(rules, released).applied.map(({ rewrite }) => rewrite)).toEqual(['long']);
  });

  it('records patches that lead from the graph before to the graph after, and shares untouched nodes', () => {
    const rules = toyRules('/// Two negatives.\nrewrite r { neg(neg(x)) => relu(x) }');
    const text = body('%k = relu(x: %x)', '%a = neg(x: %k)', '%b = neg(x: %a)', '%y = relu(x: %b)');
    const { graph, weights } = parseGraph(text, rules);
    const result = applyRewrites(graph, [...rules.rewrites.values()], { rules, weights });
    const recorded = recordPatches(graph, result.graph);
    expect(applyPatches(graph, [...recorded.patches])).toEqual(result.graph);
    expect(recorded.graph).toEqual(result.graph);
    expect(result.graph.nodes[0]).toBe(graph.nodes[0]);
    expect(verifyGraph(result.graph, rules)).toEqual([]);
    expect(applyRewrites(result.graph, [...rules.rewrites.values()], { rules, weights }).graph).toBe(
      result.graph,
    );
  });
});

describe('rewrites that are wrong', () => {
  it('that change a type are refused', () => {
    const rules = toyRules("/// A cast.\nrewrite r { neg(x) => cast(x) { to: 'int32' } }");
    expect(diagnosticsOf(() => rewrite(rules, body('%y = neg(x: %x)')))).toMatchObject([
      {
        code: 'E821',
        message: 'rewrite r: it turns float32[N,4] into int32[N,4] at %y (neg)',
        span: { file: 'test.rules' },
      },
    ]);
  });

  it('that build what the rule of an op refuses say why', () => {
    const rules = toyRules('/// A permutation.\nrewrite r { neg(x) => permute(x) { perm: [0, 2] } }');
    expect(diagnosticsOf(() => rewrite(rules, body('%y = neg(x: %x)')))).toMatchObject([
      {
        code: 'E822',
        message:
          'rewrite r: the node permute that it builds does not fit: axis 2 is outside a tensor of 2 axes',
      },
    ]);
  });

  it('that go on without end are stopped and named', () => {
    const rules = toyRules(`
/// There.
rewrite there { neg(x) as n where uses(n) > 0 => relu(x) }
/// And back.
rewrite back { relu(x) as n where uses(n) > 0 => neg(x) }
`);
    expect(diagnosticsOf(() => rewrite(rules, body('%y = neg(x: %x)')))).toMatchObject([
      {
        code: 'E820',
        message: 'the rewrite there goes on without end',
        why: 'Rewrites were applied 111 times, lastly there at %y, and still match.',
        notes: [{ message: 'back was applied 55 times' }],
      },
    ]);
  });
});

describe('why a rewrite does not apply', () => {
  const rules = toyRules(`
/// Three deep.
rewrite r { relu(add(neg(x), 1) as a) where uses(a) == 1 => x }
`);
  it.each([
    [['%y = relu(x: %x)'], '%x is no result of a node; the pattern asks for add'],
    [['%n = neg(x: %x)', '%y = relu(x: %n)'], '%n is neg, not add'],
    [['%a = add(x: %x, y: %x)', '%y = relu(x: %a)'], '%x is no result of a node; the pattern asks for neg'],
    [
      ['param %t "t": float32[] = 2', '%n = neg(x: %x)', '%a = add(x: %t, y: %n)', '%y = relu(x: %a)'],
      '%t is 2, not 1',
    ],
    [
      [
        'param %t "t": float32[] = 1',
        '%n = neg(x: %x)',
        '%a = add(x: %t, y: %n)',
        '%b = relu(x: %a)',
        '%y = add(x: %b, y: %a)',
      ],
      'everything matches, but the condition after `where` does not hold',
    ],
  ])('%j: %s', (lines, why) => {
    const { graph, weights } = parseGraph(body(...lines), rules);
    const root = graph.nodes.find(({ op }) => op === 'relu')!;
    expect(explainRewrite(rules.rewrites.get('r')!, root, graph, { rules, weights })).toBe(why);
  });
});

describe('large graphs', () => {
  it('take time in proportion', () => {
    const rules = toyRules(`
/// Two negatives.
rewrite double { neg(neg(x)) => x }
`);
    const time = (size: number): number => {
      const graph = chain(size);
      const start = performance.now();
      const result = applyRewrites(graph, [...rules.rewrites.values()], {
        rules,
        weights: { has: () => false, get: () => new Float32Array() },
      });
      const taken = performance.now() - start;
      expect(result.graph.nodes).toHaveLength(size / 2);
      return taken;
    };
    time(2_000);
    const small = time(2_000);
    const large = time(16_000);
    // Eight times the size; quadratic would be sixty-four.
    expect(large / small).toBeLessThan(32);
  });
});

/** neg, neg, relu, add, neg, neg … in a row: half of it goes. */
function chain(size: number): Graph {
  const type = { dtype: 'float32', shape: [{ batch: 1 }, 4] } as const;
  const ops = ['neg', 'neg', 'relu', 'add'];
  const nodes = Array.from({ length: size }, (_, i): Node => {
    const before = i === 0 ? 'x' : `n${String(i - 1)}`;
    const op = ops[i % 4]!;
    return {
      id: `n${String(i)}`,
      op,
      operands: op === 'add' ? { x: before, y: before } : { x: before },
      attrs: {},
      results: [`n${String(i)}`],
      scope: '',
      source: { name: '', type: '' },
      rule: { file: '', line: 0 },
    };
  });
  return {
    name: 'chain',
    inputs: [{ name: 'x', value: 'x' }],
    outputs: [{ name: 'y', value: nodes.at(-1)!.id }],
    parameters: {},
    values: Object.fromEntries([['x', type], ...nodes.map(({ id }) => [id, type] as const)]),
    nodes,
  };
}
