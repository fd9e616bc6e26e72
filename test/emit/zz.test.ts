import { it } from 'vitest';
import { existsSync, statSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { prepareModel } from '../../src/compile/prepare.js';
import { lowerModel } from '../../src/compile/lower.js';
import { Timings } from '../../src/compile/timings.js';
import { emitModule } from '../../src/emit/module.js';
import { loadEmitted } from '../../src/emit/run-module.js';
import { prepareGraph } from '../../src/emit/interpret.js';
import { loadBackend } from '../../src/emit/tf.js';
import { image, difference } from './support.js';
const zoo = JSON.parse(readFileSync('/work/shared/zoo.json','utf8'));
const only = (process.env.ONLY ?? '').split(',').filter(Boolean);
for (const m of zoo.models) {
  if (only.length && !only.includes(m.name)) continue;
  it(m.name, async () => {
    let path = '/tmp/zoo/node_modules/' + m.package.replace(/@[^@]*$/, '') + '/' + m.entry;
    try {
      const prepared = await prepareModel(path, {}, new Timings());
      const lowered = await lowerModel(prepared, { pipeline: 'tfjs' }, null, new Timings());
      const t = process.cpuUsage().user;
      const out = await emitModule(lowered.graph, lowered.weights, prepared.rules, { backend: 'wasm', trainable: false });
      const secs = (process.cpuUsage().user - t) / 1e6;
      writeFileSync(`/tmp/emitlab/out/${m.name}.ts`, out.modelTs);
      const backend = process.env.BACKEND ?? 'wasm';
      const model = await loadEmitted(out, backend as 'wasm');
      const tf = await loadBackend(backend as 'wasm');
      const inputs: any = {};
      const shapes = Object.values(m.inputs) as number[][];
      prepared.graph.inputs.forEach((p, i) => { const t = prepared.graph.values[p.value]!; const shape = t.shape.map((s: any, k: number) => typeof s === 'number' ? s : 1); const im = image(shape); inputs[p.name] = t.dtype === 'int32' ? { dtype: 'int32', shape, data: Int32Array.from(im.data, (v) => Math.round(127 + 127 * v)) } : im; });
      const a = await model.predict(inputs);
      model.dispose();
      const runner = await prepareGraph(lowered.graph, lowered.weights, prepared.rules, tf);
      const b = await runner.run(inputs);
      runner.dispose();
      console.log(m.name, 'nodes', lowered.graph.nodes.length, 'emit cpu s', secs.toFixed(2), 'diff', difference(a, b), 'lines', out.modelTs.split('\n').length, 'leak', tf.memory().numTensors);
    } catch (e: any) {
      console.log(m.name, 'FAILED', e.diagnostics ? JSON.stringify(e.diagnostics.slice(0, 3), null, 1) : e.stack);
    }
  }, 600000);
}
