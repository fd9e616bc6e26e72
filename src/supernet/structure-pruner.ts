/**
 * The structured pruner of MMRazor, over the intermediate representation: the same systems under the same names. What an
 * operation does to channels, which channels are coupled and where a mask is multiplied in is not written here again: the
 * rules say it, and axis inference has worked it out.
 */
import picomatch from 'picomatch';
import type { AxisAnalysis } from '../axes/analysis.js';
import { inferAxes } from '../axes/infer.js';
import { type Keep, keptIndices } from '../axes/indices.js';
import type { Term } from '../axes/terms.js';
import { type ModelOptions, prepareModel } from '../compile/prepare.js';
import { Timings } from '../compile/timings.js';
import { type Diagnostic, fail } from '../diagnostics/diagnostic.js';
import type { Graph, WeightStore } from '../ir/graph.js';
import { maskGraph } from '../prune/mask.js';
import { moduleChannels } from '../prune/modules.js';
import { prunableSpaces } from '../prune/select.js';
import { channelsOfBins, type Channels, type Mask, maskFrom } from './channels.js';
import type { ChannelConfig, ModuleConfig } from './channel-config.js';
import { deploy, type DeployedSubnet, writeDeployed } from './deploy.js';
import { Parsers, type ParserOptions } from './parsers.js';
import { ChannelSpaces, type SpaceId } from './spaces.js';
import { keepOfFile, type SubnetFile } from './subnet-file.js';
import { keepOfChoice, type SubnetChoice, throwProblems } from './subnets.js';
import type { Supernet } from './supernet.js';
import { Topology } from './topology.js';

export interface PrunerOptions {
  /**
   * Modules whose output channels stay: the beginnings of their names, or globs. The output layer needs no mention: its
   * channels are those of the network's output, which stay.
   */
  readonly exceptStartKeys?: readonly string[];
  /** Also spaces over which the network takes statistics; masked and deployed network then differ. */
  readonly allowMixes?: boolean;
  /** Also axes that rules mark `keep`, such as groups and heads. */
  readonly pruneKept?: boolean;
}

/** The masks of one module; null where the rules give it no such channels. */
export interface PruningAttrs {
  readonly inMask: Mask | null;
  readonly outMask: Mask | null;
}

/** By space, which bins of its channels are on: one entry a bin. */
export type ChannelBins = Readonly<Record<string, ArrayLike<number | boolean>>>;

interface Prepared {
  readonly supernet: Supernet;
  readonly analysis: AxisAnalysis;
  readonly topology: Topology;
  readonly spaces: ChannelSpaces;
}

/** The base of pruners: all but how subnets are sampled. */
export abstract class StructurePruner {
  readonly exceptStartKeys: readonly string[];
  readonly #options: PrunerOptions;
  readonly #parsers = new Parsers();
  #prepared: Prepared | null = null;
  #channelSpaces: ReadonlyMap<string, Mask> = new Map();
  #keep: Keep = new Map();

  constructor(options: PrunerOptions = {}) {
    this.exceptStartKeys = options.exceptStartKeys ?? ['head.fc'];
    this.#options = options;
  }

  // ---------------------------------------------------------------- from a model to its spaces

  /**
   * Registers a parser before a model is read: a `from` clause for an op of the rules.
   * @returns the name that it is registered under
   * @throws DiagnosticError where the name is taken, unless `force` replaces what has it
   */
  registerParser(op: string, rule: string, options: ParserOptions = {}): string {
    return this.#parsers.register(op, rule, options);
  }

