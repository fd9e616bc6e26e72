// The main job on a real model: half of the multiply-accumulates of nsfwjs's MobileNetV2 removed, for the wasm backend.
// Prints what it was and what it is, and where the files are.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { compileModel } from '../dist/src/index.js';
import { loadEmitted } from '../dist/src/emit/run-module.js';
import { shortNumber, table } from '../dist/src/cli/table.js';
import { verificationSummary } from '../dist/src/cli/compile-report.js';
import { zooModel } from '../test/zoo/fetch.mjs';

const out = 'demo-out';
const say = (text) => process.stderr.write(`${text}\n`);

const model = await zooModel('nsfw_mobilenet_v2');
say('Compiling as it is …');
const whole = await compileModel(model, { out: join(out, 'unpruned'), backend: 'wasm', verify: false });
say('Compiling with half of the multiply-accumulates removed, and verifying …');
const pruned = await compileModel(model, {
  out: join(out, 'pruned'),
  backend: 'wasm',
  flops: 0.5,
  roundTo: 4,
});
if (!pruned.verification.result.passed) throw new Error('the pruned network differs from the masked one');

say('Measuring …');
const latency = await medianLatencies([join(out, 'unpruned'), join(out, 'pruned')]);
const { macs, params } = pruned.report;
const row = (name, before, after, show) => [
  name,
  show(before),
  show(after),
  `${(before / after).toFixed(2)} x`,
];
const bytes = (result) => result.files.reduce((sum, file) => sum + statSync(file).size, 0);
const megabytes = (n) => `${(n / 1e6).toFixed(2)} MB`;
console.log(
  table(
    ['MobileNetV2', 'before', 'after', 'ratio'],
    [
      row('parameters', params.before, params.after, shortNumber),
      row('MACs', macs.before, macs.after, shortNumber),
      row('files', bytes(whole), bytes(pruned), megabytes),
      row('latency, wasm', latency[0], latency[1], (ms) => `${ms.toFixed(1)} ms`),
    ],
  ),
);
console.log(verificationSummary(pruned.verification.result, pruned.verification.backend));
console.log(`Files: ${pruned.files.join(', ')}`);

/** Median time of one prediction in milliseconds, the modules taking turns. */
async function medianLatencies(folders) {
  const models = await Promise.all(folders.map(loadFolder));
  const shape = [1, 224, 224, 3];
  const image = { dtype: 'float32', shape, data: new Float32Array(224 * 224 * 3).fill(0.5) };
  const times = models.map(() => []);
  for (let round = 0; round < 25; round++) {
    for (const [i, loaded] of models.entries()) {
      const start = performance.now();
      await loaded.predict({ input_1: image });
      if (round >= 5) times[i].push(performance.now() - start);
    }
  }
  for (const loaded of models) loaded.dispose();
  return times.map((list) => list.sort((a, b) => a - b)[Math.floor(list.length / 2)]);
}

/** Loads a compiled folder in this process. */
function loadFolder(folder) {
  const modelTs = readFileSync(join(folder, 'model.ts'), 'utf8');
  const weights = new Uint8Array(readFileSync(join(folder, 'weights.safetensors')));
  return loadEmitted({ modelTs, weights }, 'wasm');
}
