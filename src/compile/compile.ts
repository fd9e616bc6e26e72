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
import { withSpaces, type Verification } from '../verify/verify.js';
import { lowerModel, type LoweredModel, type Pruning } from './lower.js';
import { prepareModel, type ModelOptions, type PreparedModel } from './prepare.js';
import { preferredMultiples } from './channel-multiples.js';
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
  readonly verification: { readonly backend: string; readonly result: Verification } | null;
  /** The error that verification failed with, where it is one of rounding. */
  readonly rounding: Diagnostic | null;
  readonly warnings: readonly Diagnostic[];
  readonly timings: Timings['entries'];
  /** Nodes of the imported graph, and of the one that was emitted. */
  readonly nodes: BeforeAfter;
  readonly weightBytes: number;
}

/** The pipelines of the rules that make emitted modules, the fastest first: the next is tried where one is not exact. */
const pipelines = {
  inference: ['tfjs', 'tfjs_own_at_first', 'tfjs_own', 'exact'],
  training: ['trainable', 'trainable_exact'],
} as const;

const pipelinesFor = (trainable: boolean): readonly string[] =>
  trainable ? pipelines.training : pipelines.inference;

/** The pipeline that is tried first. */
export const pipelineFor = (trainable: boolean): string => pipelinesFor(trainable)[0]!;

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
  const pruning = file === null ? options : { ...options, choose: chooserOf(file, prepared, options) };
  const { emitModule } = await timings.timeAsync('load emitter', () => import('../emit/module.js'));
  const attemptFor =
    (backend: Backend): Attempting =>
    async (pipeline, failed) => {
      const lowering = { ...options, backend, pipeline };
      const lowered = await lowerModel(
        prepared,
        lowering,
        { ...pruning, preferredMultiple: preferredMultiples[backend] },
        timings,
        options.onRecord,
      );
      const emission = { backend, trainable: options.trainable ?? false };
      const emit = (model: Pick<LoweredModel, 'graph' | 'weights'>): Promise<EmittedModule> =>
        emitModule(model.graph, model.weights, prepared.rules, emission);
      const emitted = await timings.timeAsync('emit', () => emit(lowered));
      if (options.verify === false) return { pipeline, lowered, emitted, verification: null };
      if (failed.some((other) => isSameModule(other.emitted, emitted))) return null;
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
      return { pipeline, lowered, emitted, verification: { backend: runsOn, result } };
    };

  const names = pipelinesFor(options.trainable === true);
  const { chosen, warnings } = await exactOf(attemptFor(backend), names);
  const rounding = await roundingOf(chosen, () => exactOf(attemptFor('wasm'), names));
  return finish(path, { prepared, ...chosen, options, timings, warnings, rounding });
}

/** Where kernels add up in the order of the channels. */
const inOrder: readonly string[] = ['wasm', 'cpu'];

/**
 * The error to report where the same network is exact on wasm: what
 * differs is how kernels round, not what was pruned. Null where that is not so.
 */
async function roundingOf(
  { verification }: Attempt,
  onWasm: () => Promise<{ readonly chosen: Attempt }>,
): Promise<Diagnostic | null> {
  if (verification === null || verification.result.passed || inOrder.includes(verification.backend))
    return null;
  const other = (await onWasm()).chosen.verification!.result;
  if (!other.passed) return null;
  const { backend, result } = verification;
  const [here, there] = [result, other].map((run) => worstOf(run).toExponential(1));
  return {
    code: 'E612',
    severity: 'error',
    message: `this network amplifies how the kernels of ${backend} round`,
    why:
      `There, results differ by ${here} of the output's scale; ${result.tolerance.toExponential(0)} is allowed. On wasm they differ ` +
      `by ${there}: what was pruned is right, and what differs is the order in which kernels add up.`,
    help: 'Compile for wasm (`--backend wasm`), or prune less; `--no-verify` writes the module as it is.',
  };
}

/** The largest difference, of the output's scale. */
const worstOf = ({ checks }: Verification): number => Math.max(...checks.map(({ relative }) => relative));

/** Tries a pipeline; null where it makes what has failed before. */
type Attempting = (pipeline: string, failed: readonly Attempt[]) => Promise<Attempt | null>;

/** What one pipeline made of a model. */
interface Attempt {
  readonly pipeline: string;
  readonly lowered: LoweredModel;
  readonly emitted: EmittedModule;
  readonly verification: CompileResult['verification'];
}

/** The result of the first pipeline that is exact; if none is, of the one that differs least. */
async function exactOf(
  attempt: Attempting,
  names: readonly string[],
): Promise<{ readonly chosen: Attempt; readonly warnings: readonly Diagnostic[] }> {
  const failed: Attempt[] = [];
  for (const name of names) {
    const next = await attempt(name, failed);
    if (next === null) continue;
    if (next.verification?.result.passed !== false) {
      return { chosen: next, warnings: failed.slice(0, 1).map((first) => roundingWarning(first, next)) };
    }
    failed.push(next);
  }
  const difference = ({ verification }: Attempt): number => worstOf(verification!.result);
  return { chosen: failed.reduce((a, b) => (difference(b) < difference(a) ? b : a)), warnings: [] };
}

function isSameModule(a: EmittedModule, b: EmittedModule): boolean {
  return a.modelTs === b.modelTs && Buffer.compare(a.weights, b.weights) === 0;
}

/** Tells that a slower pipeline was taken. */
function roundingWarning({ verification }: Attempt, { pipeline }: Attempt): Diagnostic {
  const { result } = verification!;
  const largest = worstOf(result).toExponential(1);
  const allowed = result.tolerance.toExponential(0);
  if (pipeline.startsWith('tfjs_own')) {
    return {
      code: 'E611',
      severity: 'warning',
      message: `kernels that round differently were left out${pipeline === 'tfjs_own' ? '' : ' in the first layers'}: this network amplifies that`,
      why: `With them, results differ by ${largest} of the output's scale; ${allowed} is allowed. Without, they are equal.`,
      help: 'The module is as exact as promised, and may be slower than with the fastest kernels.',
    };
  }
  return {
    code: 'E610',
    severity: 'warning',
    message: 'constants were not moved into weights: this network amplifies how they round',
    why: `With them moved, results differ by ${largest} of the output's scale; ${allowed} is allowed. Without, they are equal.`,
    help:
      'The module is as exact as promised, and somewhat slower than with ' +
      `${pipeline === 'trainable_exact' ? 'biases in their layers' : 'batch normalisations folded'}.`,
  };
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
  const { chosen, warnings } = await exactOf(attempt, pipelines.training);
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
