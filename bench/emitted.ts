/**
 * `npm run bench`: how fast emitted modules and the compiler are, written to docs/speed.md and docs/scale.svg.
 * With names of models, only these are measured, and nothing is written.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as prettier from 'prettier';
import { availableBackends } from '../src/emit/tf.js';
import { projectFile } from '../src/lang/project-file.js';
import { compileRuns } from './compile.js';
import { scalePlot } from './scale.js';
import { bytesOf, compileForBench, type SpeedBackend } from './speed/compiled.js';
import { inChild } from './speed/in-child.js';
import { speedPage, type MeasuredModel } from './speed/page.js';
import { modelFiles } from './speed/runners.js';

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
  const speed = await inChild({ kind: 'speed', compiled });
  const load = (path: string, original: boolean): ReturnType<typeof inChild<LoadJob>> =>
    inChild({ kind: 'load', backend, signature: speed.signature, path, original });
  const bytes = (out: string): number => bytesOf(join(out, 'model.mjs'), join(out, 'weights.safetensors'));
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
      unpruned: bytes(compiled.unpruned),
      half: half === null ? null : bytes(half),
    },
  };
}

type LoadJob = Extract<Parameters<typeof inChild>[0], { kind: 'load' }>;

async function measureAll(names: readonly string[]): Promise<MeasuredModel[]> {
  const installed = availableBackends();
  const backends = (['wasm', 'node-gpu'] as const).filter((name) => installed.includes(name));
  mkdirSync(folder, { recursive: true });
  try {
    const results: MeasuredModel[] = [];
    for (const backend of backends) {
      for (const name of names) {
        const result = await measure(name, backend);
        results.push(result);
        const { unpruned, half } = result.speed.batches[0]!;
        process.stderr.write(
          `${backend} ${name}: unpruned ${unpruned.ratio.toFixed(2)}, half ${half?.ratio.toFixed(2) ?? '–'}\n`,
        );
      }
    }
    return results;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const chosen = process.argv.slice(2);
const results = await measureAll(chosen.length > 0 ? chosen : models);
if (chosen.length === 0) {
  const page = join(projectFile('docs'), 'speed.md');
  const style = { ...(await prettier.resolveConfig(page)), parser: 'markdown' };
  writeFileSync(join(projectFile('docs'), 'scale.svg'), scalePlot());
  writeFileSync(page, await prettier.format(speedPage(results, await compileRuns()), style));
  process.stderr.write(`Written: ${page}\n`);
}
