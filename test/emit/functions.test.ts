import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { functionsOf, valuesRead, type Fn } from '../../src/emit/functions.js';
import { liveGraph } from '../../src/emit/live.js';
import { schedule } from '../../src/emit/schedule.js';
import { groupByScope, maxStatements, pathOf } from '../../src/emit/scopes.js';
import type { Graph, Node, ValueId } from '../../src/ir/graph.js';

interface Draft {
  readonly reads: readonly number[];
  readonly scope: string;
}

/** A graph whose nodes read results of earlier nodes, or the input where they read nothing. */
function graphOf(drafts: readonly Draft[]): Graph {
  const type = { dtype: 'float32', shape: [{ batch: 1 }, 4] } as const;
  const nodes = drafts.map(({ reads, scope }, i): Node => {
    const values = reads.map((j) => `v${j}`);
    return {
      id: `v${i}`,
      op: 'join',
      operands: { xs: values.length > 0 ? values : ['in'] },
      attrs: {},
      results: [`v${i}`],
      scope,
      source: { name: `${scope}/n${i}`, type: 'Op' },
      rule: { file: 'test.rules', line: 1 },
    };
  });
  return {
    name: 'g',
    inputs: [{ name: 'in', value: 'in' }],
    outputs: [{ name: 'out', value: `v${drafts.length - 1}` }],
    parameters: {},
    values: Object.fromEntries(['in', ...nodes.map(({ id }) => id)].map((id) => [id, type])),
    nodes,
  };
}

function functions(graph: Graph): Fn {
  const { root, groupOf } = groupByScope(graph.nodes);
  return functionsOf(schedule(graph, root, groupOf), graph);
}

/** The function tree as text: scopes in brackets, nodes by id. */
function outline(fn: Fn): string {
  return fn.statements
    .map((s) =>
      s.kind === 'node' ? s.node.id : `${s.fn.path.join('/')}${s.fn.part ?? ''}[${outline(s.fn)}]`,
    )
    .join(' ');
}

/** Runs through all statements as the module would; everything that is read must be there. */
function walk(fn: Fn, graph: Graph, given: ReadonlySet<ValueId>, seen: ValueId[]): void {
  const known = new Set(given);
  for (const statement of fn.statements) {
    if (statement.kind === 'node') {
      for (const id of valuesRead(statement.node, graph)) expect(known.has(id)).toBe(true);
      statement.node.results.forEach((id) => known.add(id));
      seen.push(statement.node.id);
    } else {
      statement.fn.inputs.forEach((id) => expect(known.has(id)).toBe(true));
      expect(statement.fn.outputs.length).toBeGreaterThan(0);
      walk(statement.fn, graph, new Set(statement.fn.inputs), seen);
      statement.fn.outputs.forEach((id) => known.add(id));
    }
  }
  expect(fn.statements.length).toBeLessThanOrEqual(maxStatements);
  fn.outputs.forEach((id) => expect(known.has(id)).toBe(true));
}

const chain = (count: number, scope: (i: number) => string): Draft[] =>
  Array.from({ length: count }, (_, i) => ({ reads: i === 0 ? [] : [i - 1], scope: scope(i) }));

describe('the functions of a module', () => {
  it('are one, if the model is small', () => {
    expect(outline(functions(graphOf(chain(5, (i) => (i < 3 ? 'a' : 'b')))))).toBe('v0 v1 v2 v3 v4');
  });

  it('are the scopes of the model, the small ones written out', () => {
    const graph = graphOf(
      chain(40, (i) => (i < 38 ? `net/block_${Math.floor(i / 10)}/part${i % 2}` : 'net/end')),
    );
    const block = (b: number): string =>
      `net/block_${b}[${Array.from({ length: b === 3 ? 8 : 10 }, (_, i) => `v${10 * b + i}`).join(' ')}]`;
    expect(outline(functions(graph))).toBe(`${[0, 1, 2, 3].map(block).join(' ')} v38 v39`);
  });

  it('read the levels of flat names off their numbers', () => {
    expect(pathOf('net.block_1_expand/conv2d_3')).toEqual(['net', 'block_1', 'expand', 'conv2d_3']);
  });

  it('are in one piece although the model alternates between branches', () => {
    // Two branches, node by node in turn, and then their sum.
    const drafts = Array.from({ length: 40 }, (_, i) => ({
      reads: i < 2 ? [] : [i - 2],
      scope: i % 2 ? 'odd' : 'even',
    }));
    const graph = graphOf([...drafts, { reads: [38, 39], scope: 'end' }]);
    const branch = (odd: number): string => Array.from({ length: 20 }, (_, i) => `v${2 * i + odd}`).join(' ');
    expect(outline(functions(graph))).toBe(`even[${branch(0)}] odd[${branch(1)}] v40`);
  });

  it('come in pieces where scopes need each other', () => {
    const graph = graphOf(chain(36, (i) => (Math.floor(i / 9) % 2 ? 'b' : 'a')));
    const run = (from: number): string => Array.from({ length: 9 }, (_, i) => `v${from + i}`).join(' ');
    expect(outline(functions(graph))).toBe(`a[${run(0)}] b[${run(9)}] a[${run(18)}] b[${run(27)}]`);
  });

  it('are cut where few values cross, if the model has no scopes', () => {
    // Every seventh value is read by the next seven: cuts go in between.
    const drafts = Array.from({ length: 70 }, (_, i) => ({
      reads: i === 0 ? [] : i % 7 === 0 ? [i - 1] : [i - 1, i - (i % 7)],
      scope: '',
    }));
    const root = functions(graphOf(drafts));
    const parts = root.statements.map((s) => (s.kind === 'call' ? s.fn : null));
    expect(parts.map((fn) => fn?.part)).toEqual([1, 2, 3]);
    expect(parts.map((fn) => [fn?.inputs.length, fn?.outputs.length])).toEqual([
      [1, 1],
      [1, 1],
      [1, 1],
    ]);
  });

  it('compute everything once, and nothing before what it needs, in any graph', () => {
    const scopes = fc
      .array(fc.constantFrom('a', 'b', 'c_1', 'c_2'), { maxLength: 3 })
      .map((path) => path.join('/'));
    const drafts = fc.array(fc.tuple(fc.array(fc.nat(), { maxLength: 3 }), scopes), {
      minLength: 1,
      maxLength: 150,
    });
    fc.assert(
      fc.property(drafts, (random) => {
        const all = random.map(([reads, scope], i) => ({
          reads: i === 0 ? [] : [...new Set(reads.map((read) => read % i))],
          scope,
        }));
        const { graph } = liveGraph(graphOf(all));
        const root = functions(graph);
        const seen: ValueId[] = [];
        walk(root, graph, new Set(['in']), seen);
        expect(seen.sort()).toEqual(graph.nodes.map(({ id }) => id).sort());
        expect(root.outputs).toEqual(graph.outputs.map(({ value }) => value));
      }),
    );
  });

  it('are found in time that grows with the model, not faster', () => {
    const time = (count: number): number => {
      const graph = graphOf(chain(count, (i) => `net/block_${Math.floor(i / 50)}/part_${i % 5}`));
      const start = process.cpuUsage().user;
      functions(graph);
      return process.cpuUsage().user - start;
    };
    time(2_000);
    const small = time(10_000);
    expect(time(40_000)).toBeLessThan(12 * small + 200_000);
  });
});
