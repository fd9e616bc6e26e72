/** The pruner that gives every space one of a few widths. */
import type { Keep } from '../axes/indices.js';
import type { WeightStore } from '../ir/graph.js';
import { type Diagnostic, fail } from '../diagnostics/diagnostic.js';
import { type Random, random, randomInteger } from '../prune/random.js';
import { allOf, leading, type Mask, maskFrom } from './channels.js';
import { type ChannelConfig, keepOfConfig } from './channel-config.js';
import type { ChannelSpace } from './spaces.js';
import { type PrunerOptions, StructurePruner } from './structure-pruner.js';
import { throwProblems } from './subnets.js';
import type { Supernet } from './supernet.js';
import {
  checkedIndex,
  chosenWeights,
  convertSwitchableBn,
  type SwitchableBatchNorm2d,
} from './switchable-bn.js';
import type { ModelOptions } from '../compile/prepare.js';

export interface RatioPrunerOptions extends PrunerOptions {
  /** Fractions of channels to keep; each space takes one of them. */
  readonly ratios: readonly number[];
  /** The same seed draws the same subnets. */
  readonly seed?: number;
  /** Which channels stay: the first, as in MMRazor, or any. */
  readonly channels?: 'leading' | 'random';
}

/** Draws a ratio for every space from a list. */
export class RatioPruner extends StructurePruner {
  /** Ascending. */
  readonly ratios: readonly number[];
  readonly #seed: number;
  readonly #channels: 'leading' | 'random';
  #next: Random;
  #bns: ReadonlyMap<string, SwitchableBatchNorm2d> = new Map();

  constructor(options: RatioPrunerOptions) {
    super(options);
    const wrong = options.ratios.find((ratio) => !(ratio > 0 && ratio <= 1));
    if (wrong !== undefined || options.ratios.length === 0) {
      fail({
        code: 'E437',
        message: wrong === undefined ? 'there are no ratios to draw from' : `${wrong} is not a ratio to keep`,
        help: 'Ratios are fractions of channels that stay, more than 0 and at most 1: `[0.25, 0.5, 1]`.',
      });
    }
    this.ratios = [...options.ratios].sort((a, b) => a - b);
    this.#seed = options.seed ?? 0;
    this.#channels = options.channels ?? 'leading';
    this.#next = random(this.#seed, 'subnets');
  }

  override async prepareFromSupernet(supernet: string | Supernet, options: ModelOptions = {}): Promise<void> {
    await super.prepareFromSupernet(supernet, options);
    this.#next = random(this.#seed, 'subnets');
    this.#bns = new Map();
  }

  /** A subnet with a ratio drawn for every space: space id -> mask. */
  sampleSubnet(): ReadonlyMap<string, Mask> {
    return this.#subnetOf(() => this.ratios[randomInteger(this.#next, 0, this.ratios.length)]!);
  }

  /** Every space at the smallest ratio; an error where that is no channel. */
  setMinChannel(): void {
    this.setSubnet(this.#subnetOf(() => this.ratios[0]!, 'leading'));
  }

  #subnetOf(ratio: () => number, channels = this.#channels): ReadonlyMap<string, Mask> {
    const problems: Diagnostic[] = [];
    const masks = this.spaces.list.map((entry): [string, Mask] => {
      const drawn = ratio();
      const { size } = entry.space;
      const count = leading(drawn, size).length;
      if (count === 0) problems.push(emptied(entry, drawn));
      const kept = channels === 'leading' ? allOf(count) : this.#draw(count, size);
      return [entry.id, maskFrom(kept, size)];
    });
    throwProblems(problems);
    return new Map(masks);
  }

  /** So many of the channels, all choices alike. */
  #draw(count: number, size: number): number[] {
    const order = allOf(size);
    for (let i = 0; i < count; i++) {
      const j = randomInteger(this.#next, i, size);
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    return order.slice(0, count);
  }

  // ---------------------------------------------------------------- switching between a few subnets

  /** The normalisations with several sets of parameters, by module. */
  get switchableBns(): ReadonlyMap<string, SwitchableBatchNorm2d> {
    return this.#bns;
  }

  /** Gives every normalisation one set of parameters for each of `numBns` subnets. */
  convertSwitchableBn(numBns: number): ReadonlyMap<string, SwitchableBatchNorm2d> {
    const { graph, weights, rules } = this.supernet;
    this.#bns = convertSwitchableBn(graph, weights, rules, numBns);
    return this.#bns;
  }

  /**
   * Sets the masks from a channel configuration, as `exportSubnet` and MMRazor's files have it; with switchable
   * normalisation also which set of parameters is in use.
   */
  switchSubnet(config: ChannelConfig, subnetIndex?: number): void {
    const keep: Keep = keepOfConfig(this.spaces, Object.entries(config));
    if (subnetIndex !== undefined) {
      if (this.#bns.size === 0) {
        fail({
          code: 'E438',
          message: 'the normalisations have one set of parameters each',
          help: 'Call `convertSwitchableBn` first, or leave the index out.',
        });
      }
      for (const bn of this.#bns.values()) bn.index = checkedIndex(subnetIndex, bn.numBns);
    }
    this.setKeep(keep);
  }

  protected override get weights(): WeightStore {
    return chosenWeights(super.weights, this.#bns.values());
  }
}

function emptied({ id, space }: ChannelSpace, ratio: number): Diagnostic {
  return {
    code: 'E431',
    severity: 'error',
    message: `the space ${JSON.stringify(id)} would be left without channels`,
    why: `It has ${space.size}, and ${ratio} of them rounds to 0.`,
    help: 'Give larger ratios, or name its module in `exceptStartKeys`.',
  };
}
