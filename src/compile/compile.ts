/**
 * The main job: a model and rules in; a TypeScript module, sliced weights and a description of the subnet out.
 * Nothing is written before everything has worked.
 */
import { relative, resolve } from 'node:path';
import type { Diagnostic } from '../diagnostics/diagnostic.js';
import { printShape } from '../shapes/errors.js';
import type { EmittedModule } from '../emit/module.js';
import type { Shape } from '../ir/graph.js';
import type { StageRecord } from '../passes/pipeline.js';
import type { PruneOptions } from '../prune/options.js';
import type { PruneReport } from '../prune/prune.js';
import { describeSubnet, printSubnet, type Subnet } from '../prune/subnet.js';
import { inferAxes } from '../axes/infer.js';
import type { Verification } from '../verify/verify.js';
import { lowerModel, type LoweredModel } from './lower.js';
import { prepareModel, type ModelOptions, type PreparedModel } from './prepare.js';
import { hashFiles } from './hash.js';
import { Timings } from './timings.js';
import { verifyLowered, verificationBackend } from './verify-lowered.js';
import { writeOutputs } from './write.js';

/** Backends of emitted modules. */
export const backends = ['node-gpu', 'node', 'webgpu', 'webgl', 'wasm', 'cpu'] as const;
export type Backend = (typeof backends)[number];

export interface CompileOptions extends ModelOptions, PruneOptions {
  readonly out: string;
  readonly backend?: Backend;
  /** Batch normalisation stays unfolded and weights are variables. */
  readonly trainable?: boolean;
  /** False: don't verify. */
  readonly verify?: boolean;
  readonly onStage?: (stage: string) => void;
}

export interface CompileResult {
  /** The files written. */
  readonly files: readonly string[];
  readonly report: PruneReport;
  /** Null where it was not asked for. */
  readonly verification: { readonly backend: string; readonly result: Verification } | null;
  readonly warnings: readonly Diagnostic[];
  readonly timings: Timings['entries'];
  /** What each pass did. */
  readonly records: readonly StageRecord[];
  readonly weightBytes: number;
}

/** The pipelines of the rules that make emitted modules. */
export const pipelineFor = (trainable: boolean): string => (trainable ? 'trainable' : 'tfjs');

/**
 * Compiles a model.
 * @throws DiagnosticError for everything that is wrong with the model, the rules or the options.
 */
export async function compileModel(path: string, options: CompileOptions): Promise<CompileResult> {
  const timings = new Timings(options.onStage);
  const backend = options.backend ?? 'node-gpu';
  const prepared = await prepareModel(path, options, timings);
  const lowering = { ...options, pipeline: pipelineFor(options.trainable ?? false) };
  const lowered = await lowerModel(prepared, lowering, options, timings);
  const emission = { backend, trainable: options.trainable ?? false };
  const { emitModule } = await timings.timeAsync('load emitter', () => import('../emit/module.js'));
  const emit = (model: Pick<LoweredModel, 'graph' | 'weights'>): Promise<EmittedModule> =>
    emitModule(model.graph, model.weights, prepared.rules, emission);
  const emitted = await timings.timeAsync('emit', () => emit(lowered));

  let verification: CompileResult['verification'] = null;
  if (options.verify !== false) {
    const runsOn = verificationBackend(backend);
    const result = await timings.timeAsync('verify', async () => {
      const unpruned = await lowerModel(prepared, lowering, null, new Timings());
      return verifyLowered({
        prepared,
        analysis: lowered.analysis!,
        pruned: lowered.pruned!,
        prunedModule: emitted,
        unprunedModule: await emit(unpruned),
        backend: runsOn,
        seed: options.seed ?? 0,
        onProgress: (what) => options.onStage?.(what),
      });
    });
    verification = { backend: runsOn, result };
  }

  const report = lowered.pruned!.report;
  const warnings = [...prepared.warnings, ...lowered.warnings];
  const base = {
    report,
    verification,
    warnings,
    records: lowered.records,
    weightBytes: emitted.weights.byteLength,
  };
  if (verification !== null && !verification.result.passed)
    return { ...base, files: [], timings: timings.entries };

  const subnet = subnetOf(path, prepared, lowered, options);
  const files = await timings.timeAsync('write', () =>
    writeOutputs(options.out, {
      'model.ts': emitted.modelTs,
      'weights.safetensors': emitted.weights,
      'subnet.json': printSubnet(subnet),
    }),
  );
  return { ...base, files, timings: timings.entries };
}

/** The options as `subnet.json` records them: enough to verify a folder later. Paths are relative to the folder. */
function subnetOf(
  path: string,
  prepared: PreparedModel,
  lowered: LoweredModel,
  options: CompileOptions,
): Subnet {
  const shapes = Object.entries(options.inputShapes ?? {}).map(([name, shape]: [string, Shape]) => [
    name,
    printShape(shape),
  ]);
  const { settings } = lowered.pruned!;
  return describeSubnet(
    prepared.graph,
    lowered.analysis ?? inferAxes(prepared.graph, prepared.rules),
    lowered.pruned!.keep,
    {
      model: relative(resolve(options.out), resolve(path)),
      backend: options.backend ?? 'node-gpu',
      trainable: options.trainable ?? false,
      rules: [...(options.rules ?? [])].map((glob) => relative(resolve(options.out), resolve(glob))),
      input: Object.fromEntries(shapes),
      target:
        settings.target === null ? null : { kind: settings.target.kind, amount: settings.target.amount },
      importance: settings.importance,
      round_to: settings.roundTo,
      min_channels: settings.minChannels,
      exclude: settings.exclude,
      allow_mixes: settings.allowMixes,
      prune_kept: settings.pruneKept,
      seed: settings.seed,
    },
    { model: prepared.source.hash, rules: hashFiles(prepared.rules.files) },
  );
}
