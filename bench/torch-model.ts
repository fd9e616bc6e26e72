/** One PyTorch model, from its trace: compiled, verified, and its two graphs compared. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inferAxes } from '../src/axes/infer.js';
import { compileModel } from '../src/compile/compile.js';
import { importGraph } from '../src/import/build-graph.js';
import { readModel } from '../src/import/read-model.js';
import { channelSpacesAgree } from '../src/import/torch/channel-spaces.js';
import { loadRules } from '../src/lang/load.js';
import { summarise, type ZooResult } from './zoo-model.js';

/** The fraction of the channels of every space that is removed. */
const ratio = 0.5;

export interface TorchResult extends ZooResult {
  /** Operations of the program, and of the backward graph; null where there is none. */
  readonly operations: readonly [number, number | null];
  /** What differs between the channel spaces of the two graphs, in sentences. */
  readonly disagreements: readonly string[];
  /** How often the emitted module permutes axes. */
  readonly transposes: number;
}

/** Compiles a trace at ratio 0.5 for the wasm backend, both comparisons of `verify` included. */
export async function measureTrace(
  name: string,
  folder: string,
  onStage: (stage: string) => void = () => undefined,
): Promise<TorchResult> {
  const out = await mkdtemp(join(tmpdir(), 'espalier-torch-'));
  try {
    // Numbers of channels as they come out, as other pruners leave them.
    const compiled = await compileModel(folder, { out, backend: 'wasm', ratio, roundTo: 1, onStage });
    const text = await readFile(join(out, 'model.ts'), 'utf8');
    return {
      ...summarise(name, compiled),
      ...(await compareGraphs(folder)),
      transposes: text.split('tf.transpose(').length - 1,
    };
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}

/** The channel spaces of the program against those of the backward graph. */
export async function compareGraphs(
  folder: string,
): Promise<Pick<TorchResult, 'operations' | 'disagreements'>> {
  const rules = loadRules([]);
  const model = await readModel(folder, { inputShapes: {} });
  const { graph } = importGraph(model.graph, model.weights, rules);
  const problems = channelSpacesAgree(model, { graph, analysis: inferAxes(graph, rules) }, rules);
  return {
    operations: [model.graph.nodes.length, model.backward?.nodes.length ?? null],
    disagreements: problems.map(({ message }) => message),
  };
}
