/** Pipelines are tried until the module that one makes is exact; what is told where that is not the first one, or none. */
import { DiagnosticError, type Diagnostic } from '../diagnostics/diagnostic.js';
import type { EmittedModule } from '../emit/module.js';
import type { Check, Verification } from '../verify/verify.js';
import type { LoweredModel } from './lower.js';

/** A verification, and the backend that it ran on. */
export interface VerifiedOn {
  readonly backend: string;
  readonly result: Verification;
}

/** The pipelines of the rules that make emitted modules, the fastest first: the next is tried where one is not exact. */
const pipelines = {
  inference: ['tfjs', 'tfjs_own_at_first', 'tfjs_own', 'exact'],
  training: ['trainable', 'trainable_exact'],
} as const;

export const pipelinesFor = (trainable: boolean): readonly string[] =>
  trainable ? pipelines.training : pipelines.inference;

/** The pipeline that is tried first. */
export const pipelineFor = (trainable: boolean): string => pipelinesFor(trainable)[0]!;

/** Tries a pipeline; null where it makes what has failed before. */
export type Attempting = (pipeline: string, failed: readonly Attempt[]) => Promise<Attempt | null>;

/** What one pipeline made of a model. */
export interface Attempt {
  readonly pipeline: string;
  readonly lowered: LoweredModel;
  readonly emitted: EmittedModule;
  /** Null where it was not asked for. */
  readonly verification: VerifiedOn | null;
}

/** The result of the first pipeline that is exact; if none is, of the one that differs least. */
export async function exactOf(
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
  return { chosen: failed.reduce((a, b) => (worstFailure(b) < worstFailure(a) ? b : a)), warnings: [] };
}

export function isSameModule(a: EmittedModule, b: EmittedModule): boolean {
  return a.modelTs === b.modelTs && Buffer.compare(a.weights, b.weights) === 0;
}

/** Tells that a slower pipeline was taken. */
function roundingWarning(failed: Attempt, { pipeline }: Attempt): Diagnostic {
  const largest = worstFailure(failed).toExponential(1);
  const allowed = failed.verification!.result.tolerance.toExponential(0);
  if (pipeline.startsWith('tfjs_own')) {
    const where = pipeline === 'tfjs_own' ? '' : ' in the first layers';
    return {
      code: 'E611',
      severity: 'warning',
      message: `kernels that round differently were left out${where}: this network amplifies that`,
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

/** Where kernels add up in the order of the channels. */
const inOrder: readonly string[] = ['wasm', 'cpu'];

/**
 * The error to report where the unpruned network is exact, and the pruned one on wasm only: what differs is how kernels
 * round, not what was pruned. Null where that is not so.
 */
export async function roundingOf(
  { verification }: Attempt,
  onWasm: () => Promise<{ readonly chosen: Attempt }>,
): Promise<Diagnostic | null> {
  if (verification === null || inOrder.includes(verification.backend)) return null;
  const { backend, result } = verification;
  const failed = result.checks.filter(({ verdict }) => verdict === 'different');
  if (failed.length === 0 || failed.some((check) => !isOfPruning(check))) return null;
  const other = await onWasm().catch((error: unknown) => {
    // What can't be compiled for wasm proves nothing; the failure that there is stays.
    if (error instanceof DiagnosticError) return null;
    throw error;
  });
  const there = other?.chosen.verification?.result;
  if (there?.passed !== true) return null;
  const shown = (checks: readonly Check[]): string => worst(checks.filter(isOfPruning)).toExponential(1);
  return {
    code: 'E612',
    severity: 'error',
    message: `this network amplifies how the kernels of ${backend} round`,
    why:
      `There, pruned and masked network differ by ${shown(failed)} of the output's scale; ` +
      `${result.tolerance.toExponential(0)} is allowed. On wasm they differ by ${shown(there.checks)}: ` +
      'what was pruned is right, and what differs is the order in which kernels add up.',
    help: 'Compile for wasm (`--backend wasm`), or prune less; `--no-verify` writes the module as it is.',
  };
}

const isOfPruning = ({ name }: Check): boolean => name === 'pruned against masked';

/** The largest difference, of the output's scale. */
const worst = (checks: readonly Check[]): number => Math.max(0, ...checks.map(({ relative }) => relative));

/** The same, of what should be equal. */
const worstFailure = ({ verification }: Attempt): number =>
  worst(verification!.result.checks.filter(({ verdict }) => verdict === 'different'));
