import { applyPatches } from 'immer';
import { describe, expect, it } from 'vitest';
import { parseGraph } from '../../src/ir/parse.js';
import { printGraph } from '../../src/ir/print.js';
import { runPipeline, type PassState, type Stage, type StageRecord } from '../../src/passes/pipeline.js';
import { printTrace } from '../../src/passes/trace.js';
import { body, toyRules } from './toy.js';

const rules = toyRules(`
/// Two negatives.
rewrite double { neg(neg(x)) => x }
/// A product of numbers.
rewrite product { mul(mul(x, s), t) where is_constant(s) and is_constant(t) => x * (s * t) }
/// Simpler.
pass simplify { double, product }
/// All.
pipeline all = mark; simplify
/// Unknown.
pipeline unknown = mark; nothing; simplify; neither
`);

const text = body(
  'param %s "s": float32[] = 2',
  'param %t "t": float32[] = 3',
  '%a = neg(x: %x)',
  '%b = neg(x: %a)',
  '%c = mul(x: %b, y: %s)',
  '%y = mul(x: %t, y: %c) from "Mul_1" Mul',
);

const nothing: Stage<PassState & { marked?: boolean }> = (state) => ({ ...state, marked: true });

describe('a pipeline', () => {
  it('runs stages and passes in order, folds what passes leave constant, and records what each did', async () => {
    const seen: string[] = [];
    const { graph, weights } = parseGraph(text, rules);
    const records: StageRecord[] = [];
    const state = await runPipeline('all', { graph, weights } as PassState & { marked?: boolean }, {
      rules,
      stages: new Map([['mark', nothing]]),
      around: (name, run) => {
        seen.push(name);
        return run();
      },
      onRecord: (record) => records.push(record),
    });
    expect(seen).toEqual(['mark', 'simplify']);
    expect(state.marked).toBe(true);
    expect(printGraph(state.graph, { provenance: false, weights: state.weights })).toBe(
      body('param %y_1 "Mul_1/y": float32[] = 6', '%y: float32[N,4] = mul(x: %x, y: %y_1)'),
    );
    expect(records.map(({ name, kind, applied }) => [name, kind, applied.length])).toEqual([
      ['mark', 'stage', 0],
      ['simplify', 'pass', 2],
    ]);
    const last = records[1]!;
    expect(applyPatches(last.before, [...last.patches])).toEqual(last.after);
    expect(printTrace({ ...last, milliseconds: 1 })).toBe(`== simplify: 4 -> 1 nodes, 10 patches, 1.0 ms
double at %b
  - %a: float32[N,4] = neg(x: %x)
  - %b: float32[N,4] = neg(x: %a)
product at %y
  - %c: float32[N,4] = mul(x: %x, y: %s)
  - %y: float32[N,4] = mul(x: %t, y: %c)
  + %y_1: float32[] = mul(x: %s, y: %t)
  + %y: float32[N,4] = mul(x: %x, y: %y_1)
`);
  });

  it('names every stage that is unknown before it runs anything', async () => {
    const { graph, weights } = parseGraph(text, rules);
    const stages = new Map<string, Stage<PassState>>([
      [
        'mark',
        () => {
          throw new Error('this must not run');
        },
      ],
    ]);
    await expect(runPipeline('unknown', { graph, weights }, { rules, stages })).rejects.toMatchObject({
      diagnostics: [
        { code: 'E830', message: 'the pipeline unknown names nothing, which is neither a stage nor a pass' },
        { code: 'E830', message: 'the pipeline unknown names neither, which is neither a stage nor a pass' },
      ],
    });
    await expect(runPipeline('other', { graph, weights }, { rules, stages })).rejects.toMatchObject({
      diagnostics: [
        { code: 'E832', message: 'there is no pipeline other', help: 'The rules declare all, unknown.' },
      ],
    });
  });

  it('stops where a stage leaves a graph that is not well-formed, and names the stage', async () => {
    const { graph, weights } = parseGraph(text, rules);
    const stages = new Map<string, Stage<PassState>>([
      ['mark', (state) => ({ ...state, graph: { ...state.graph, nodes: state.graph.nodes.slice(1) } })],
    ]);
    await expect(runPipeline('all', { graph, weights }, { rules, stages })).rejects.toMatchObject({
      diagnostics: [
        {
          code: 'E803',
          message: '%a is read before it is defined',
          notes: [{ message: 'after the stage mark' }],
        },
        { code: 'E803', message: '%a has a type, and nothing defines it' },
      ],
    });
  });
});
