/** Rows 1 and 3: names of backward operations, and parsers that a program registers. */
import { describe, expect, it } from 'vitest';
import { importGraph } from '../../src/import/build-graph.js';
import type { SourceGraph } from '../../src/import/source-graph.js';
import { mapWeights } from '../../src/ir/weights.js';
import { compileRegistry } from '../../src/import/registry.js';
import { Parsers } from '../../src/supernet/parsers.js';
import { RatioPruner } from '../../src/supernet/ratio-pruner.js';
import { coreRules, messagesOf } from './support.js';

describe('row 1: backward operations by the beginning of their names', () => {
  it('are those of MMRazor 0.2, and today’s', () => {
    const registry = compileRegistry(coreRules(), 'torch');
    const opsOf = (type: string): string[] => registry.candidates(type).map(({ op }) => op.name);
    const conv = ['ThnnConv2DBackward', 'CudnnConvolutionBackward', 'MkldnnConvolutionBackward'];
    for (const type of [...conv, 'ConvolutionBackward0']) expect(opsOf(type)).toContain('conv2d');
    for (const type of ['ThAddmmBackward', 'AddmmBackward0', 'MmBackward0'])
      expect(opsOf(type)).not.toEqual([]);
    const norm = ['ThnnBatchNormBackward', 'CudnnBatchNormBackward0', 'NativeBatchNormBackward0'];
    for (const type of norm) expect(opsOf(type)).toContain('batch_norm');
    expect(opsOf('CatBackward0')).toContain('concat');
  });
});

const custom = `from torch MyDenseBackward(x, k)`;

describe('row 3: registerParser', () => {
  it('registers a parser under a name, or under what it reads', () => {
    const pruner = new RatioPruner({ ratios: [1] });
    expect(pruner.registerParser('dense', custom)).toBe('torch MyDenseBackward');
    expect(pruner.registerParser('dense', `from torch OtherBackward(x, k)`, { name: 'other' })).toBe('other');
  });

  it('refuses a name twice, unless it is forced', () => {
    const pruner = new RatioPruner({ ratios: [1] });
    pruner.registerParser('dense', custom);
    expect(messagesOf(() => pruner.registerParser('dense', custom))).toEqual([
      'E440 a parser is already registered as "torch MyDenseBackward"',
    ]);
    expect(pruner.registerParser('dense', custom, { force: true })).toBe('torch MyDenseBackward');
  });

  it('refuses what another rule reads, unless it is forced or says `override`', () => {
    const added = (rule: string, force = false): string[] => {
      const parsers = new Parsers();
      parsers.register('relu6', rule, { force });
      return messagesOf(() => parsers.addTo(coreRules()));
    };
    expect(added('from tf Relu(x)')).toEqual(['E127 this `from` of `Relu` is never reached']);
    expect(added('from tf Relu(x) override')).toEqual([]);
    expect(added('from tf Relu(x)', true)).toEqual([]);
  });

  it('refuses text that is no clause, ops that are not there, and operands that the op has not', () => {
    const parsers = new Parsers();
    expect(messagesOf(() => parsers.register('relu', 'from torch'))).toHaveLength(1);
    const added = (op: string, rule: string): string[] => {
      const other = new Parsers();
      other.register(op, rule);
      return messagesOf(() => other.addTo(coreRules()));
    };
    expect(added('nothing', 'from tf Nothing(x)')).toEqual([
      'E440 there is no op `nothing` for a parser to read',
    ]);
    expect(added('relu', 'from tf Nothing(x) { slope = 1 }')).not.toEqual([]);
  });

  it('lets a graph be imported that no rule reads', () => {
    const source: SourceGraph = {
      source: 'torch',
      name: 'custom',
      inputs: [{ name: 'x', dtype: 'float32', shape: [{ batch: 1 }, 4] }],
      constants: [{ name: 'fc.weight', dtype: 'float32', shape: [4, 2] }],
      nodes: [
        {
          name: 'n',
          type: 'MyDenseBackward0',
          inputs: [
            { node: 'x', output: 0, name: '' },
            { node: 'fc.weight', output: 0, name: '' },
          ],
          attrs: {},
          scope: '',
          outputs: 1,
        },
      ],
      outputs: [{ name: 'y', ref: { node: 'n', output: 0 } }],
    };
    const weights = mapWeights(new Map([['fc.weight', new Float32Array(8)]]));
    expect(messagesOf(() => importGraph(source, weights, coreRules()))).toHaveLength(1);
    const parsers = new Parsers();
    parsers.register('dense', custom);
    const { graph } = importGraph(source, weights, parsers.addTo(coreRules()));
    expect(graph.nodes.map(({ op }) => op)).toEqual(['dense']);
  });
});
