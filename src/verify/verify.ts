/**
 * Exactness, checked. Two comparisons, each on every test input:
 *
 * - the unpruned emission against the model's own runtime: the compiler understood the model;
 * - the masked original against the pruned emission: it pruned what it understood.
 *
 * Where the user asked to prune axes over which the network takes statistics (`mixes`: the mean of a normalisation
 * changes when channels go), masked and pruned network differ by definition. The second comparison is then made and
 * shown, but it is no verdict. In its place the pruned emission is held against the pruned graph, run node by node:
 * that the module computes what pruning decided can still be checked, that this is what the original computes can't.
 */
import type { Diagnostic } from '../diagnostics/diagnostic.js';
import type { NamedTensors } from '../import/source-graph.js';
import { compareOutputs, type Difference } from './compare.js';
import type { TestInput } from './inputs.js';

/** Runs a network once. */
export type Runner = (inputs: NamedTensors) => Promise<NamedTensors>;

export interface Runners {
  /** The model in its own runtime; null where there is none to run. */
  readonly reference: Runner | null;
  /** The emitted module, before pruning. */
  readonly unpruned: Runner | null;
  /** The original graph with masks multiplied in; null where nothing was pruned. */
  readonly masked: Runner | null;
  /** The emitted module. */
  readonly pruned: Runner | null;
  /** The pruned graph, interpreted; needed only where `mixed` is not empty. */
  readonly prunedGraph?: Runner | null;
  /** Subnets of an emitted supernet, each switched to in it, and deployed. */
  readonly subnets?: readonly {
    readonly name: string;
    readonly supernet: Runner;
    readonly deployed: Runner;
  }[];
}

export interface VerifyOptions {
  /** Largest difference allowed, of the output's scale. */
  readonly tolerance?: number;
  /** Pruned spaces over which the network takes statistics (`PruneReport.mixed`). */
  readonly mixed?: readonly string[];
  /** Where the reference answers for some inputs only: those, for the comparison with it. */
  readonly referenceInputs?: readonly TestInput[];
  /** Called before each run, for progress. */
  readonly onProgress?: (check: CheckName, input: string) => void;
}

export type CheckName =
  | 'unpruned against reference'
  | 'pruned against masked'
  | 'pruned against its graph'
  | 'supernet against deployed';

/** `differs as asked`: beyond the tolerance, which is what pruning mixed spaces means. */
export type Verdict = 'equal' | 'different' | 'differs as asked';

export interface Comparison {
  readonly input: string;
  readonly output: string;
  readonly difference: Difference;
  readonly verdict: Verdict;
}

export interface Check {
  readonly name: CheckName;
  readonly comparisons: readonly Comparison[];
  /** The largest differences over all inputs and outputs. */
  readonly absolute: number;
  readonly relative: number;
  readonly verdict: Verdict;
}

/** The channel spaces of the model, found in two views of it. */
export interface SpacesCheck {
  readonly verdict: 'equal' | 'different' | 'not compared';
  /** What differs, one error each. */
  readonly problems: readonly Diagnostic[];
}

export interface Verification {
  /** Nothing is different that should be equal, and some finite number was compared. */
  readonly passed: boolean;
  readonly tolerance: number;
  readonly checks: readonly Check[];
  /** Absent where the model has no second view. */
  readonly spaces?: SpacesCheck;
  /** What the numbers do not show, in sentences. */
  readonly remarks: readonly string[];
}

export const defaultTolerance = 1e-5;

/** Runs all comparisons for which there are runners. */
export async function verifyModel(
  runners: Runners,
  inputs: readonly TestInput[],
  options: VerifyOptions = {},
): Promise<Verification> {
  const { tolerance = defaultTolerance, mixed = [], referenceInputs = inputs, onProgress } = options;
  const asked = mixed.length > 0;
  const checks: Check[] = [];
  const compare = async (
    name: CheckName,
    expected: Runner,
    actual: Runner,
    mayDiffer: boolean,
    on: readonly TestInput[],
  ): Promise<Comparison[]> => {
    const comparisons: Comparison[] = [];
    for (const { name: input, tensors } of on) {
      onProgress?.(name, input);
      const differences = compareOutputs(await expected(tensors), await actual(tensors));
      for (const { output, difference } of differences) {
        comparisons.push({ input, output, difference, verdict: judge(difference, tolerance, mayDiffer) });
      }
    }
    return comparisons;
  };
  const check = async (
    name: CheckName,
    expected: Runner | null | undefined,
    actual: Runner | null,
    mayDiffer: boolean,
    on = inputs,
  ): Promise<void> => {
    if (expected === null || expected === undefined || actual === null) return;
    checks.push(summarise(name, await compare(name, expected, actual, mayDiffer, on)));
  };
  await check('unpruned against reference', runners.reference, runners.unpruned, false, referenceInputs);
  await check('pruned against masked', runners.masked, runners.pruned, asked);
  if (asked) await check('pruned against its graph', runners.prunedGraph, runners.pruned, false);
  const ofSubnets: Comparison[] = [];
  for (const { name: subnet, supernet, deployed } of runners.subnets ?? []) {
    // A subnet is one more thing that differs: two inputs for each are enough.
    const on = inputs.slice(0, 2).map(({ name, tensors }) => ({ name: `${subnet}, ${name}`, tensors }));
    ofSubnets.push(...(await compare('supernet against deployed', supernet, deployed, asked, on)));
  }
  if (ofSubnets.length > 0) checks.push(summarise('supernet against deployed', ofSubnets));
  const proving = checks.some((c) => c.comparisons.some(({ difference: d }) => d.notFinite < d.elements));
  return {
    passed: proving && checks.every((c) => c.verdict !== 'different'),
    tolerance,
    checks,
    remarks: [...(asked ? [remarkOnMixed(mixed)] : []), ...remarksOnNotFinite(checks)],
  };
}

