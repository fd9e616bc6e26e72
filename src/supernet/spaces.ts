/** The channel spaces of a supernet under the names that MMRazor gives them: modules, `group_{n}`, concatenations. */
import { type AxisAnalysis, type Space, termLeaves } from '../axes/analysis.js';
import type { Term } from '../axes/terms.js';
import { channelTerm, type Topology } from './topology.js';

/**
 * The space of a module's output channels: a name; for channels put end to end (or crossed, as heads and their width are)
 * the names of the parts; null for what can't be pruned.
 */
export type SpaceId =
  string | { readonly concat: readonly SpaceId[] } | { readonly product: readonly SpaceId[] } | null;

/** A channel space that can be pruned. */
export interface ChannelSpace {
  /** A module's name where its channels are nobody else's, else its group's. */
  readonly id: string;
  readonly space: Space;
  /** The modules whose output channels these are. */
  readonly modules: readonly string[];
}

/** Names the spaces of a network. */
export class ChannelSpaces {
  /** In the order of the network. */
  readonly list: readonly ChannelSpace[];
  /** `group_{n}` -> the modules whose output channels are pruned together. */
  readonly groups: ReadonlyMap<string, readonly string[]>;
  readonly #byLeaf: ReadonlyMap<number, ChannelSpace>;
  readonly #byName: ReadonlyMap<string, ChannelSpace>;

  /** @param prunable the spaces that may be pruned */
  constructor(
    readonly topology: Topology,
    readonly analysis: AxisAnalysis,
    prunable: readonly Space[],
  ) {
    const sharers = outputSharers(topology, new Set(prunable.map(({ leaf }) => leaf)));
    const groups = new Map<string, readonly string[]>();
    const idOf = (space: Space): string => {
      const modules = sharers.get(space.leaf) ?? [];
      if (modules.length > 1) {
        const name = `group_${groups.size}`;
        groups.set(name, modules);
        return name;
      }
      const [only] = modules;
      return only !== undefined && hasOneSpace(topology, only, sharers) ? only : space.id;
    };
    this.list = prunable.map((space) => ({
      id: idOf(space),
      space,
      modules: sharers.get(space.leaf) ?? [],
    }));
    this.groups = groups;
    this.#byLeaf = new Map(this.list.map((entry) => [entry.space.leaf, entry]));
    // The ids that `espalier groups` prints are known too, and the modules of groups; MMRazor's ids win.
    const bearing = this.list.flatMap((entry) =>
      entry.modules
        .filter((name) => topology.modules.get(name)!.output!.kind === 'leaf')
        .map((name) => [name, entry] as const),
    );
    this.#byName = new Map([
      ...bearing,
      ...this.list.map((entry) => [entry.space.id, entry] as const),
      ...this.list.map((entry) => [entry.id, entry] as const),
    ]);
  }

  /** The space of that name, MMRazor's or the one that `espalier groups` prints. */
  named(name: string): ChannelSpace | undefined {
    return this.#byName.get(name);
  }

  /** The space of a module's output channels, or of a junction or its item. */
  idOf(name: string): SpaceId {
    return this.idOfTerm(this.termOf(name));
  }

  /** What the output channels of a module, a junction or its item are made of. */
  termOf(name: string): Term | null {
    const { modules, junctions } = this.topology;
    const module = modules.get(name);
    if (module !== undefined) return module.output;
    const item = /^(.*)_item_(\d+)$/.exec(name);
    const junction = junctions.get(item?.[1] ?? name);
    const value = item === null ? junction?.whole : junction?.items[Number(item[2])];
    const terms = value === undefined ? undefined : this.analysis.terms.get(value);
    return terms === undefined ? null : channelTerm(terms, (leaf) => this.#byLeaf.has(leaf));
  }

  idOfTerm(term: Term | null): SpaceId {
    if (term === null || !termLeaves(term).some((leaf) => this.#byLeaf.has(leaf))) return null;
    if (term.kind === 'leaf') return this.#byLeaf.get(term.leaf)!.id;
    if (term.kind === 'sum') return { concat: term.terms.map((part) => this.idOfTerm(part)) };
    // Factors that stay, such as the places of an image or the groups of a convolution, don't count.
    const factors = term.factors.map((part) => this.idOfTerm(part)).filter((id) => id !== null);
    return factors.length === 1 ? factors[0]! : { product: factors };
  }
}

/** For each leaf the modules that bear it, or hand it on and bear more, in the order in which they run. */
function outputSharers(topology: Topology, prunable: ReadonlySet<number>): Map<number, string[]> {
  const sharers = new Map<number, string[]>();
  for (const { name, output } of topology.modulesOfClass('NON_PASS')) {
    for (const leaf of new Set(output === null ? [] : termLeaves(output))) {
      if (!prunable.has(leaf)) continue;
      const known = sharers.get(leaf);
      if (known === undefined) sharers.set(leaf, [name]);
      else known.push(name);
    }
  }
  return sharers;
}

function hasOneSpace(
  topology: Topology,
  module: string,
  sharers: ReadonlyMap<number, readonly string[]>,
): boolean {
  const leaves = new Set(termLeaves(topology.modules.get(module)!.output!));
  return [...leaves].filter((leaf) => sharers.has(leaf)).length === 1;
}
