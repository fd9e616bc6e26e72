/** The LayersModels of the zoo, traced; fetched from npm once. */
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { SourceModel } from '../../../src/import/source-graph.js';
import { readLayersModel } from '../../../src/import/tfjs/read-layers-model.js';
import { zooEntries, zooModel } from '../../zoo/fetch.mjs';
import { kernelCounts } from './helpers.js';

const expected: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  nsfw_mobilenet_v2: {
    Add: 11,
    AvgPool: 1,
    Cast: 1,
    ClipByValue: 35,
    DepthwiseConv2dNative: 17,
    FusedBatchNorm: 52,
    FusedConv2D: 35,
    Identity: 12,
    PadV2: 5,
    Relu: 35,
    Reshape: 62,
    Softmax: 1,
    _FusedMatMul: 3,
  },
  nsfw_inception_v3: {
    Add: 1,
    AvgPool: 10,
    Cast: 10,
    Concat: 15,
    FusedBatchNorm: 94,
    FusedConv2D: 94,
    Identity: 2,
    MaxPool: 4,
    Relu: 94,
    Reshape: 104,
    Softmax: 1,
    _FusedMatMul: 3,
  },
  esrgan_slim_x2: { Add: 3, Concat: 3, FusedConv2D: 12, Identity: 3, Relu: 4, ResizeNearestNeighbor: 1 },
  esrgan_medium_x4: {
    Add: 11,
    Concat: 11,
    FusedConv2D: 28,
    Identity: 11,
    Relu: 12,
    ResizeNearestNeighbor: 1,
  },
};

async function read(name: string): Promise<{ path: string; model: SourceModel }> {
  const entry = (await zooEntries()).find((candidate) => candidate.name === name)!;
  const path = await zooModel(name);
  const inputShapes = Object.fromEntries(
    Object.entries(entry.inputs).map(([input, [, ...sizes]]) => [input, [{ batch: 1 }, ...sizes]]),
  );
  return { path, model: await readLayersModel(path, { inputShapes }) };
}

test.each(Object.keys(expected))('%s', { timeout: 300_000 }, async (name) => {
  const { path, model } = await read(name);
  expect(kernelCounts(model.graph)).toEqual(expected[name]);
  // Every weight of the file is a constant of the graph, under its own name and with its own shape.
  const { weightsManifest } = JSON.parse(await readFile(path, 'utf8')) as {
    weightsManifest: { weights: { name: string; shape: number[] }[] }[];
  };
  const weights = weightsManifest.flatMap((group) =>
    group.weights.map((weight) => [weight.name, weight.shape]),
  );
  const constants = model.graph.constants.map((constant) => [constant.name, constant.shape]);
  expect(new Map(constants as [string, number[]][])).toEqual(new Map(weights as [string, number[]][]));
  // All that is symbolic is the batch, and every node belongs to a layer.
  expect(model.graph.outputs).toHaveLength(1);
  for (const node of model.graph.nodes) expect(node.name).toMatch(new RegExp(`^${node.scope}/${node.type}`));
});
