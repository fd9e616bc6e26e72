/**
 * `npm run bench`: how fast emitted modules and the compiler are, written to docs/speed.md and docs/scale.svg.
 * With names of models, only these are measured, and nothing is written: those of the zoo, and those that are compared
 * with ONNX Runtime.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as prettier from 'prettier';
import { availableBackends } from '../src/emit/tf.js';
import { projectFile } from '../src/lang/project-file.js';
import { compileRuns } from './compile.js';
import { scalePlot } from './scale.js';
import { bytesOf, compileForBench, deployedBytes, type SpeedBackend } from './speed/compiled.js';
import { inChild } from './speed/in-child.js';
import { comparableModels, compareWithOnnx, howToCompare, onnxModels } from './speed/onnx.js';
import { speedPage, type ComparedModel, type MeasuredModel } from './speed/page.js';
import { modelFiles, takesBatches } from './speed/runners.js';

/** Two layers models, and graph models. */
const models = [
  ...[
    'nsfw_mobilenet_v2',
    'nsfw_mobilenet_v2_mid',
    'antispoof',
    'liveness',
    'emotion',
    'faceres',
    'facemesh',
  ],
  ...['iris', 'blazeface', 'handlandmark_lite', 'nsfw_inception_v3'],
];

/** Emitted modules import the packages of the project: they must be inside it. */
const folder = join(projectFile('package.json'), '..', '.cache', 'bench');

async function measure(name: string, backend: SpeedBackend): Promise<MeasuredModel> {
  const compiled = await compileForBench(name, backend, folder);
  const speed = [await inChild({ kind: 'speed', compiled, batch: 1 })];
  const { signature } = speed[0]!;
  if (takesBatches(signature)) speed.push(await inChild({ kind: 'speed', compiled, batch: 8 }));
  const load = (path: string, original: boolean): ReturnType<typeof inChild<LoadJob>> =>
    inChild({ kind: 'load', backend, signature, path, original });
  const { half } = compiled;
  return {
    name,
    backend,
    speed,
    load: {
      original: await load(compiled.model, true),
      unpruned: await load(compiled.unpruned, false),
      half: half === null ? null : await load(half, false),
    },
    bytes: {
      original: bytesOf(...modelFiles(compiled.model)),
      unpruned: await deployedBytes(compiled.unpruned),
      half: half === null ? null : await deployedBytes(half),
    },
  };
}

type LoadJob = Extract<Parameters<typeof inChild>[0], { kind: 'load' }>;

async function measureAll(names: readonly string[]): Promise<MeasuredModel[]> {
  const installed = availableBackends();
  const backends = (['wasm', 'node-gpu'] as const).filter((name) => installed.includes(name));
  const results: MeasuredModel[] = [];
  for (const backend of backends) {
    for (const name of names) {
      const result = await measure(name, backend);
      results.push(result);
      for (const { batch, unpruned, half } of result.speed) {
        const more = half === null ? '' : `, half ${half.ratio.toFixed(2)} of ${half.first.toFixed(1)} ms`;
        process.stderr.write(
          `${backend} ${name}, batch ${batch}: unpruned ${unpruned.ratio.toFixed(2)} of ${unpruned.first.toFixed(1)} ms${more}\n`,
        );
      }
    }
  }
  return results;
}

async function compareAll(names: readonly string[]): Promise<ComparedModel[]> {
  const here = availableBackends().includes('node-gpu') ? comparableModels() : [];
  const missing = names.filter((name) => !here.includes(name));
  if (missing.length > 0) {
    process.stderr.write(
      `Not compared with ONNX Runtime: ${missing.join(', ')}. It takes\n${howToCompare}\n`,
    );
  }
  const compared: ComparedModel[] = [];
  for (const name of names.filter((name) => here.includes(name))) {
    const results = await compareWithOnnx(name, folder);
    compared.push({ name, results });
    for (const { batch, unpruned, half } of results) {
      process.stderr.write(
        `ONNX Runtime ${name}, batch ${batch}: ${half.first.toFixed(1)} ms, unpruned ${unpruned.ratio.toFixed(2)}, half ${half.ratio.toFixed(2)}\n`,
      );
    }
  }
  return compared;
}

const chosen = process.argv.slice(2);
const isOnnx = (name: string): boolean => onnxModels.some((model) => model === name);
mkdirSync(folder, { recursive: true });
let results: MeasuredModel[];
let compared: ComparedModel[];
try {
  results = await measureAll(chosen.length > 0 ? chosen.filter((name) => !isOnnx(name)) : models);
  compared = await compareAll(chosen.length > 0 ? chosen.filter(isOnnx) : onnxModels);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
if (chosen.length === 0) {
  const page = join(projectFile('docs'), 'speed.md');
  const style = { ...(await prettier.resolveConfig(page)), parser: 'markdown' };
  writeFileSync(join(projectFile('docs'), 'scale.svg'), scalePlot());
  writeFileSync(page, await prettier.format(speedPage(results, compared, await compileRuns()), style));
  process.stderr.write(`Written: ${page}\n`);
}
