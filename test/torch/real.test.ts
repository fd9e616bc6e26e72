/**
 * Real models, traced here and compiled to the end, where there is a Python with torch and torchvision: set
 * ESPALIER_PYTHON to it. In CI it is set. Images are small, so that it takes minutes.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileModel } from '../../src/compile/compile.js';
import { projectFile } from '../../src/lang/project-file.js';
import { checkTrace } from './check.js';

const python = process.env['ESPALIER_PYTHON'];
const image = ['x=N,3,64,64'];

/** Inputs as the tracer takes them, and how many channel spaces can be pruned. */
const models: readonly (readonly [name: string, inputs: readonly string[], spaces: number])[] = [
  ['resnet18', image, 12],
  ['densenet121', image, 120],
  ['shufflenet_v2_x1_0', image, 31],
  ['mobilenet_v3_small', image, 27],
  ['lraspp_mobilenet_v3_large', image, 30],
  ['small_vit', ['x=N,3,32,32'], 6],
  ['small_swin', ['x=N,3,32,32'], 8],
  ['lstm', ['x=N,12,32'], 2],
  ['gru', ['x=N,12,32'], 4],
  ['bert', ['ids=N,32:int64:1000', 'attention_mask=N,32:int64:2', 'kinds=N,32:int64:2'], 10],
];

describe.skipIf(python === undefined)('PyTorch', { timeout: 300_000 }, () => {
  let traces = '';

  beforeAll(async () => {
    traces = await mkdtemp(join(tmpdir(), 'espalier-torch-'));
  });

  afterAll(() => rm(traces, { recursive: true, force: true }));

  it.each(models)('%s', async (name, inputs, spaces) => {
    const folder = join(traces, name);
    const tracer = projectFile('src/import/torch/espalier_tracer.py');
    const given = inputs.flatMap((input) => ['--input', input]);
    await promisify(execFile)(python!, [tracer, `models:${name}`, ...given, '--out', folder], {
      cwd: fileURLToPath(new URL('.', import.meta.url)),
    });
    expect(Object.keys(await checkTrace(folder))).toHaveLength(spaces);
    const out = join(traces, `${name}-pruned`);
    const { verification } = await compileModel(folder, { out, backend: 'wasm', ratio: 0.5 });
    expect(verification!.result.checks.map((check) => [check.name, check.verdict])).toEqual([
      ['unpruned against reference', 'equal'],
      ['pruned against masked', 'equal'],
    ]);
  });
});
