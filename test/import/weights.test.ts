import { io } from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { describe, expect, test } from 'vitest';
import { decodeWeight } from '../../src/import/files/weight-data.js';
import { readManifest } from '../../src/import/files/weight-spec.js';
import type { Json } from '../../src/import/files/json.js';
import { readGraphModel } from '../../src/import/tf/read-graph-model.js';
import { bytesOf, diagnosticsOf, printDiagnostic, writeModel } from './models.js';
import { zooModel } from '../zoo/fetch.mjs';
import { readModelFiles } from '../../src/import/files/model-files.js';

/** The bits of numbers, so that NaN and -0 count. */
function bits(data: ArrayBufferView): number[] {
  return data.byteLength % 4 === 0 && !(data instanceof Uint8Array)
    ? [...new Uint32Array(data.buffer, data.byteOffset, data.byteLength / 4)]
    : [...new Uint8Array(data.buffer, data.byteOffset, data.byteLength)];
}

/** Every weight as this decoder and as TensorFlow.js reads it. */
function bothDecodings(specs: readonly io.WeightsManifestEntry[], bytes: Uint8Array): [number[], number[]][] {
  const manifest = [{ paths: ['w.bin'], weights: specs }] as unknown as Json;
  const [group] = readManifest(manifest, 'model.json');
  const theirs = io.decodeWeights(new Uint8Array(bytes).buffer, [...specs]);
  // Where files are read, bytes start anywhere in a larger buffer.
  const read = Buffer.from(bytesOf(new Uint8Array(3), bytes)).subarray(3);
  return group!.weights.map((spec) => [
    bits(decodeWeight(spec, read)),
    bits(theirs[spec.name]!.dataSync() as unknown as ArrayBufferView),
  ]);
}

describe('weights are decoded bit for bit as TensorFlow.js does', () => {
  test('every half-precision number', () => {
    const halves = new Uint16Array(65536).map((_, i) => i);
    const spec: io.WeightsManifestEntry = {
      name: 'w',
      shape: [65536],
      dtype: 'float32',
      quantization: { dtype: 'float16' },
    };
    const [[ours, theirs]] = bothDecodings([spec], bytesOf(halves)) as [[number[], number[]]];
    expect(ours).toEqual(theirs);
  });

  test('bytes and 16-bit numbers with a scale and a minimum, unaligned, float32 and int32', () => {
    const specs: io.WeightsManifestEntry[] = [
      { name: 'flag', shape: [3], dtype: 'bool' },
      {
        name: 'a',
        shape: [256],
        dtype: 'float32',
        quantization: { dtype: 'uint8', scale: 0.0123, min: -1.7 },
      },
      {
        name: 'b',
        shape: [4, 2],
        dtype: 'float32',
        quantization: { dtype: 'uint16', scale: 1e-5, min: 0.1 },
      },
      { name: 'c', shape: [8], dtype: 'int32', quantization: { dtype: 'uint8', scale: 1.5, min: -7 } },
      { name: 'd', shape: [], dtype: 'float32' },
      { name: 'e', shape: [2], dtype: 'int32' },
    ];
    const bytes = bytesOf(
      new Uint8Array([1, 0, 1]),
      new Uint8Array(256).map((_, i) => i),
      new Uint16Array([0, 1, 2, 1000, 65535, 32768, 77, 9]),
      new Uint8Array([0, 1, 2, 3, 100, 200, 254, 255]),
      new Float32Array([-0.1]),
      new Int32Array([-5, 2 ** 31 - 1]),
    );
    for (const [ours, theirs] of bothDecodings(specs, bytes)) expect(ours).toEqual(theirs);
  });

  test.each(['nsfw_mobilenet_v2_mid', 'antispoof'])('all weights of %s', async (name) => {
    const files = await readModelFiles(await zooModel(name));
    const specs = (files.json as unknown as { weightsManifest: io.WeightsManifestConfig }).weightsManifest;
    const theirs = io.decodeWeights(
      files.groups.map(({ bytes }) => new Uint8Array(bytes).buffer),
      specs.flatMap(({ weights }) => weights),
    );
    expect(Object.keys(theirs).length).toBeGreaterThan(10);
    for (const [weight, tensor] of Object.entries(theirs)) {
      const data = tensor.dataSync() as unknown as Uint8Array;
      expect(
        Buffer.compare(Buffer.from(bytesOf(files.weights.get(weight))), Buffer.from(bytesOf(data))),
      ).toBe(0);
    }
  });
});