  /**
   * Reads a model, or takes one that has been imported, and finds its channel spaces. All channels are on at first. Any
   * number of inputs and outputs; the batch may stay symbolic.
   */
  async prepareFromSupernet(supernet: string | Supernet, options: ModelOptions = {}): Promise<void> {
    const read =
      typeof supernet === 'string'
        ? await prepareModel(
            supernet,
            { ...options, extendRules: (rules) => this.#parsers.addTo(rules) },
            new Timings(),
          )
        : supernet;
    const analysis = inferAxes(read.graph, read.rules);
    const topology = new Topology(read.graph, read.rules, analysis);
    const settings = {
      allowMixes: this.#options.allowMixes ?? false,
      pruneKept: this.#options.pruneKept ?? false,
    };
    const every = new ChannelSpaces(topology, analysis, prunableSpaces(analysis, settings));
    const open = every.list.filter(({ modules }) => !modules.some((name) => this.#isExcepted(name)));
    const spaces =
      open.length === every.list.length
        ? every
        : new ChannelSpaces(
            topology,
            analysis,
            open.map(({ space }) => space),
          );
    this.#prepared = { supernet: read, analysis, topology, spaces };
    this.#channelSpaces = this.buildChannelSpaces();
    this.#keep = new Map();
  }

  #isExcepted(module: string): boolean {
    return this.exceptStartKeys.some((key) => module.startsWith(key) || picomatch.isMatch(module, key));
  }

  protected get prepared(): Prepared {
    return (
      this.#prepared ??
      fail({
        code: 'E439',
        message: 'the pruner has no network yet',
        help: 'Call `await pruner.prepareFromSupernet(model)` first.',
      })
    );
  }

  get supernet(): Supernet {
    return this.prepared.supernet;
  }

  /** The spaces with their names, for files and reports. */
  get spaces(): ChannelSpaces {
    return this.prepared.spaces;
  }

  /** Space id -> mask of ones: what there is to choose from. */
  get channelSpaces(): ReadonlyMap<string, Mask> {
    return this.#channelSpaces;
  }

  /** Modules where channels are born, and junctions, from the outputs to the inputs, each once. */
  traceNonPassPath(): string[] {
    return this.prepared.topology.traceNonPassPath();
  }

  /** For each normalisation (or other module that hands channels on) the module or junction whose channels it takes. */
  traceBnConvLinks(): ReadonlyMap<string, readonly (string | null)[]> {
    return this.prepared.topology.traceBnConvLinks();
  }

  /** The modules, or junctions such as `concat_0`, that give a node its input. */
  findNodeParents(node: string): string[] {
    return this.prepared.topology.findNodeParents(node);
  }

  /** `group_{n}` -> the modules whose output channels are pruned together. */
  makeSameOutChannelGroups(): ReadonlyMap<string, readonly string[]> {
    return this.prepared.spaces.groups;
  }

  /**
   * The space of a module's output channels: its own name, its group's, `{ concat: [ids] }` where parts are put end to
   * end, or null where it can't be pruned, as that of the output layer.
   */
  getSpaceId(module: string): SpaceId {
    const { topology, spaces } = this.prepared;
    const known = topology.modules.has(module) || spaces.termOf(module) !== null;
    return known || isJunction(module, topology) ? spaces.idOf(module) : unknownModule(module, topology);
  }

  /** Space id -> mask of ones, without modules that `exceptStartKeys` names. */
  buildChannelSpaces(): ReadonlyMap<string, Mask> {
    return new Map(this.prepared.spaces.list.map(({ id, space }) => [id, maskFrom(null, space.size)]));
  }

  /** The masks of all modules, as they are now. */
  addPruningAttrs(): ReadonlyMap<string, PruningAttrs> {
    const mask = (term: Term | null): Mask | null => {
      if (term === null || typeof term.size !== 'number') return null;
      return maskFrom(keptIndices(term, this.#keep), term.size);
    };
    return new Map(
      [...this.prepared.topology.modules].map(([name, { class: kind, input, output }]) => [
        name,
        { inMask: kind === 'PASS' ? null : mask(input), outMask: mask(output) },
      ]),
    );
  }

  // ---------------------------------------------------------------- subnets

  /** The kept channels of the current subnet, by leaf of the analysis. */
  get keep(): Keep {
    return this.#keep;
  }

  /** The current subnet: space id -> mask. */
  get subnet(): ReadonlyMap<string, Mask> {
    return new Map(
      this.prepared.spaces.list.map(({ id, space }) => [
        id,
        maskFrom(this.#keep.get(space.leaf) ?? null, space.size),
      ]),
    );
  }

  /** Sets the masks of all modules. Any pattern of channels; spaces that are not named keep all. */
  setSubnet(subnet: SubnetChoice | ReadonlyMap<string, Channels>): void {
    const entries = subnet instanceof Map ? [...subnet] : Object.entries(subnet as SubnetChoice);
    this.#keep = keepOfChoice(this.prepared.spaces, entries);
  }

  /** Sets the subnet that a file describes. */
  loadSubnet(file: SubnetFile): void {
    this.#keep = keepOfFile(this.prepared.spaces, file);
  }

  /** Sets the kept channels, as the command line and files have them. */
  protected setKeep(keep: Keep): void {
    this.#keep = keep;
  }

  /** Draws a subnet; `setSubnet` sets it. */
  abstract sampleSubnet(): ReadonlyMap<string, Mask>;

  /** Keeps all channels. */
  setMaxChannel(): void {
    this.#keep = new Map();
  }

  /** Keeps as few channels as the pruner may. */
  abstract setMinChannel(): void;

  /** The channels of every module, before and now, and which of them stay. */
  exportSubnet(): ChannelConfig {
    const { supernet, analysis, topology } = this.prepared;
    const kept = (term: Term | null): readonly number[] | null =>
      term === null ? null : keptIndices(term, this.#keep);
    const config: Record<string, ModuleConfig> = {};
    for (const [name, channels] of moduleChannels(supernet.graph, analysis, this.#keep)) {
      const module = topology.modules.get(name);
      if (module === undefined) continue;
      config[name] = { ...channels, kept_in: kept(module.input), kept_out: kept(module.output) };
    }
    return config;
  }

  /** All bins of every space on. */
  getMaxChannelBins(maxChannelBins: number): Record<string, Uint8Array> {
    checkBins(maxChannelBins);
    return Object.fromEntries(
      this.prepared.spaces.list.map(({ id }) => [id, new Uint8Array(maxChannelBins).fill(1)]),
    );
  }

  /**
   * Sets the subnet by bins: each space is cut into `maxChannelBins` parts, as equal as whole channels allow. Spaces that
   * are not named keep all.
   */
  setChannelBins(bins: ChannelBins, maxChannelBins: number): void {
    checkBins(maxChannelBins);
    const problems: Diagnostic[] = [];
    const choice = Object.entries(bins).map(([id, on]): [string, unknown] => {
      if (on.length !== maxChannelBins) {
        problems.push({
          code: 'E437',
          severity: 'error',
          message: `the space ${JSON.stringify(id)} is given ${on.length} bins, and has ${maxChannelBins}`,
          help: 'Give one entry a bin: 1 where its channels stay.',
        });
      }
      const size = this.prepared.spaces.named(id)?.space.size;
      return [id, size === undefined ? null : maskFrom(channelsOfBins(on, size), size)];
    });
    throwProblems(problems);
    this.setSubnet(Object.fromEntries(choice) as SubnetChoice);
  }

  // ---------------------------------------------------------------- networks

  /** The weights that are in use. */
  protected get weights(): WeightStore {
    return this.supernet.weights;
  }

  /** The network with masks multiplied in where channels end: what the current subnet computes, at full size. */
  maskedSupernet(): { readonly graph: Graph; readonly weights: WeightStore } {
    const { supernet, analysis } = this.prepared;
    return maskGraph(supernet.graph, this.weights, supernet.rules, analysis, this.#keep);
  }

  /**
   * The current subnet as a network of its own: parameters gathered by mask.
   * @param options `out` is a folder: the sliced weights are written there as `weights.safetensors`, under the names that
   * they have in the source model and in its layout, with the channels of the modules in `channels.json`
   */
  async deploySubnet(
    options: { readonly out?: string } = {},
  ): Promise<DeployedSubnet & { readonly files: readonly string[] }> {
    const { supernet, analysis } = this.prepared;
    const deployed = deploy(supernet, this.weights, analysis, this.#keep, this.exportSubnet());
    const files = options.out === undefined ? [] : await writeDeployed(deployed, options.out);
    return { ...deployed, files };
  }
}

function isJunction(name: string, topology: Topology): boolean {
  return topology.junctions.has(name.replace(/_item_\d+$/, ''));
}

function checkBins(count: number): void {
  if (Number.isSafeInteger(count) && count >= 1) return;
  fail({ code: 'E437', message: `${count} is no number of bins`, help: 'Give a whole number from 1.' });
}

function unknownModule(name: string, topology: Topology): never {
  const names = [...topology.modules.keys(), ...topology.junctions.keys()];
  return fail({
    code: 'E435',
    message: `the network has no module ${JSON.stringify(name)}`,
    help: `Its modules are ${names.slice(0, 8).join(', ')}${names.length > 8 ? ', …' : ''}`,
  });
}
