/**
 * The main job: a model and rules in; a TypeScript module, sliced weights and a description of the subnet out.
 * Nothing is written before everything has worked.
 */
import { relative, resolve } from 'node:path';
import { type Diagnostic, fail } from '../diagnostics/diagnostic.js';
import { printShape } from '../shapes/errors.js';
import type { EmittedModule } from '../emit/module.js';
import type { Shape } from '../ir/graph.js';
import type { StageRecord } from '../passes/pipeline.js';
import { type PruneOptions, type TargetKind, targetKinds } from '../prune/options.js';
import { prune, type BeforeAfter, type PruneReport } from '../prune/prune.js';
import { prunableSpaces } from '../prune/select.js';
import { describeSubnet, printSubnet, type Subnet } from '../prune/subnet.js';
import { inferAxes } from '../axes/infer.js';
import { ChannelSpaces } from '../supernet/spaces.js';
import { keepOfFile, readSubnetFile, type SubnetFile } from '../supernet/subnet-file.js';
import { Topology } from '../supernet/topology.js';
import { withSpaces } from '../verify/verify.js';
import {
  exactOf,
  isSameModule,
  pipelinesFor,
  roundingOf,
  type Attempt,
  type Attempting,
  type VerifiedOn,
} from './attempts.js';
import { macsPerElement, preferredMultiples } from './backend-speed.js';
import { lowerModel, type LoweredModel, type Pruning } from './lower.js';
import { prepareModel, type ModelOptions, type PreparedModel } from './prepare.js';
import { hashFiles } from './hash.js';
import { Timings } from './timings.js';
import { verifyLowered, verificationBackend } from './verify-lowered.js';
import { verifySpaces } from './verify-spaces.js';
import { writeOutputs } from './write.js';

/** Backends of emitted modules. */
export const backends = ['node-gpu', 'node', 'webgpu', 'webgl', 'wasm', 'cpu'] as const;
export type Backend = (typeof backends)[number];

export interface CompileOptions extends ModelOptions, PruneOptions {
  readonly out: string;
  readonly backend?: Backend;
  /** Batch normalisation stays unfolded and weights are variables. */
  readonly trainable?: boolean;
  /** A file that says which channels stay, instead of an amount to remove. */
  readonly subnet?: string;
  /** Emits the whole network with masks that are switched while it runs; it is trainable. */
  readonly supernet?: boolean;
  /** With `supernet`: so many sets of normalisation parameters. */
  readonly switchableBn?: number;
  /** False: don't verify. */
  readonly verify?: boolean;
  readonly onStage?: (stage: string) => void;
  /** Told what each pass did; without it that is not worked out. */
  readonly onRecord?: (record: StageRecord) => void;
}

export interface CompileResult {
  /** The files written. */
  readonly files: readonly string[];
  readonly report: PruneReport;
  /** Null where it was not asked for. */
  readonly verification: VerifiedOn | null;
  /** The error that verification failed with, where it is one of rounding. */
  readonly rounding: Diagnostic | null;
  readonly warnings: readonly Diagnostic[];
  readonly timings: Timings['entries'];
  /** Nodes of the imported graph, and of the one that was emitted. */
  readonly nodes: BeforeAfter;
  readonly weightBytes: number;
}

/**
 * Compiles a model.
 * @throws DiagnosticError for everything that is wrong with the model, the rules or the options.
 */
export async function compileModel(path: string, options: CompileOptions): Promise<CompileResult> {
  checkTogether(options);
  const timings = new Timings(options.onStage);
  const backend = options.backend ?? 'node-gpu';
  const file = options.subnet === undefined ? null : await readSubnetFile(options.subnet);
  const prepared = await prepareModel(path, options, timings);
  if (options.supernet === true) return compileSupernet(path, prepared, options, timings);
  const asked = file === null ? options : { ...options, choose: chooserOf(file, prepared, options) };
  const pruning = {
    ...asked,
    preferredMultiple: preferredMultiples[backend],
    macsPerElement: macsPerElement[backend],
  };
  const { emitModule } = await timings.timeAsync('load emitter', () => import('../emit/module.js'));
  // Whatever backend the module is tried on, the same channels go.
  const attemptOn =
    (target: Backend): Attempting =>
    async (pipeline, failed) => {
      const lowering = { ...options, backend: target, pipeline };
      const lowered = await lowerModel(prepared, lowering, pruning, timings, options.onRecord);
      const emission = { backend: target, trainable: options.trainable ?? false };
      const emit = (model: Pick<LoweredModel, 'graph' | 'weights'>): Promise<EmittedModule> =>
        emitModule(model.graph, model.weights, prepared.rules, emission);
      const emitted = await timings.timeAsync('emit', () => emit(lowered));
      if (options.verify === false) return { pipeline, lowered, emitted, verification: null };
      if (failed.some((other) => isSameModule(other.emitted, emitted))) return null;
      const runsOn = verificationBackend(target);
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
      return { pipeline, lowered, emitted, verification: { backend: runsOn, result } };
    };

  const names = pipelinesFor(options.trainable === true);
  const { chosen, warnings } = await exactOf(attemptOn(backend), names);
  const rounding = await roundingOf(chosen, () => exactOf(attemptOn('wasm'), names));
  return finish(path, { prepared, ...chosen, options, timings, warnings, rounding });
}

