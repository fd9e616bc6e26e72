/** What must hold for every PyTorch model, from its trace. */
import { join } from 'node:path';
import { expect } from 'vitest';
import { inferAxes } from '../../src/axes/infer.js';
import { runGraph } from '../../src/emit/interpret.js';
import { loadBackend } from '../../src/emit/tf.js';
import { importGraph } from '../../src/import/build-graph.js';
import type { SourceModel } from '../../src/import/source-graph.js';
import { channelSpacesAgree } from '../../src/import/torch/channel-spaces.js';
import { readTorchTrace } from '../../src/import/torch/read-torch-trace.js';
import { loadRules } from '../../src/lang/load.js';
import { settleWeights } from '../../src/passes/settle.js';
import { maskGraph } from '../../src/prune/mask.js';
import { prune } from '../../src/prune/prune.js';
import { compareOutputs } from '../../src/verify/compare.js';

const tolerance = 1e-5;
const rules = loadRules([]);

/** The channel spaces that can be pruned, by name, with their sizes. */
export type Spaces = Readonly<Record<string, number>>;

/**
 * Imports a trace and compares: the program's channel spaces with the backward graph's, the imported graph with what
 * PyTorch computed, and, at ratio 0.5, the pruned graph with the masked one.
 * @returns the spaces that can be pruned
 */
export async function checkTrace(folder: string): Promise<Spaces> {
  const model = await readTorchTrace(join(folder, 'trace.json'), { inputShapes: {} });
  const imported = importGraph(model.graph, model.weights, rules);
  const { graph, weights } = await settleWeights(imported.graph, imported.weights, rules);
  const analysis = inferAxes(graph, rules);
  expect(channelSpacesAgree(model, { graph, analysis }, rules)).toEqual([]);

  const tf = await loadBackend('wasm');
  const pruned = prune(graph, weights, rules, analysis, { ratio: 0.5 });
  const masked = maskGraph(graph, weights, rules, analysis, pruned.keep);
  for (const { inputs, outputs } of examplesOf(model)) {
    expectEqual(compareOutputs(outputs, await runGraph(graph, weights, rules, inputs, tf)));
    expectEqual(
      compareOutputs(
        await runGraph(masked.graph, masked.weights, rules, inputs, tf),
        await runGraph(pruned.graph, pruned.weights, rules, inputs, tf),
      ),
    );
  }
  const free = analysis.spaces.filter(
    ({ size, frozen, mixes, keep }) => size > 1 && frozen.length + mixes.length + keep.length === 0,
  );
  return Object.fromEntries(free.map(({ id, size }) => [id, size]));
}

function examplesOf(model: SourceModel): NonNullable<SourceModel['examples']> {
  const examples = model.examples ?? [];
  expect(examples.length).toBeGreaterThan(0);
  return examples;
}

function expectEqual(differences: ReturnType<typeof compareOutputs>): void {
  for (const { output, difference } of differences) {
    expect(difference.problem ?? null, output).toBeNull();
    expect(difference.relative, output).toBeLessThanOrEqual(tolerance);
  }
}
