/** What the user can ask of pruning, and what is wrong with what they asked. */
import type { Diagnostic } from '../diagnostics/diagnostic.js';
import { measures } from './importance.js';

/** As given on the command line, in a configuration file or by a caller. */
export interface PruneOptions {
  /** Fraction of channels to remove from every space. */
  readonly ratio?: number;
  /** Fraction of all channels to remove, the least important of the whole model first. */
  readonly globalRatio?: number;
  /** Fraction of multiply-accumulates to remove. */
  readonly flops?: number;
  /** Fraction of parameters to remove. */
  readonly params?: number;
  readonly importance?: string;
  readonly roundTo?: number;
  /** Large spaces keep multiples of this where `roundTo` is not given: what the backend computes fastest with. */
  readonly preferredMultiple?: number;
  /**
   * How many multiply-accumulates take the backend as long as reading or writing a number of an activation: where these
   * are to go, spaces lose more channels the more time that saves. 0: all lose the same fraction.
   */
  readonly macsPerElement?: number;
  readonly minChannels?: number;
  /** Globs; applied when axes are inferred, recorded here. */
  readonly exclude?: readonly string[];
  readonly allowMixes?: boolean;
  readonly pruneKept?: boolean;
  readonly seed?: number;
}

export type TargetKind = 'ratio' | 'globalRatio' | 'flops' | 'params';

export interface Target {
  readonly kind: TargetKind;
  /** The fraction to remove. */
  readonly amount: number;
}

/** Checked options with every default filled in. */
export interface PruneSettings {
  /** Null: nothing is pruned. */
  readonly target: Target | null;
  readonly importance: string;
  readonly roundTo: number;
  /** 1 where it does not apply: `roundTo` was given, or each space has a quota of its own. */
  readonly preferredMultiple: number;
  readonly macsPerElement: number;
  readonly minChannels: number;
  readonly exclude: readonly string[];
  readonly allowMixes: boolean;
  readonly pruneKept: boolean;
  readonly seed: number;
}

/** Each kind of target with its flag and what it is a fraction of. */
export const targetKinds: Readonly<Record<TargetKind, { readonly flag: string; readonly of: string }>> = {
  ratio: { flag: '--ratio', of: 'the channels of every space' },
  globalRatio: { flag: '--global-ratio', of: 'all prunable channels' },
  flops: { flag: '--flops', of: 'the multiply-accumulates' },
  params: { flag: '--params', of: 'the parameters' },
};

/** Fills in the defaults; reports everything that is wrong. */
export function checkOptions(options: PruneOptions): {
  readonly settings: PruneSettings;
  readonly diagnostics: readonly Diagnostic[];
} {
  const target = targetsOf(options)[0] ?? null;
  const prefers = options.roundTo === undefined && target?.kind !== 'ratio';
  const settings: PruneSettings = {
    target,
    importance: options.importance ?? 'l1',
    roundTo: options.roundTo ?? 1,
    preferredMultiple: prefers ? (options.preferredMultiple ?? 1) : 1,
    macsPerElement: options.macsPerElement ?? 0,
    minChannels: options.minChannels ?? 1,
    exclude: options.exclude ?? [],
    allowMixes: options.allowMixes ?? false,
    pruneKept: options.pruneKept ?? false,
    seed: options.seed ?? 0,
  };
  const diagnostics = [
    ...checkTargets(targetsOf(options)),
    ...checkCount('--round-to', settings.roundTo),
    ...checkCount('--min-channels', settings.minChannels),
    ...checkSeed(settings.seed),
    ...checkImportance(settings.importance),
  ];
  return { settings, diagnostics };
}

function targetsOf(options: PruneOptions): Target[] {
  const kinds = Object.keys(targetKinds) as TargetKind[];
  return kinds.flatMap((kind) => {
    const amount = options[kind];
    return amount === undefined ? [] : [{ kind, amount }];
  });
}

function checkTargets(targets: readonly Target[]): Diagnostic[] {
  const wrong = targets
    .filter(({ amount }) => !(amount >= 0 && amount < 1))
    .map(({ kind, amount }): Diagnostic => {
      const { flag, of } = targetKinds[kind];
      return invalid(`${flag} ${amount} is not a fraction from 0 up to, but without, 1`, {
        why: `${flag} is the fraction of ${of} to remove.`,
        help:
          amount > 1 && amount < 100
            ? `For ${amount} percent write \`${flag} ${amount / 100}\`.`
            : `For half write \`${flag} 0.5\`.`,
      });
    });
  if (targets.length < 2) return wrong;
  const flags = targets.map(({ kind }) => targetKinds[kind].flag).join(' and ');
  return [
    ...wrong,
    {
      code: 'E402',
      severity: 'error',
      message: `${flags} can't be used together`,
      why: 'Each of them says how much to remove.',
      help: 'Give one of them; the report shows what it removes in terms of the others.',
    },
  ];
}

function checkCount(flag: string, value: number): Diagnostic[] {
  if (Number.isSafeInteger(value) && value >= 1) return [];
  return [
    invalid(`${flag} ${value} is not a whole number from 1`, { help: `Write for example \`${flag} 8\`.` }),
  ];
}

function checkSeed(seed: number): Diagnostic[] {
  if (Number.isSafeInteger(seed)) return [];
  return [invalid(`--seed ${seed} is not a whole number`, { help: 'Write for example `--seed 1`.' })];
}

function checkImportance(name: string): Diagnostic[] {
  if (measures.has(name)) return [];
  return [
    {
      code: 'E403',
      severity: 'error',
      message: `there is no importance measure "${name}"`,
      help: [...measures.values()].map((m) => `${m.name}: ${m.summary}`).join('\n'),
    },
  ];
}

function invalid(message: string, more: Pick<Diagnostic, 'why' | 'help'>): Diagnostic {
  return { code: 'E401', severity: 'error', message, ...more };
}