/** Compiles a model to a supernet. */
async function compileSupernet(
  path: string,
  prepared: PreparedModel,
  options: CompileOptions,
  timings: Timings,
): Promise<CompileResult> {
  const backend = options.backend ?? 'node-gpu';
  const { emitSupernet, verifySupernet } = await import('./compile-supernet.js');
  const runsOn = verificationBackend(backend);
  const attempt: Attempting = async (pipeline) => {
    const compiled = await emitSupernet(prepared, { ...options, backend, pipeline }, timings);
    const { analysis } = compiled.spaces;
    const pruned = prune(prepared.graph, prepared.weights, prepared.rules, analysis, options);
    const lowered = { ...compiled.lowered, analysis, pruned };
    if (options.verify === false) return { pipeline, lowered, emitted: compiled.module, verification: null };
    const result = await timings.timeAsync('verify', () =>
      verifySupernet(prepared, compiled, {
        backend: runsOn,
        seed: options.seed ?? 0,
        onProgress: (what) => options.onStage?.(what),
      }),
    );
    return { pipeline, lowered, emitted: compiled.module, verification: { backend: runsOn, result } };
  };
  const { chosen, warnings } = await exactOf(attempt, pipelinesFor(true));
  return finish(path, { prepared, ...chosen, options, timings, warnings, rounding: null });
}

interface Finished extends Attempt {
  readonly prepared: PreparedModel;
  readonly options: CompileOptions;
  readonly timings: Timings;
  readonly warnings: readonly Diagnostic[];
  readonly rounding: Diagnostic | null;
}

/** Writes the results, if they have been found to be right. */
async function finish(path: string, compiled: Finished): Promise<CompileResult> {
  const { prepared, lowered, emitted, options, timings } = compiled;
  const spaces =
    compiled.verification === null ? null : timings.time('verify spaces', () => verifySpaces(prepared));
  const verification = compiled.verification && {
    ...compiled.verification,
    result: withSpaces(compiled.verification.result, spaces?.check),
  };
  const base = {
    report: lowered.pruned!.report,
    verification,
    rounding: compiled.rounding,
    warnings: [...prepared.warnings, ...lowered.warnings, ...compiled.warnings, ...(spaces?.warnings ?? [])],
    nodes: { before: prepared.graph.nodes.length, after: lowered.graph.nodes.length },
    weightBytes: emitted.weights.byteLength,
  };
  if (verification !== null && !verification.result.passed)
    return { ...base, files: [], timings: timings.entries };

  const subnet = subnetOf(path, compiled);
  const files = await timings.timeAsync('write', () =>
    writeOutputs(options.out, {
      'model.ts': emitted.modelTs,
      'weights.safetensors': emitted.weights,
      'subnet.json': printSubnet(subnet),
    }),
  );
  return { ...base, files, timings: timings.entries };
}

/** A subnet says what stays, and a supernet keeps everything: neither goes together with an amount to remove. */
function checkTogether(options: CompileOptions): void {
  const amounts = (Object.keys(targetKinds) as TargetKind[]).filter((kind) => options[kind] !== undefined);
  const given = [
    ...(options.supernet === true ? ['--supernet'] : []),
    ...(options.subnet === undefined ? [] : ['--subnet']),
    ...amounts.slice(0, 1).map((kind) => targetKinds[kind].flag),
  ];
  if (given.length > 1) {
    fail({
      code: 'E439',
      message: `${given.join(' and ')} can't be used together`,
      why: 'A supernet keeps all channels, a subnet file says which ones stay, and an amount lets the compiler choose.',
      help: 'Give one of them.',
    });
  }
  const sets = options.switchableBn;
  if (sets === undefined || (options.supernet === true && Number.isSafeInteger(sets) && sets >= 1)) return;
  fail({
    code: 'E439',
    message: `--switchable-bn ${sets} can't be`,
    why: 'A supernet has one set of normalisation parameters for each of a whole number of subnets.',
    help: 'Write for example `--supernet --switchable-bn 4`.',
  });
}

function chooserOf(file: SubnetFile, { rules }: PreparedModel, options: CompileOptions): Pruning['choose'] {
  return (graph, analysis) =>
    keepOfFile(
      new ChannelSpaces(
        new Topology(graph, rules, analysis),
        analysis,
        prunableSpaces(analysis, {
          allowMixes: options.allowMixes ?? false,
          pruneKept: options.pruneKept ?? false,
        }),
      ),
      file,
    );
}

/** The options as `subnet.json` records them: enough to verify a folder later. Paths are relative to the folder. */
function subnetOf(path: string, { prepared, lowered, options, pipeline }: Finished): Subnet {
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
      pipeline,
      trainable: options.supernet === true || (options.trainable ?? false),
      supernet: options.supernet ?? false,
      switchable_bn: options.switchableBn ?? null,
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