describe('bad manifests', () => {
  const weight = { name: 'w', shape: [4], dtype: 'float32' };
  const read = async (weights: readonly object[], data: Uint8Array): Promise<string> => {
    const path = await writeModel({ nodes: [], weights: weights as never, data });
    return (await diagnosticsOf(readGraphModel(path, { inputShapes: {} }))).map(printDiagnostic).join('\n');
  };

  test('a file that is too short', async () => {
    expect(await read([weight], new Uint8Array(15))).toMatchInlineSnapshot(`
      "E704: the weight files hold 15 bytes, the manifest describes 16
        at weights.bin
        because weights are found by their position in the files, so the sizes must agree
        help: a file is truncated or belongs to another model; download or convert the model again"
    `);
  });

  test('an impossible size', async () => {
    expect(await read([{ ...weight, shape: [2 ** 40, 2 ** 40] }], new Uint8Array(16))).toMatchInlineSnapshot(`
      "E704: a weight of shape [1099511627776, 1099511627776] is larger than any file
        at weight "w" of model.json
        help: the manifest is damaged; convert or download the model again"
    `);
    expect(await read([{ ...weight, shape: [-1] }], new Uint8Array(16))).toMatchInlineSnapshot(`
      "E213: a size must be a whole number that is not negative
        at weight "w" of model.json
        because it is -1
        help: the file is damaged, or is not a TensorFlow.js model; convert or download it again"
    `);
  });

  test('text', async () => {
    expect(await read([{ ...weight, dtype: 'string' }], new Uint8Array(16))).toMatchInlineSnapshot(`
      "E705: weights of type "string" are not supported
        at weight "w" of model.json
        because a network of tensors is made of float32, int32 and bool; text and complex numbers have no channels
        help: remove the part of the model that uses this weight (often preprocessing of text) before converting it"
    `);
  });

  test('an unknown encoding', async () => {
    const quantization = { dtype: 'uint4', scale: 1, min: 0 };
    expect(await read([{ ...weight, quantization }], new Uint8Array(2))).toMatchInlineSnapshot(`
      "E705: a weight of type float32 stored as "uint4" is not supported
        at weight "w" of model.json
        because TensorFlow.js stores float32 as float16, uint8 or uint16, and int32 as uint8 or uint16
        help: convert the model again with one of these, or without quantisation"
    `);
  });

  test('the same name twice', async () => {
    expect(await read([weight, weight], new Uint8Array(32))).toMatchInlineSnapshot(`
      "E701: two weights are named "w"
        at model.json
        because the graph refers to weights by name, so a name must be unique
        help: convert or download the model again"
    `);
  });
});

describe('weight files', () => {
  const read = async (paths: readonly string[]): Promise<string> => {
    const { writeFile, mkdtemp } = await import('node:fs/promises');
    const { tmpdir } = await import('node:os');
    const folder = await mkdtemp(`${tmpdir()}/espalier-test-`);
    const json = { modelTopology: { node: [] }, weightsManifest: [{ paths, weights: [] }] };
    await writeFile(`${folder}/model.json`, JSON.stringify(json));
    const found = await diagnosticsOf(readGraphModel(`${folder}/model.json`, { inputShapes: {} }));
    return found.map(printDiagnostic).join('\n');
  };

  test.each(['../secret.bin', '/etc/passwd', 'a/../../secret.bin', 'C:\\secret.bin', '..'])(
    '%s is outside the folder',
    async (path) => {
      expect(await read([path])).toBe(
        `E702: the weight file ${JSON.stringify(path)} is outside the model's folder
  at model.json
  because a model may only name files beside or below its model.json
  help: put the weight files beside model.json and list them by name`,
      );
    },
  );

  test('a file that is not there', async () => {
    expect(await read(['gone.bin'])).toMatchInlineSnapshot(`
      "E703: the weight file gone.bin is missing
        at model.json
        because the model keeps its weights in files that \`weightsManifest\` lists
        help: put the file there, under this name"
    `);
  });
});
