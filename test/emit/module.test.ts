import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runGraph } from '../../src/emit/interpret.js';
import { emitModule, type EmittedModule } from '../../src/emit/module.js';
import { importEmitted, loadEmitted, type ModelExports } from '../../src/emit/run-module.js';
import { readSafetensors } from '../../src/emit/safetensors.js';
import { loadBackend, type Tensor, type Tf } from '../../src/emit/tf.js';
import type { NamedTensors } from '../../src/import/source-graph.js';
import type { Graph, WeightStore } from '../../src/ir/graph.js';
import { batchModel, blocksModel, smallModel } from './models.js';
import { difference, image, model, rules } from './support.js';

type Model = { graph: Graph; weights: WeightStore };

let tf: Tf;
beforeAll(async () => {
  tf = await loadBackend('cpu');
});

const emit = ({ graph, weights }: Model, trainable = false): Promise<EmittedModule> =>
  emitModule(graph, weights, rules, { backend: 'wasm', trainable });

/** The outputs of the emitted module, having checked that the interpreter computes the same. */
async function run(what: Model, inputs: NamedTensors): Promise<NamedTensors> {
  const loaded = await loadEmitted(await emit(what), 'cpu');
  const outputs = await loaded.predict(inputs);
  loaded.dispose();
  const interpreted = await runGraph(what.graph, what.weights, rules, inputs, tf);
  expect(Object.keys(outputs)).toEqual(what.graph.outputs.map(({ name }) => name));
  expect(difference(outputs, interpreted)).toBe(0);
  return outputs;
}

describe('the text of a module', () => {
  it('reads like this', async () => {
    const { modelTs } = await emit(smallModel());
    await expect(modelTs).toMatchFileSnapshot('snapshots/small.ts.txt');
  });

  it('shares a function among equal blocks', async () => {
    const { modelTs } = await emit(blocksModel());
    await expect(modelTs).toMatchFileSnapshot('snapshots/blocks.ts.txt');
  });

  it('has weights as variables where it is to be trained, and comes with all batch sizes', async () => {
    const { modelTs } = await emit(batchModel(), true);
    await expect(modelTs).toMatchFileSnapshot('snapshots/batch-trainable.ts.txt');
  });

  it('is the same every time', async () => {
    const [a, b] = [await emit(blocksModel()), await emit(blocksModel())];
    expect(a.modelTs).toBe(b.modelTs);
    expect(Buffer.compare(a.weights, b.weights)).toBe(0);
  });

  it('leaves out what reaches no output', async () => {
    const { modelTs, weights } = await emit(
      model(`graph "g" {
        input %x "x": float32[N,4]
        param %k "k": float32[4,4]
        param %dead "dead": float32[4,4]
        %y = dense(x: %x, k: %k)
        %z = dense(x: %y, k: %dead)
        output "y": %y
      }`),
    );
    expect(modelTs).not.toContain('dead');
    expect([...readSafetensors(weights).keys()]).toEqual(['k']);
  });
});

describe('an emitted module', () => {
  it('computes what the graph says, for any batch size', async () => {
    for (const batch of [1, 3]) {
      const { scores, best } = await run(blocksModel(), { image: image([batch, 8, 8, 3]) });
      expect([scores!.shape, best!.shape]).toEqual([
        [batch, 7],
        [batch, 2],
      ]);
    }
  });

  it('gives back inputs and weights as new tensors', async () => {
    const inputs = { a: image([5, 2, 3]), 'b/in': image([5, 6]) };
    const outputs = await run(batchModel(), inputs);
    expect(outputs['sizes']!.data).toEqual(new Int32Array([5, 12]));
    expect(outputs['b again']!.data).toEqual(inputs['b/in'].data);
    expect(Object.hasOwn(outputs, '__proto__')).toBe(true);
  });

  it('keeps nothing in memory but its weights', async () => {
    const { modelTs, weights } = await emit(blocksModel());
    const { load } = await importEmitted(modelTs);
    const before = tf.memory().numTensors;
    const loaded = await load(Uint8Array.from(weights).buffer);
    const withWeights = tf.memory().numTensors;
    expect(withWeights - before).toBe(readSafetensors(weights).size);
    for (let i = 0; i < 100; i++) {
      const x = tf.zeros([1, 8, 8, 3]);
      tf.dispose(loaded.predict(x) as Record<string, Tensor>);
      x.dispose();
    }
    expect(tf.memory().numTensors).toBe(withWeights);
    loaded.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses inputs that are not those of its signature', async () => {
    const single = await loadEmitted(await emit(smallModel()), 'cpu');
    await expect(single.predict({ image: image([1, 8, 9, 3]) })).rejects.toThrow(
      'The input image must be float32[batch, 8, 8, 3], not float32[1, 8, 9, 3]',
    );
    const integers = { dtype: 'int32' as const, shape: [1, 8, 8, 3], data: new Int32Array(192) };
    await expect(single.predict({ image: integers })).rejects.toThrow('not int32[1, 8, 8, 3]');
    const several = await loadEmitted(await emit(batchModel()), 'cpu');
    await expect(several.predict({ a: image([2, 2, 3]), 'b/in': image([1, 6]) })).rejects.toThrow(
      'The input b/in must be float32[2, 6], not float32[1, 6]',
    );
  });

  it('is trained by an optimiser where it is made for that', async () => {
    await import('@tensorflow/tfjs');
    await tf.setBackend('cpu');
    const { modelTs, weights } = await emit(smallModel(), true);
    const { load } = await importEmitted(modelTs);
    const loaded = await load(Uint8Array.from(weights).buffer);
    const x = tf.ones([2, 8, 8, 3]);
    const loss = (): ReturnType<typeof tf.scalar> =>
      tf.tidy(() => tf.mean(tf.squaredDifference(loaded.predict(x) as Tensor, tf.ones([2, 2]))));
    const optimiser = tf.train.sgd(0.01);
    const before = (await loss().data())[0]!;
    for (let i = 0; i < 20; i++) optimiser.minimize(loss)?.dispose();
    expect((await loss().data())[0]!).toBeLessThan(before / 2);
    loaded.dispose();
  });
});

