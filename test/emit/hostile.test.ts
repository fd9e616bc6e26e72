import { beforeAll, describe, expect, it } from 'vitest';
import { emitModule } from '../../src/emit/module.js';
import { camelCase, Names, pascalCase } from '../../src/emit/naming.js';
import { loadEmitted } from '../../src/emit/run-module.js';
import { loadBackend } from '../../src/emit/tf.js';
import type { Graph } from '../../src/ir/graph.js';
import { mapWeights } from '../../src/ir/weights.js';
import { image, rules } from './support.js';

/** Names that would do something, if they became code. */
const names = [
  `*/ throw new Error('code'); /*`,
  "'); throw new Error('code'); ('",
  '`${(() => { throw new Error("code"); })()}`',
  '\u2028\u2029\n\r\\',
  '\u202eevil\u2066',
  '__proto__',
  'constructor',
  'default',
  'await',
  'tf',
  'load',
  'w',
  'x',
  'undefined',
  'toString',
  'checkInput',
  '../../../etc/passwd',
  '한국어/모델',
  '0',
  '',
  ' ',
  '.',
  'a'.repeat(5000),
  'deep/'.repeat(300),
];

/** A chain of a node for every name, which is also its scope, its parameter's name and the name of an output. */
function hostile(): { graph: Graph; data: Map<string, Float32Array> } {
  const type = { dtype: 'float32', shape: [{ batch: 1 }, 4] } as const;
  const parameter = { dtype: 'float32', shape: [4] } as const;
  const graph: Graph = {
    name: names[0]!,
    inputs: [{ name: names[1]!, value: 'in' }],
    outputs: names.map((name, i) => ({ name, value: `v${i}` })),
    parameters: Object.fromEntries(names.map((name, i) => [`p${i}`, { ...parameter, name }])),
    values: {
      in: type,
      ...Object.fromEntries(
        names.flatMap((_, i) => [
          [`v${i}`, type],
          [`p${i}`, parameter],
        ]),
      ),
    },
    nodes: names.map((name, i) => ({
      id: `v${i}`,
      op: 'plus',
      operands: { x: i === 0 ? 'in' : `v${i - 1}`, y: `p${i}` },
      attrs: {},
      results: [`v${i}`],
      scope: i % 2 === 0 ? name : '',
      source: { name, type: name },
      rule: { file: name, line: 1 },
    })),
  };
  return { graph, data: new Map(names.map((name) => [name, new Float32Array(4).fill(1)])) };
}

describe('names of a model', () => {
  beforeAll(() => loadBackend('cpu'));

  it('never become code', async () => {
    const { graph, data } = hostile();
    const emitted = await emitModule(graph, mapWeights(data), rules, { backend: 'wasm', trainable: false });
    // Outside of string literals nothing of them is left but letters and digits.
    expect(emitted.modelTs).toMatch(/^[\n -~\p{Script=Hangul}]*$/u);
    const model = await loadEmitted(emitted, 'cpu');
    const input = image([2, 4]);
    const outputs = await model.predict({ [names[1]!]: input });
    model.dispose();
    expect(Object.keys(outputs).sort()).toEqual([...names].sort());
    expect([...outputs['']!.data]).toEqual([...input.data].map((value) => addOnes(value, 20)));
  });

  it('give identifiers that are free', () => {
    const taken = new Names(['conv']);
    expect(['conv', 'conv', 'conv2', 'class', '', '1'].map((name) => taken.claim(name, 'x'))).toEqual([
      'conv2',
      'conv3',
      'conv2_2',
      'class2',
      'x',
      '1',
    ]);
    expect(['expanded_conv_1/Conv2D', 'LSTMCell', '2/conv', 'naïve', '한국어', '12'].map(camelCase)).toEqual([
      'expandedConv1Conv2D',
      'lstmCell',
      'conv2',
      'naive',
      '',
      '',
    ]);
    expect(pascalCase('mobilenet_v2')).toBe('MobilenetV2');
  });
});

/** 1 added so many times, each time rounded. */
function addOnes(value: number, times: number): number {
  for (let i = 0; i < times; i++) value = Math.fround(value + 1);
  return value;
}
