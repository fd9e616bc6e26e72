/**
 * MMRazor's channel configurations: how many channels go into and come out of every module. From them the channels of
 * every space are worked out, and everything that contradicts itself is told.
 */
import { termLeaves } from '../axes/analysis.js';
import { keptIndices, leafIndexOf, type Keep } from '../axes/indices.js';
import type { Term } from '../axes/terms.js';
import type { Diagnostic } from '../diagnostics/diagnostic.js';
import { type Json, printLines } from '../prune/subnet.js';
import { termSize } from '../prune/polynomial.js';
import { allOf } from './channels.js';
import type { ChannelSpaces } from './spaces.js';
import { contradiction, throwProblems } from './subnets.js';

/** The channels of one module. MMRazor's files have the four counts, of which normalisations have two. */
export interface ModuleConfig {
  readonly in_channels?: number | null;
  readonly raw_in_channels?: number | null;
  readonly out_channels?: number | null;
  readonly raw_out_channels?: number | null;
  /** The indices of the channels that stay; without them, or null, these are the first. */
  readonly kept_in?: readonly number[] | null;
  readonly kept_out?: readonly number[] | null;
}

/** By module. */
export type ChannelConfig = Readonly<Record<string, ModuleConfig>>;

/** The text of a file with a configuration. */
export function printConfig(config: ChannelConfig): string {
  return printLines(config as unknown as Json);
}

/**
 * The kept channels of every space.
 * @throws DiagnosticError with every module that is unknown, has other widths, or contradicts another
 */
export function keepOfConfig(spaces: ChannelSpaces, config: Iterable<readonly [string, ModuleConfig]>): Keep {
  const reader = new ConfigReader(spaces);
  const entries = [...config];
  for (const [name, module] of entries) reader.module(name, module);
  for (const [name, module] of entries) reader.checkWidths(name, module);
  throwProblems(reader.problems);
  return reader.keep();
}

type Side = 'in' | 'out';

class ConfigReader {
  readonly problems: Diagnostic[] = [];
  readonly #spaces: ChannelSpaces;
  readonly #prunable: ReadonlyMap<number, number>;
  readonly #chosen = new Map<number, { readonly by: string; readonly kept: readonly number[] }>();

  constructor(spaces: ChannelSpaces) {
    this.#spaces = spaces;
    this.#prunable = new Map(spaces.list.map(({ space }) => [space.leaf, space.size]));
  }

