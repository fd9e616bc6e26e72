/**
 * The table of PyTorch models: `npm run torch-table -- TRACES` compiles and verifies every trace in the folder and writes
 * docs/torch.md; with names after it, only these, and nothing is written. The traces come from
 * `python test/torch/models.py TRACES`. Each model runs in a process of its own.
 */
import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as prettier from 'prettier';
import { reportError } from '../src/cli/report.js';
import { projectFile } from '../src/lang/project-file.js';
import { measureTrace, type TorchResult } from './torch-model.js';
import { torchPage } from './torch-table.js';

const child = '--model';

/** In the order of the table. */
const models = [
  ...['alexnet', 'vgg16_bn', 'resnet18', 'resnet50', 'resnet152', 'resnext50_32x4d', 'wide_resnet50_2'],
  ...['densenet121', 'densenet201', 'mobilenet_v2', 'mobilenet_v3_large', 'mobilenet_v3_small', 'mnasnet1_0'],
  ...[
    'shufflenet_v2_x1_0',
    'squeezenet1_0',
    'googlenet',
    'inception_v3',
    'efficientnet_b0',
    'efficientnet_v2_s',
  ],
  ...['regnet_x_400mf', 'regnet_y_400mf', 'convnext_tiny', 'vit_b_16', 'swin_t', 'maxvit_t'],
  ...['deeplabv3_resnet50', 'fcn_resnet50', 'lraspp_mobilenet_v3_large', 'lstm', 'gru', 'bert'],
];

/** The result of one model, or null: the child has said why. */
function inChild(name: string, folder: string): Promise<TorchResult | null> {
  return new Promise((resolve, reject) => {
    const started = spawn(process.execPath, [fileURLToPath(import.meta.url), child, name, folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    started.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    started.on('error', reject);
    started.on('close', (code) => resolve(code === 0 ? (JSON.parse(output) as TorchResult) : null));
  });
}

async function all(traces: string, chosen: readonly string[]): Promise<void> {
  const names = chosen.length > 0 ? chosen : models;
  const missing = names.filter((name) => !existsSync(join(traces, name, 'trace.json')));
  if (missing.length > 0) {
    process.stderr.write(
      `There are no traces of ${missing.join(', ')} in ${traces}.\n` +
        `Make them: python test/torch/models.py ${traces} ${missing.join(' ')}\n`,
    );
    process.exitCode = 1;
    return;
  }
  const results: TorchResult[] = [];
  const failed: string[] = [];
  for (const [i, name] of names.entries()) {
    process.stderr.write(`${i + 1} of ${names.length}: ${name} … `);
    const result = await inChild(name, join(traces, name));
    if (result !== null) results.push(result);
    if (result === null || !result.passed || result.disagreements.length > 0) failed.push(name);
    process.stderr.write(result === null ? `${name} failed\n` : `${inWords(result)}\n`);
  }
  if (failed.length > 0) {
    process.stderr.write(`Failed: ${failed.join(', ')}. Nothing was written.\n`);
    process.exitCode = 1;
  } else if (chosen.length === 0) {
    const path = join(projectFile('docs'), 'torch.md');
    const style = { ...(await prettier.resolveConfig(path)), parser: 'markdown' };
    writeFileSync(path, await prettier.format(torchPage(results), style));
    process.stderr.write(`Written: ${path}\n`);
  }
}

function inWords({
  passed,
  unpruned,
  pruned,
  disagreements,
  transposes,
  spaces,
  times,
}: TorchResult): string {
  const total = ((times.compile + times.verify) / 1000).toFixed(0);
  return [
    `${passed ? 'equal' : 'DIFFERENT'}: ${unpruned.toExponential(1)}, ${pruned.toExponential(1)}; ` +
      `${spaces[0]} spaces; ${transposes} transposes; ${total} s`,
    ...disagreements,
  ].join('\n  ');
}

async function one(name: string, folder: string): Promise<void> {
  try {
    process.stdout.write(JSON.stringify(await measureTrace(name, folder)));
  } catch (error) {
    process.stderr.write('\n');
    await reportError(error);
    process.exitCode = 1;
  }
}

const [first, second, third] = process.argv.slice(2);
if (first === child) await one(second!, third!);
else if (first === undefined) {
  process.stderr.write('Usage: npm run torch-table -- TRACES [MODEL …]\n');
  process.exitCode = 2;
} else await all(first, process.argv.slice(3));
