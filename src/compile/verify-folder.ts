/** Verifies a folder that `compile` has written: the files as they are now, against the original model. */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Diagnostic, fail } from '../diagnostics/diagnostic.js';
import type { AxisAnalysis } from '../axes/analysis.js';
import type { Keep } from '../axes/indices.js';
import { resizeGraph } from '../axes/resize.js';
import type { RunnableBackend } from '../emit/tf.js';
import type { Dim, Shape } from '../ir/graph.js';
import { readSubnet } from '../prune/read-subnet.js';
import type { Json, Subnet } from '../prune/subnet.js';
import { withSpaces, type Verification } from '../verify/verify.js';
import type { Backend } from './compile.js';
import { pipelineFor } from './attempts.js';
import { hashFiles } from './hash.js';
import { lowerModel } from './lower.js';
import { analyseModel, prepareModel, type PreparedModel } from './prepare.js';
import { Timings } from './timings.js';
import { verificationBackend, verifyLowered } from './verify-lowered.js';
import { verifySpaces } from './verify-spaces.js';

export interface VerifyFolderOptions {
  /** The original model, if it is not where it was. */
  readonly model?: string;
  /** Where to run; by default the backend that the folder is made for, if it is installed. */
  readonly backend?: RunnableBackend;
  readonly seed?: number;
  readonly onStage?: (stage: string) => void;
}

export interface VerifiedFolder {
  readonly backend: RunnableBackend;
  readonly result: Verification;
  readonly warnings: readonly Diagnostic[];
}

/**
 * Runs a compiled folder against the original model.
 * @throws DiagnosticError where the folder is incomplete, or the model or a rule has changed since.
 */
export async function verifyFolder(folder: string, options: VerifyFolderOptions): Promise<VerifiedFolder> {
  const [subnetText, modelTs, weights] = await Promise.all(
    ['subnet.json', 'model.ts', 'weights.safetensors'].map((name) => readOutput(folder, name)),
  );
  const subnet = readSubnet(subnetText!.toString('utf8'), join(folder, 'subnet.json'));
  const recorded = recordedOptions(subnet, folder);
  const modelPath = options.model ?? recorded.model;
  const timings = new Timings(options.onStage);
  const prepared = await prepareModel(modelPath, recorded, timings);
  checkHashes(subnet, prepared, modelPath);

  const backend = options.backend ?? verificationBackend(recorded.backend);
  const emitted = { modelTs: modelTs!.toString('utf8'), weights: new Uint8Array(weights!) };
  const running = {
    backend,
    seed: options.seed ?? recorded.seed,
    ...(options.onStage === undefined ? {} : { onProgress: options.onStage }),
  };
  const twoViews = timings.time('verify spaces', () => verifySpaces(prepared));
  const verified = (result: Verification): VerifiedFolder => ({
    backend,
    result: withSpaces(result, twoViews?.check),
    warnings: twoViews?.warnings ?? [],
  });
  if (recorded.supernet) {
    const { spacesOf, verifySupernet } = await import('./compile-supernet.js');
    const { spaces } = spacesOf(prepared, recorded);
    return verified(await verifySupernet(prepared, { module: emitted, spaces }, running));
  }
  const { analysis } = analyseModel(prepared, recorded);
  const keep = keepOf(subnet, analysis, folder);
  const mixed = analysis.spaces
    .filter((space) => keep.has(space.leaf) && space.mixes.length > 0)
    .map((space) => space.id);
  const unpruned = await lowerModel(prepared, recorded, null, timings);
  const { emitModule } = await import('../emit/module.js');
  const emission = { backend: recorded.backend, trainable: recorded.trainable };
  const result = await verifyLowered({
    prepared,
    analysis,
    pruned: { keep, graph: resizeGraph(prepared.graph, prepared.rules, analysis, keep), report: { mixed } },
    prunedModule: emitted,
    unprunedModule: await emitModule(unpruned.graph, unpruned.weights, prepared.rules, emission),
    ...running,
  });
  return verified(result);
}

async function readOutput(folder: string, name: string): Promise<Buffer> {
  try {
    return await readFile(join(folder, name));
  } catch (error) {
    return fail({
      code: 'E902',
      message: `${join(folder, name)} can't be read`,
      why: (error as Error).message,
      help: 'Give a folder that `espalier compile` has written.',
    });
  }
}

interface RecordedOptions {
  readonly model: string;
  readonly backend: Backend;
  readonly pipeline: string;
  readonly trainable: boolean;
  readonly supernet: boolean;
  readonly allowMixes: boolean;
  readonly pruneKept: boolean;
  readonly rules: readonly string[];
  readonly inputShapes: Readonly<Record<string, Shape>>;
  readonly exclude: readonly string[];
  readonly seed: number;
}

/** What `compile` recorded, with paths relative to where we are. */
function recordedOptions({ options }: Subnet, folder: string): RecordedOptions {
  const text = (value: Json | undefined, fallback: string): string =>
    typeof value === 'string' ? value : fallback;
  const texts = (value: Json | undefined): string[] =>
    Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
  const shapes = options.input ?? {};
  return {
    model: resolve(folder, text(options.model, '')),
    backend: text(options.backend, 'wasm') as Backend,
    pipeline: text(options.pipeline, pipelineFor(options.trainable === true)),
    trainable: options.trainable === true,
    supernet: options.supernet === true,
    allowMixes: options.allow_mixes === true,
    pruneKept: options.prune_kept === true,
    rules: texts(options.rules).map((glob) => resolve(folder, glob)),
    inputShapes: Object.fromEntries(
      Object.entries(shapes).map(([name, shape]) => [name, parseShape(text(shape, ''), name, folder)]),
    ),
    exclude: texts(options.exclude),
    seed: typeof options.seed === 'number' ? options.seed : 0,
  };
}

/** `[N, 224, 224, 3]` as `compile` printed it. */
function parseShape(text: string, name: string, folder: string): Shape {
  return text
    .replace(/^\[|\]$/g, '')
    .split(',')
    .map((part): Dim => {
      const size = part.trim();
      if (size === 'N') return { batch: 1 };
      const value = Number(size);
      if (Number.isSafeInteger(value) && value > 0) return value;
      return fail({
        code: 'E902',
        message: `${join(folder, 'subnet.json')} records "${text}" as the shape of input ${name}`,
        help: 'Compile the model again.',
      });
    });
}

function checkHashes(subnet: Subnet, prepared: PreparedModel, modelPath: string): void {
  const rules = hashFiles(prepared.rules.files);
  const changed = Object.keys({ ...subnet.hashes.rules, ...rules }).filter(
    (file) => subnet.hashes.rules[file] !== rules[file],
  );
  if (subnet.hashes.model !== prepared.source.hash) changed.unshift(modelPath);
  if (changed.length === 0) return;
  fail({
    code: 'E903',
    message: `changed since the folder was compiled: ${changed.join(', ')}`,
    help: 'Compile again, or give the model that was compiled with --model.',
  });
}

/** The kept channels of each space, checked against the model's own spaces. */
function keepOf(subnet: Subnet, analysis: AxisAnalysis, folder: string): Keep {
  const keep = new Map<number, readonly number[]>();
  const spaces = new Map(analysis.spaces.map((space) => [space.id, space]));
  for (const { id, size, kept } of subnet.spaces) {
    const space = spaces.get(id);
    if (space === undefined || space.size !== size) {
      fail({
        code: 'E902',
        message: `${join(folder, 'subnet.json')} names a space ${id} of ${size} channels, which the model does not have`,
        help: 'Compile the model again.',
      });
    }
    if (kept !== null) keep.set(space.leaf, kept);
  }
  return keep;
}