/** Outputs that don't even have the same shape are different, whatever was asked for. */
function judge(difference: Difference, tolerance: number, mayDiffer: boolean): Verdict {
  if (difference.relative <= tolerance) return 'equal';
  return mayDiffer && difference.problem === undefined ? 'differs as asked' : 'different';
}

function summarise(name: CheckName, comparisons: readonly Comparison[]): Check {
  const verdicts = new Set(comparisons.map((c) => c.verdict));
  return {
    name,
    comparisons,
    absolute: Math.max(0, ...comparisons.map((c) => c.difference.absolute)),
    relative: Math.max(0, ...comparisons.map((c) => c.difference.relative)),
    verdict: verdicts.has('different')
      ? 'different'
      : verdicts.has('differs as asked')
        ? 'differs as asked'
        : 'equal',
  };
}

function remarkOnMixed(mixed: readonly string[]): string {
  const shown = mixed.slice(0, 3).join(', ') + (mixed.length > 3 ? `, and ${mixed.length - 3} more` : '');
  return (
    `The network takes statistics over spaces that were pruned on request (${shown}). ` +
    'Removing channels changes these statistics, masking does not: the pruned network is a different function, ' +
    'and its difference from the masked one is reported, not judged.'
  );
}

/** Equal not-a-numbers prove nothing. */
function remarksOnNotFinite(checks: readonly Check[]): string[] {
  return checks.flatMap(({ name, comparisons }) => {
    const affected = comparisons.filter((c) => c.difference.notFinite > 0);
    if (affected.length === 0) return [];
    const [first] = affected;
    return [
      `In "${name}", ${affected.length} of ${comparisons.length} reference outputs have values that are infinite or ` +
        `not numbers ("${first!.output}" on input "${first!.input}"); there, only the rest is compared.`,
    ];
  });
}

const codeOf: Readonly<Record<CheckName, string>> = {
  'unpruned against reference': 'E601',
  'pruned against masked': 'E602',
  'pruned against its graph': 'E603',
  'supernet against deployed': 'E604',
};

/** A verification of numbers, with that of the channel spaces. */
export function withSpaces(verification: Verification, spaces: SpacesCheck | undefined): Verification {
  if (spaces === undefined) return verification;
  return { ...verification, passed: verification.passed && spaces.verdict !== 'different', spaces };
}

/** One diagnostic for each check of numbers that failed, at its worst comparison; then what differs in the spaces. */
export function verificationFailures(verification: Verification): Diagnostic[] {
  return [...numericFailures(verification), ...firstOf(verification.spaces?.problems ?? [])];
}

/** One wrong rule shows at many places. */
const mostProblems = 5;

function firstOf(problems: readonly Diagnostic[]): Diagnostic[] {
  const more = problems.length - mostProblems;
  return problems
    .slice(0, mostProblems)
    .map((problem, i) =>
      more > 0 && i === mostProblems - 1
        ? { ...problem, notes: [...(problem.notes ?? []), { message: `${more} more dimensions differ` }] }
        : problem,
    );
}

function numericFailures(verification: Verification): Diagnostic[] {
  return verification.checks
    .filter((check) => check.verdict === 'different')
    .map((check): Diagnostic => {
      const failed = check.comparisons.filter((c) => c.verdict === 'different');
      const worst = failed.reduce((a, b) => (b.difference.relative > a.difference.relative ? b : a));
      const { problem, absolute, relative, scale } = worst.difference;
      return {
        code: codeOf[check.name],
        severity: 'error',
        message: `${check.name}: output "${worst.output}" differs on input "${worst.input}"`,
        why:
          problem ??
          `The largest difference is ${absolute.toExponential(2)}, ${relative.toExponential(2)} of the output's ` +
            `scale ${scale.toExponential(2)}; allowed is ${verification.tolerance.toExponential(0)}.`,
        help: `${failed.length} of ${check.comparisons.length} comparisons differ; see \`espalier explain ${codeOf[check.name]}\`.`,
      };
    });
}
