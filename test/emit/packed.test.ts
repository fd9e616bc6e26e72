import { beforeAll, describe, expect, it } from 'vitest';
import { runGraph } from '../../src/emit/interpret.js';
import { emitModule, type EmittedModule } from '../../src/emit/module.js';
import { importEmitted, loadEmitted } from '../../src/emit/run-module.js';
import { readMetadata, readSafetensors, writeSafetensors } from '../../src/emit/safetensors.js';
import { loadBackend, type Tf } from '../../src/emit/tf.js';
import { typeErrors } from '../../src/emit/type-check.js';
import type { Graph, WeightStore } from '../../src/ir/graph.js';
import { unpack, type PackedData } from '../../src/ir/packed.js';
import { smallModel } from './models.js';
import { difference, image, model, rules } from './support.js';

let tf: Tf;
beforeAll(async () => {
  tf = await loadBackend('cpu');
});

const affine = { kind: 'affine', scale: 0.013, min: -1.5 } as const;
const half = { kind: 'float16' } as const;
/** All half floats but infinities and what is no number; subnormal ones and both zeros among them. */
const halves = Uint16Array.from({ length: 2 * 0x7c00 }, (_, i) => (i % 2 === 0 ? i >> 1 : 0x8000 | (i >> 1)));
const bytes = Uint8Array.from({ length: 4096 }, (_, i) => (i * 7) % 256);
const words = Uint16Array.from({ length: 4096 }, (_, i) => (i * 3001) % 65536);

type Model = { graph: Graph; weights: WeightStore };

/** The model with some weights packed. */
function packedModel({ graph, weights }: Model, packed: Readonly<Record<string, PackedData>>): Model {
  return {
    graph,
    weights: {
      has: (name) => weights.has(name),
      get: (name) => (Object.hasOwn(packed, name) ? unpack(packed[name]!) : weights.get(name)),
      packed: (name) => packed[name] ?? null,
    },
  };
}

/** One parameter for each, of which the model gives the sum with its input. */
function sums(packed: Readonly<Record<string, PackedData>>, more = ''): Model {
  const names = Object.keys(packed);
  const inputs = names.map((name) => `input %x${name} "x${name}": float32[N,${packed[name]!.codes.length}]`);
  const parameters = names.map((name) => `param %${name} "${name}": float32[${packed[name]!.codes.length}]`);
  const nodes = names.map((name) => `%y${name} = plus(x: %x${name}, y: %${name})`);
  const outputs = names.map((name) => `output "y${name}": %y${name}`);
  return packedModel(
    model(`graph "sums" { ${[...inputs, ...parameters, ...nodes, more, ...outputs].join('\n')} }`),
    packed,
  );
}

const emit = ({ graph, weights }: Model, trainable = false): Promise<EmittedModule> =>
  emitModule(graph, weights, rules, { backend: 'wasm', trainable });

const factors = [{ data: new Float32Array([0.3, -2, 7, 1e-3]), run: 2 }];
const variants: readonly (readonly [string, Readonly<Record<string, PackedData>>])[] = [
  ['bytes', { a: { codes: bytes, coding: affine, factors } }],
  ['words', { a: { codes: words, coding: affine, factors: [...factors, ...factors] } }],
  ['half floats', { a: { codes: halves, coding: half, factors } }],
  [
    'all of them',
    {
      a: { codes: bytes, coding: affine, factors: [] },
      b: { codes: halves, coding: half, factors: [] },
      c: { codes: words, coding: affine, factors },
    },
  ],
];

describe('a module with packed weights', () => {
  it('reads like this, and has a small file', async () => {
    const { graph, weights } = smallModel();
    const kernel: PackedData = {
      codes: bytes.slice(0, 108),
      coding: affine,
      factors: [{ data: new Float32Array([1, 2, 3, 4]), run: 1 }],
    };
    const { modelTs, weights: file } = await emit(
      packedModel({ graph, weights }, { 'tiny/stem/kernel': kernel }),
    );
    await expect(modelTs).toMatchFileSnapshot('snapshots/packed.ts.txt');
    expect([...readMetadata(file)]).toEqual([
      [
        'tiny/stem/kernel',
        '{"scale":0.013,"min":-1.5,"times":[{"name":"tiny/stem/kernel/factor","length":4,"run":1}]}',
      ],
    ]);
    expect(readSafetensors(file).get('tiny/stem/kernel')).toEqual({
      dtype: 'uint8',
      shape: [3, 3, 3, 4],
      data: kernel.codes,
    });
  });

  it.each(variants)('of %s computes with the same numbers, to the last bit', async (_, packed) => {
    const what = sums(packed);
    const module = await emit(what);
    const loaded = await loadEmitted(module, 'cpu');
    const inputs = Object.fromEntries(
      Object.entries(packed).map(([name, { codes }]) => [
        `x${name}`,
        { ...image([1, codes.length]), data: new Float32Array(codes.length) },
      ]),
    );
    const outputs = await loaded.predict(inputs);
    loaded.dispose();
    expect(difference(outputs, await runGraph(what.graph, what.weights, rules, inputs, tf))).toBe(0);
    const plain = writeSafetensors(
      Object.keys(packed).map((name) => [
        name,
        { dtype: 'float32', shape: [packed[name]!.codes.length], data: what.weights.get(name) },
      ]),
    );
    expect(module.weights.length).toBeLessThan(0.65 * plain.length);
  });

  it.each(variants)('of %s has the right types, be it trained or not', async (_, packed) => {
    const whole =
      'param %i "i": int32[2] = [1, 2]\nparam %t "t": bool[2] = [true, false]\noutput "i": %i\noutput "t": %t';
    for (const more of ['', whole, whole.replaceAll(/^.*%t.*$/gm, '')]) {
      for (const trainable of [false, true]) {
        const { modelTs } = await emit(sums(packed, more), trainable);
        expect(typeErrors(modelTs)).toEqual([]);
      }
    }
  });

  it('keeps in full what packing would not make smaller, or has no code for', async () => {
    const tiny: PackedData = { codes: bytes.slice(0, 8), coding: affine, factors: [] };
    const infinite: PackedData = { codes: new Uint16Array(4096).fill(0x7c00), coding: half, factors: [] };
    const { modelTs, weights } = await emit(sums({ a: tiny, b: infinite }));
    expect([...readMetadata(weights)]).toEqual([]);
    expect(modelTs).not.toContain('unpack');
  });

  it.each([
    ['nothing', undefined],
    ['what is not JSON', '{'],
    ['null', 'null'],
    ['no factors', '{"scale":1,"min":0}'],
    ['a factor that is not there', '{"scale":1,"min":0,"times":[{"name":"b","length":4,"run":2}]}'],
    ['a factor that does not fit', '{"scale":1,"min":0,"times":[{"name":"a/factor","length":4,"run":3000}]}'],
    ['no run', '{"scale":1,"min":0,"times":[{"name":"a/factor","length":4,"run":0}]}'],
    ['a run without end', '{"scale":1,"min":0,"times":[{"name":"a/factor","length":4,"run":1e999}]}'],
  ])('refuses a file that says of a packed weight %s', async (_, text) => {
    const { modelTs, weights } = await emit(sums({ a: { codes: bytes, coding: affine, factors } }));
    const damaged = writeSafetensors(readSafetensors(weights), text === undefined ? {} : { a: text });
    const { load } = await importEmitted(modelTs);
    const before = tf.memory().numTensors;
    await expect(load(Uint8Array.from(damaged).buffer)).rejects.toThrow(
      /^This is not the weights file of this model: a can't be unpacked/,
    );
    expect(tf.memory().numTensors).toBe(before);
  });
});
