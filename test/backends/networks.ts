/** The networks that every backend has to compute, emitted for it: unpruned, pruned, and with masks in place of pruning. */
import { fileURLToPath } from 'node:url';
import { lowerModel, type LoweredModel } from '../../src/compile/lower.js';
import { prepareModel } from '../../src/compile/prepare.js';
import { Timings } from '../../src/compile/timings.js';
import type { BackendName } from '../../src/emit/backends.js';
import { emitModule, type EmittedModule } from '../../src/emit/module.js';
import { loadBackend } from '../../src/emit/tf.js';
import type { NamedTensors, SourceModel } from '../../src/import/source-graph.js';
import type { PruneOptions } from '../../src/prune/options.js';
import { maskGraph } from '../../src/prune/mask.js';
import { testInputs } from '../../src/verify/inputs.js';
import { zooModel } from '../zoo/fetch.mjs';

/** The models by name; MobileNetV2 is downloaded once. */
export const networks = ['grouped', 'transformer', 'branches', 'mobilenet'] as const;
export type Network = (typeof networks)[number];

export const forms = ['unpruned', 'pruned', 'masked'] as const;
export type Form = (typeof forms)[number];

export interface Prepared {
  /** What the networks are run on. */
  readonly inputs: NamedTensors;
  /** What the model's own runtime makes of it: TensorFlow.js on the CPU, or PyTorch. */
  readonly reference: NamedTensors;
  emit(backend: BackendName): Promise<Readonly<Record<Form, EmittedModule>>>;
}

/** Where a model is. */
export async function pathOf(network: Network): Promise<string> {
  if (network === 'mobilenet') return zooModel('nsfw_mobilenet_v2');
  return fileURLToPath(
    new URL(`models/${network === 'grouped' ? network : `${network}.mjs`}`, import.meta.url),
  );
}

/** Reads a model, removes half of its multiply-accumulates, and runs the original. */
export async function prepareNetwork(network: Network): Promise<Prepared> {
  const prepared = await prepareModel(await pathOf(network), {}, new Timings());
  const { graph, weights, rules, source } = prepared;
  const lower = (pruning: PruneOptions | null): Promise<LoweredModel> =>
    lowerModel(prepared, { pipeline: 'tfjs' }, pruning, new Timings());
  const unpruned = await lower(null);
  const pruned = await lower({ flops: 0.5 });
  const masked = maskGraph(graph, weights, rules, pruned.analysis!, pruned.pruned!.keep);
  const [example] = source.examples ?? [];
  const [made] = testInputs(source.graph.inputs, { seed: 3, batches: [network === 'mobilenet' ? 1 : 2] });
  const inputs = example?.inputs ?? made!.tensors;
  const emit = (
    what: Pick<LoweredModel, 'graph' | 'weights'>,
    backend: BackendName,
  ): Promise<EmittedModule> => emitModule(what.graph, what.weights, rules, { backend, trainable: false });
  return {
    inputs,
    reference: await runOriginal(source, inputs),
    emit: async (backend) => ({
      unpruned: await emit(unpruned, backend),
      pruned: await emit(pruned, backend),
      masked: await emit(masked, backend),
    }),
  };
}

async function runOriginal(source: SourceModel, inputs: NamedTensors): Promise<NamedTensors> {
  await loadBackend('cpu');
  const reference = await source.reference();
  try {
    return await reference.run(inputs);
  } finally {
    reference.dispose();
  }
}
