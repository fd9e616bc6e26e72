/** Modules and LayersModels on disk, and traces as text. */
import { mkdtemp, mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type * as Tf from '@tensorflow/tfjs';
import type { Attr } from '../../../src/ir/graph.js';
import { readFunctionModule } from '../../../src/import/tfjs/read-function-module.js';
import { loadTensorFlow } from '../../../src/import/tfjs/tensorflow.js';
import type { NamedTensors, SourceGraph, SourceModel, SourceRef } from '../../../src/import/source-graph.js';
import { diagnosticsOf, printDiagnostic } from '../models.js';

export const noShapes = { inputShapes: {} };

/** Writes files by relative path into a new folder; the folder. */
export async function writeFiles(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'espalier-test-'));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return folder;
}

/** Reads a module `model.mjs` of the given text. */
export async function readModule(text: string, inputShapes = {}): Promise<SourceModel> {
  const folder = await writeFiles({ 'model.mjs': text });
  return readFunctionModule(join(folder, 'model.mjs'), { inputShapes });
}

/** The text of the one diagnostic that reading the module ends in; the folder is left out. */
export async function refusal(text: string, inputShapes = {}): Promise<string> {
  const folder = await writeFiles({ 'model.mjs': text });
  const path = join(folder, 'model.mjs');
  const [diagnostic, ...others] = await diagnosticsOf(readFunctionModule(path, { inputShapes }));
  if (others.length > 0) throw new Error('more than one diagnostic');
  return printDiagnostic(diagnostic!).replaceAll(`${folder}/`, '');
}

/** Saves a LayersModel as its own `save` does; the path of the model.json. */
export async function saveLayersModel(model: Tf.LayersModel): Promise<string> {
  const tf = await loadTensorFlow();
  let saved: Tf.io.ModelArtifacts | undefined;
  await model.save(
    tf.io.withSaveHandler((artifacts) => {
      saved = artifacts;
      return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } });
    }),
  );
  const { modelTopology, weightSpecs, weightData } = saved!;
  const folder = await writeFiles({
    'model.json': JSON.stringify({
      format: 'layers-model',
      modelTopology,
      weightsManifest: [{ paths: ['weights.bin'], weights: weightSpecs }],
    }),
  });
  await writeFile(join(folder, 'weights.bin'), Buffer.from(weightData as ArrayBuffer));
  return join(folder, 'model.json');
}

/** A graph as text: `name: Type(x=a, y=b:1) { attr: value } -> [shape]` per node. */
export function printSource(graph: SourceGraph): string[] {
  return [
    ...graph.inputs.map(({ name, dtype, shape }) => `input ${name}: ${dtype}${printShape(shape)}`),
    ...graph.constants.map(({ name, dtype, shape }) => `constant ${name}: ${dtype}${printShape(shape)}`),
    ...graph.nodes.map((node) => {
      const inputs = node.inputs.map(
        (input) => (input.name === '' ? '' : `${input.name}=`) + printRef(input),
      );
      const attrs = Object.entries(node.attrs).map(([key, value]) => `${key}: ${printAttr(value)}`);
      const types = node.types!.map(({ dtype, shape }) => `${dtype}${printShape(shape)}`);
      const braces = attrs.length === 0 ? '' : ` { ${attrs.join(', ')} }`;
      return `${node.name}: ${node.type}(${inputs.join(', ')})${braces} -> ${types.join(', ')}`;
    }),
    ...graph.outputs.map(({ name, ref }) => `output ${name} = ${printRef(ref)}`),
  ];
}

function printRef({ node, output }: SourceRef): string {
  return output === 0 ? node : `${node}:${output}`;
}

function printShape(shape: readonly Attr[]): string {
  return `[${shape.map(printAttr).join(',')}]`;
}

function printAttr(value: Attr): string {
  if (Array.isArray(value)) return printShape(value);
  if (typeof value === 'object' && value !== null && 'batch' in value) {
    return value.batch === 1 ? 'N' : `${value.batch}N`;
  }
  return JSON.stringify(value);
}

/** How many nodes of each kernel there are. */
export function kernelCounts(graph: SourceGraph): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { type } of graph.nodes) counts[type] = (counts[type] ?? 0) + 1;
  return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Seeded random inputs for a graph, with the batch filled in. */
export function sampleInputs(graph: SourceGraph, batch: number): NamedTensors {
  let state = 1;
  const next = (): number => (state = (state * 16807) % 2147483647) / 2147483647;
  return Object.fromEntries(
    graph.inputs.map(({ name, dtype, shape }) => {
      const sizes = shape.map((dim) => (typeof dim === 'number' ? dim : dim.batch * batch));
      const length = sizes.reduce((a, b) => a * b, 1);
      const values = Array.from({ length }, () => (dtype === 'float32' ? next() : Math.floor(next() * 2)));
      const data = dtype === 'float32' ? Float32Array.from(values) : Int32Array.from(values);
      return [name, { dtype, shape: sizes, data }];
    }),
  );
}
