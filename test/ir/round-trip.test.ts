import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Attr, Dim, Graph, Node, TensorType } from '../../src/ir/graph.js';
import { parseGraph } from '../../src/ir/parse.js';
import { printGraph } from '../../src/ir/print.js';
import { rulesOf } from '../rules-of.js';

const rules = rulesOf(`
/// Anything goes.
op any1(x, maybe?, rest*) -> y { axes y = fixed(shape) attrs shape: int[] emit x }
/// Several results.
op several(x) -> ys* { axes x[a...] -> ys*[a...] emit tf.split(x, [1], 0) }
`);

const name = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('a/b', 'it\'s "quoted"', 'tab\tand\nline', '// no'),
);
const dim: fc.Arbitrary<Dim> = fc.oneof(
  fc.nat(1e6),
  fc.integer({ min: 1, max: 64 }).map((batch) => ({ batch })),
);
const type: fc.Arbitrary<TensorType> = fc.record({
  dtype: fc.constantFrom('float32', 'int32', 'bool'),
  shape: fc.array(dim, { maxLength: 5 }),
});
const key = fc
  .oneof(fc.constantFrom('stride', 'pad', 'a b', 'N'), fc.string())
  .filter((text) => text !== '__proto__');
const attr = fc.letrec<{ attr: Attr; leaf: Attr }>((tie) => ({
  leaf: fc.oneof(
    fc.double(),
    fc.integer(),
    fc.string({ unit: 'binary' }),
    fc.boolean(),
    fc.constant(null),
    fc.integer({ min: -3, max: 9 }).map((batch) => ({ batch })),
  ),
  attr: fc.oneof(
    { depthSize: 'small' },
    tie('leaf'),
    fc.array(tie('attr'), { maxLength: 4 }),
    fc.dictionary(key, tie('attr'), { maxKeys: 3, noNullPrototype: true }),
  ),
})).attr;

const graph: fc.Arbitrary<Graph> = fc
  .record({
    name,
    inputs: fc.array(fc.tuple(name, type), { minLength: 1, maxLength: 3 }),
    parameters: fc.array(fc.tuple(name, type), { maxLength: 3 }),
    ids: fc.uniqueArray(
      fc.oneof(fc.constantFrom('x', 'conv_1', 'a/b', '0', '1.5'), name).filter((id) => id !== '__proto__'),
      { minLength: 12, maxLength: 12 },
    ),
    nodes: fc.array(
      fc.record({
        attr,
        shape: type,
        reads: fc.array(fc.nat(), { minLength: 1, maxLength: 5 }),
        maybe: fc.boolean(),
        scope: name,
        source: fc.record({ name, type: fc.oneof(fc.constant('Conv2D'), name) }),
        rule: fc.record({ file: name, line: fc.nat(99999) }),
      }),
      { maxLength: 6 },
    ),
  })
  .map(({ name, inputs, parameters, ids, nodes }): Graph => {
    let used = 0;
    const values: [string, TensorType][] = [];
    const define = (type: TensorType): string => {
      const id = ids[used++]!;
      values.push([id, type]);
      return id;
    };
    const ports = inputs.map(([name, type]) => ({ name, value: define(type) }));
    const constants = parameters.map(([name, type]): [string, { name: string } & TensorType] => [
      define(type),
      { name, ...type },
    ]);
    const made = nodes.map(({ attr, shape, reads, maybe, scope, source, rule }): Node => {
      const read = reads.map((at) => values[at % values.length]![0]);
      const id = define(shape);
      return {
        id,
        op: 'any1',
        operands: { x: read[0]!, maybe: maybe ? (read[1] ?? null) : null, rest: read.slice(2) },
        attrs: { shape: attr },
        results: [id],
        scope,
        source,
        rule,
      };
    });
    return {
      name,
      inputs: ports,
      outputs: [{ name: 'out', value: values.at(-1)![0] }],
      parameters: Object.fromEntries(constants),
      values: Object.fromEntries(values),
      nodes: made,
    };
  });

describe('IR text', () => {
  it('reads back to the graph that was printed, and prints the same again', () => {
    fc.assert(
      fc.property(graph, (graph) => {
        const text = printGraph(graph);
        const parsed = parseGraph(text, rules).graph;
        expect(parsed).toEqual(graph);
        expect(printGraph(parsed)).toBe(text);
      }),
      { numRuns: 300 },
    );
  });

  it('ends in diagnostics with places for any damaged text, and in nothing else', () => {
    const text = printGraph(fc.sample(graph, { numRuns: 1, seed: 7 })[0]!);
    fc.assert(
      fc.property(fc.nat(text.length), fc.nat(3), fc.string({ maxLength: 4 }), (at, length, insert) => {
        const damaged = text.slice(0, at) + insert + text.slice(at + length);
        try {
          parseGraph(damaged, rules, 'damaged.ir');
        } catch (error) {
          const { diagnostics } = error as {
            diagnostics: { code: string; span: { start: number; end: number } }[];
          };
          expect(diagnostics.length).toBeGreaterThan(0);
          for (const { code, span } of diagnostics) {
            expect(code).toMatch(/^E(80\d|301)$/);
            expect(span.start).toBeGreaterThanOrEqual(0);
            expect(span.end).toBeGreaterThan(span.start);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