describe('loading', () => {
  let folder: string;
  let exports: ModelExports;
  let weights: Uint8Array;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'espalier-test-'));
    const emitted = await emit(smallModel());
    weights = emitted.weights;
    exports = await importEmitted(emitted.modelTs);
    await writeFile(join(folder, 'weights.safetensors'), weights);
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('takes a path, a URL or memory', async () => {
    const path = join(folder, 'weights.safetensors');
    const dataUrl = `data:application/octet-stream;base64,${Buffer.from(weights).toString('base64')}`;
    const memory = Uint8Array.from(weights).buffer;
    for (const source of [path, pathToFileURL(path), pathToFileURL(path).href, dataUrl, memory]) {
      const loaded = await exports.load(source);
      expect(Object.keys(loaded.weights)).toEqual(['stemKernel', 'stemBias', 'denseKernel']);
      loaded.dispose();
    }
  });

  const header = (text: string, data = 0): ArrayBuffer => {
    const bytes = new Uint8Array(8 + text.length + data);
    new DataView(bytes.buffer).setUint32(0, text.length, true);
    bytes.set(new TextEncoder().encode(text), 8);
    return bytes.buffer;
  };
  const kernel = (rest: string): string => `{"tiny/stem/kernel":{"dtype":"F32",${rest}}}`;

  it.each([
    [new ArrayBuffer(0), 'its header is cut off'],
    [new Uint8Array(16).fill(255).buffer, 'its header is cut off'],
    [header('{]'), 'its header is not JSON'],
    [header('null'), 'its header is not JSON'],
    [header('{}'), 'tiny/stem/kernel is undefined[undefined], not F32[3,3,3,4]'],
    [header('{"tiny/stem/kernel":null}'), 'tiny/stem/kernel is undefined[undefined], not F32[3,3,3,4]'],
    [header('{"tiny/stem/kernel":{"dtype":"F16"}}'), 'tiny/stem/kernel is F16[undefined], not F32[3,3,3,4]'],
    [header(kernel('"shape":[1,3,3,4]')), 'tiny/stem/kernel is F32[1,3,3,4], not F32[3,3,3,4]'],
    [header(kernel('"shape":[3,3,3,4]')), 'tiny/stem/kernel is cut off'],
    [header(kernel('"shape":[3,3,3,4],"data_offsets":[0,432]'), 431), 'tiny/stem/kernel is cut off'],
    [header(kernel('"shape":[3,3,3,4],"data_offsets":[0,428]'), 432), 'tiny/stem/kernel is cut off'],
    [header(kernel('"shape":[3,3,3,4],"data_offsets":[-432,0]'), 432), 'tiny/stem/kernel is cut off'],
    [header(kernel('"shape":[3,3,3,4],"data_offsets":"ab"'), 432), 'tiny/stem/kernel is cut off'],
  ])('refuses a bad file (%#), and leaves nothing in memory', async (bytes, why) => {
    const before = tf.memory().numTensors;
    await expect(exports.load(bytes)).rejects.toThrow(`This is not the weights file of this model: ${why}`);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('says what it could not read', async () => {
    await expect(exports.load(join(folder, 'missing'))).rejects.toThrow('ENOENT');
    await expect(exports.load('data:nonsense')).rejects.toThrow();
  });
});