  keep(): Keep {
    const isPruned = ([leaf, { kept }]: readonly [number, { readonly kept: readonly number[] }]): boolean =>
      kept.length < this.#prunable.get(leaf)!;
    return new Map([...this.#chosen].filter(isPruned).map(([leaf, { kept }]) => [leaf, kept]));
  }

  /** Notes the channels that a module's output says something about. */
  module(name: string, config: ModuleConfig): void {
    const module = this.#spaces.topology.modules.get(name);
    if (module === undefined) {
      this.#problem('E435', `the network has no module ${JSON.stringify(name)}`, this.#knownModules(name));
      return;
    }
    this.#checkRaw(name, 'in', module.input, config.raw_in_channels);
    if (!this.#checkRaw(name, 'out', module.output, config.raw_out_channels)) return;
    const width = config.out_channels;
    if (module.output === null || width === null || width === undefined) return;
    const open = [...new Set(termLeaves(module.output))].filter((leaf) => this.#prunable.has(leaf));
    const [leaf] = open;
    if (leaf === undefined) return;
    const kept = config.kept_out ?? null;
    if (kept !== null) {
      for (const each of open) this.#choose(name, each, owners(module.output, each, kept));
    } else if (open.length === 1) {
      const count = this.#countFor(module.output, leaf, width);
      if (count !== null) this.#choose(name, leaf, allOf(count));
      else this.#impossible(name, 'out', width, this.#possible(module.output, leaf));
    }
  }

  /** After all: every width that is stated is what the chosen channels give. */
  checkWidths(name: string, config: ModuleConfig): void {
    const module = this.#spaces.topology.modules.get(name);
    if (module === undefined || this.problems.length > 0) return;
    const sizes = new Map([...this.#chosen].map(([leaf, { kept }]) => [leaf, kept.length]));
    const sides = [
      ['in', module.input, config.in_channels, config.kept_in],
      ['out', module.output, config.out_channels, config.kept_out],
    ] as const;
    for (const [side, term, stated, kept] of sides) {
      if (term === null || stated === null || stated === undefined) continue;
      const width = termSize(term, sizes);
      const indices =
        kept === null || kept === undefined ? null : (keptIndices(term, this.keep()) ?? allOf(width));
      if (width === stated && (indices === null || String(indices) === String(kept))) continue;
      const what = width === stated ? 'other channels' : `${stated} channels`;
      this.#problem(
        'E436',
        `${JSON.stringify(name)} is stated to have ${what} ${side === 'in' ? 'going in' : 'coming out'}, and it gets ${width}`,
        'Widths follow from the spaces that give the channels; state the widths of those modules too, and so that they agree.',
      );
    }
  }

  #choose(name: string, leaf: number, kept: readonly number[]): void {
    const first = this.#chosen.get(leaf);
    if (kept.length === 0) this.#impossible(name, 'out', 0, 'at least 1');
    else if (first === undefined) this.#chosen.set(leaf, { by: name, kept });
    else if (String(first.kept) !== String(kept)) {
      this.problems.push(contradiction(name, kept.length, first.by, first.kept.length));
    }
  }

  /** How many channels of a leaf make a dimension that wide; null where no number does. */
  #countFor(term: Term, leaf: number, width: number): number | null {
    const size = (count: number): number => termSize(term, new Map([[leaf, count]]));
    const step = size(2) - size(1);
    const count = step === 0 ? 1 : 1 + (width - size(1)) / step;
    const fits = Number.isSafeInteger(count) && count >= 1 && count <= this.#prunable.get(leaf)!;
    return fits && size(count) === width ? count : null;
  }

  #possible(term: Term, leaf: number): string {
    const size = (count: number): number => termSize(term, new Map([[leaf, count]]));
    const most = this.#prunable.get(leaf)!;
    const step = size(2) - size(1);
    return `${size(1)} to ${size(most)}${step === 1 ? '' : ` in steps of ${step}`}`;
  }

  #checkRaw(name: string, side: Side, term: Term | null, stated: number | null | undefined): boolean {
    const raw = term === null ? null : termSize(term, new Map());
    if (raw === null || stated === null || stated === undefined || raw === stated) return true;
    this.#problem(
      'E436',
      `${JSON.stringify(name)} has ${raw} channels ${side === 'in' ? 'going in' : 'coming out'} before pruning, not ${stated}`,
      'The file is for another network, or for another width of it.',
    );
    return false;
  }

  #impossible(name: string, side: Side, width: number, possible: string): void {
    this.#problem(
      'E436',
      `${JSON.stringify(name)} can't have ${width} channels ${side === 'in' ? 'going in' : 'coming out'}`,
      `It can have ${possible}.`,
    );
  }

  #knownModules(name: string): string {
    const names = [...this.#spaces.topology.modules.keys()];
    const end = names.filter((known) => name.endsWith(`.${known}`) || name.endsWith(`/${known}`));
    const shown = end.length > 0 ? end : names.slice(0, 6);
    return `${end.length > 0 ? 'Did you mean' : 'Its modules are'} ${shown.join(', ')}${end.length > 0 ? '?' : ', …'}`;
  }

  #problem(code: string, message: string, help: string): void {
    this.problems.push({ code, severity: 'error', message, help });
  }
}

/** The channels of a leaf that own some positions of a dimension. */
function owners(term: Term, leaf: number, positions: readonly number[]): number[] {
  const ownerOf = leafIndexOf(term, leaf);
  const owned = new Set(positions.flatMap((position) => ownerOf[position] ?? []));
  owned.delete(-1);
  return [...owned].sort((a, b) => a - b);
}
