import { describe, expect, it } from 'vitest';
import { checkOptions, type PruneOptions } from '../../src/prune/options.js';

const problems = (options: PruneOptions): string[] =>
  checkOptions(options).diagnostics.map((d) => `${d.code} ${d.message}`);

describe('pruning options', () => {
  it('have defaults', () => {
    expect(checkOptions({})).toEqual({
      settings: {
        target: null,
        importance: 'l1',
        roundTo: 1,
        preferredMultiple: 1,
        macsPerElement: 0,
        minChannels: 1,
        exclude: [],
        allowMixes: false,
        pruneKept: false,
        seed: 0,
      },
      diagnostics: [],
    });
  });

  it('name one target', () => {
    expect(checkOptions({ flops: 0.5 }).settings.target).toEqual({ kind: 'flops', amount: 0.5 });
    expect(checkOptions({ ratio: 0 }).settings.target).toEqual({ kind: 'ratio', amount: 0 });
    expect(problems({ ratio: 0.5, params: 0.2 })).toEqual([
      "E402 --ratio and --params can't be used together",
    ]);
  });

  it.each([1, 1.5, -0.1, NaN, Infinity])('reject %d as a fraction', (amount) => {
    for (const [key, flag] of [
      ['ratio', '--ratio'],
      ['globalRatio', '--global-ratio'],
      ['flops', '--flops'],
      ['params', '--params'],
    ]) {
      expect(problems({ [key!]: amount })).toEqual([
        `E401 ${flag} ${amount} is not a fraction from 0 up to, but without, 1`,
      ]);
    }
  });

  it('understand what was meant by 50', () => {
    const [diagnostic] = checkOptions({ flops: 50 }).diagnostics;
    expect(diagnostic?.why).toBe('--flops is the fraction of the multiply-accumulates to remove.');
    expect(diagnostic?.help).toBe('For 50 percent write `--flops 0.5`.');
  });

  it('report everything that is wrong at once', () => {
    expect(problems({ ratio: 2, roundTo: 0, minChannels: 1.5, seed: 0.5, importance: 'l7' })).toEqual([
      'E401 --ratio 2 is not a fraction from 0 up to, but without, 1',
      'E401 --round-to 0 is not a whole number from 1',
      'E401 --min-channels 1.5 is not a whole number from 1',
      'E401 --seed 0.5 is not a whole number',
      'E403 there is no importance measure "l7"',
    ]);
  });

  it('list the measures there are', () => {
    const [diagnostic] = checkOptions({ importance: 'L1' }).diagnostics;
    expect(diagnostic?.help?.split('\n')).toEqual([
      'l1: sum of absolute weights',
      'l2: Euclidean norm of the weights',
      'bn-scale: scale of the batch normalisations, l2 where there is none',
      'fpgm: distance from the other channels (geometric median)',
      'lamp: squared magnitude relative to the channels that are not smaller',
      'random: a random order, by --seed',
    ]);
  });
});
