/** Sets up the networks that verification compares, all on one backend, and compares them. */
import type { AxisAnalysis } from '../axes/analysis.js';
import type { Keep } from '../axes/indices.js';
import type { EmittedModule } from '../emit/module.js';
import type { SourceExample } from '../import/source-graph.js';
import type { Graph } from '../ir/graph.js';
import { orOnCpu } from './or-on-cpu.js';
import type { PreparedModel } from './prepare.js';
import { availableBackends, loadBackend, type RunnableBackend } from '../emit/tf.js';
import { prepareGraph } from '../emit/interpret.js';
import { loadEmitted } from '../emit/run-module.js';
import { maskGraph } from '../prune/mask.js';
import { sliceWeights } from '../prune/slice.js';
import { testInputs, type TestInput } from '../verify/inputs.js';
import { verifyModel, type Runner, type Verification } from '../verify/verify.js';

/**
 * Where a module is verified that is made for a backend: on that one where it is installed, else on wasm.
 * WebGPU needs a driver as well, which is not known before it is tried: it is taken only when it is asked for.
 */
export function verificationBackend(target: string): RunnableBackend {
  return availableBackends().find((name) => name === target && name !== 'webgpu') ?? 'wasm';
}

export interface LoweredPair {
  readonly prepared: PreparedModel;
  readonly analysis: AxisAnalysis;
  readonly pruned: {
    readonly keep: Keep;
    readonly graph: Graph;
    readonly report: { readonly mixed: readonly string[] };
  };
  readonly prunedModule: EmittedModule;
  readonly unprunedModule: EmittedModule;
  readonly backend: RunnableBackend;
  readonly seed: number;
  readonly onProgress?: (what: string) => void;
}

interface Disposable {
  dispose(): void;
}

/** What a model that does not run here can be asked: its examples. */
function examplesOf(examples: readonly SourceExample[]): TestInput[] {
  return examples.map(({ name, inputs }) => ({ name, tensors: inputs }));
}

/** Runs both comparisons; frees everything that it loads. */
export async function verifyLowered(pair: LoweredPair): Promise<Verification> {
  const { prepared, analysis, pruned, backend } = pair;
  const { graph, weights, rules, source } = prepared;
  const tf = await loadBackend(backend);
  const loaded: Disposable[] = [];
  const keepForLater = <T extends Disposable>(resource: T): T => {
    loaded.push(resource);
    return resource;
  };
  const emitted = async (module: EmittedModule): Promise<Runner> => {
    const model = keepForLater(await loadEmitted(module, backend));
    return (inputs) => model.predict(inputs);
  };
  const interpreted = (what: Graph, data: typeof weights): Runner => {
    const runner = keepForLater(prepareGraph(what, data, rules, tf));
    return (inputs) => runner.run(inputs);
  };
  try {
    // Where a tail was cut off, the graph ends at values that are no outputs of the model's own.
    const outputs = prepared.tail === null ? undefined : graph.outputs.map(({ name }) => name);
    const original = keepForLater(await source.reference(outputs));
    const reference = orOnCpu((inputs) => original.run(inputs), backend);
    const mixed = pruned.report.mixed;
    const masked = maskGraph(graph, weights, rules, analysis, pruned.keep);
    const result = await verifyModel(
      {
        reference: reference.run,
        unpruned: await emitted(pair.unprunedModule),
        masked: pruned.keep.size === 0 ? null : interpreted(masked.graph, masked.weights),
        pruned: pruned.keep.size === 0 ? null : await emitted(pair.prunedModule),
        prunedGraph:
          mixed.length === 0
            ? null
            : interpreted(pruned.graph, sliceWeights(graph, weights, analysis, pruned.keep)),
      },
      testInputs(source.graph.inputs, { seed: pair.seed }),
      {
        mixed,
        ...(source.examples === undefined ? {} : { referenceInputs: examplesOf(source.examples) }),
        onProgress: (check, input) => pair.onProgress?.(`verify: ${check}, ${input}`),
      },
    );
    return { ...result, remarks: [...result.remarks, ...reference.remarks()] };
  } finally {
    for (const resource of loaded) resource.dispose();
  }
}
