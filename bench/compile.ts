/** `compile` as a whole process: the first time, with nothing in the cache, and again. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { quantile } from './speed/alternate.js';
import { bytesOf } from './speed/compiled.js';
import type { CompileRun } from './speed/page.js';
import { modelFiles } from './speed/runners.js';
import { runEspalier, type ProcessCost } from './speed/whole-process.js';
import { zoo } from './zoo-model.js';

const models = ['nsfw_mobilenet_v2', 'nsfw_mobilenet_v2_mid'];
const runs = 5;

export async function compileRuns(): Promise<CompileRun[]> {
  const { zooModel } = await zoo();
  const results: CompileRun[] = [];
  for (const name of models) {
    const model = await zooModel(name);
    const folder = mkdtempSync(join(tmpdir(), 'espalier-'));
    try {
      const args = ['compile', model, '--out', join(folder, 'out'), '--flops', '0.5', '--backend', 'wasm'];
      const run = (): Promise<ProcessCost> => runEspalier([...args, '--no-verify'], join(folder, 'cache'));
      const first = await run();
      const again: ProcessCost[] = [];
      for (let i = 0; i < runs; i++) again.push(await run());
      const weights = bytesOf(...modelFiles(model).slice(1));
      const median = (of: (cost: ProcessCost) => number): number => quantile(again.map(of), 0.5);
      results.push(
        { name: `${name}, first`, ...first, weights },
        {
          name,
          seconds: median(({ seconds }) => seconds),
          processor: median(({ processor }) => processor),
          memory: median(({ memory }) => memory),
          weights,
        },
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return results;
}
