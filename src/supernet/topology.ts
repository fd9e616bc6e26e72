/**
 * The modules of a network and how they hang together, as MMRazor's pruner sees them. What an operation does to
 * channels is read off its rule's axes; no operation is known here by name.
 *
 * One walk over the graph: paths are never enumerated, so that the work grows with the network and not with the number
 * of ways through it.
 */
import { type AxisAnalysis, termLeaves } from '../axes/analysis.js';
import type { Term } from '../axes/terms.js';
import { type Graph, type Node, operandValues, type ValueId } from '../ir/graph.js';
import type { AxisExpr, OpRule, RuleSet, TensorPattern } from '../lang/ast.js';
import { moduleOf, moduleTerms, type ModuleTerms, parametersBehind } from '../prune/modules.js';
import { ruleInfo } from '../shapes/rule-info.js';
import { operandList } from '../shapes/operands.js';

/**
 * `NON_PASS`: channels are born in the module, so that its parameters change with them. `PASS`: it hands the channels of
 * its input on.
 */
export type ModuleClass = 'NON_PASS' | 'PASS';

export interface Module extends ModuleTerms {
  readonly name: string;
  readonly class: ModuleClass;
  /** The nodes that run it; several where it is shared. */
  readonly nodes: readonly Node[];
}

/** Where channels are put end to end (`concat_0`) or taken apart (`chunk_0`). */
export interface Junction {
  readonly name: string;
  readonly kind: 'concat' | 'chunk';
  readonly node: Node;
  /** The whole, and its parts in order: `concat_0_item_0`, … */
  readonly whole: ValueId;
  readonly items: readonly ValueId[];
}

export class Topology {
  readonly modules: ReadonlyMap<string, Module>;
  /** By name. */
  readonly junctions: ReadonlyMap<string, Junction>;
  readonly #graph: Graph;
  readonly #analysis: AxisAnalysis;
  readonly #origins: ReadonlyMap<ValueId, readonly ValueId[]>;
  readonly #producers = new Map<ValueId, Node>();
  readonly #modulesOf = new Map<string, readonly string[]>();
  readonly #junctionOf = new Map<string, Junction>();

  constructor(graph: Graph, rules: RuleSet, analysis: AxisAnalysis) {
    this.#graph = graph;
    this.#analysis = analysis;
    this.#origins = parametersBehind(graph);
    const ends = moduleTerms(graph, analysis);
    const nodes = new Map<string, Node[]>();
    const nonPass = new Set<string>();
    const junctions = new Map<string, Junction>();
    const counts = { concat: 0, chunk: 0 };
    for (const node of graph.nodes) {
      for (const result of node.results) this.#producers.set(result, node);
      if (this.#origins.has(node.id)) continue;
      const rule = rules.ops.get(node.op)!;
      const names = this.#moduleNames(node).filter((name) => ends.get(name)!.output !== null);
      this.#modulesOf.set(node.id, names);
      const begins = names.length > 0 && this.#beginsChannels(node, rule);
      for (const name of names) {
        push(nodes, name, node);
        if (begins) nonPass.add(name);
      }
      const shape = this.#junctionShape(node, rule);
      if (shape === null) continue;
      const junction = { name: `${shape.kind}_${counts[shape.kind]++}`, node, ...shape };
      junctions.set(junction.name, junction);
      this.#junctionOf.set(node.id, junction);
    }
    this.junctions = junctions;
    this.modules = new Map(
      [...nodes].map(([name, list]) => {
        const kind: ModuleClass = nonPass.has(name) ? 'NON_PASS' : 'PASS';
        return [name, { name, class: kind, nodes: list, ...ends.get(name)! }];
      }),
    );
  }

  /** The modules of a kind, in the order in which they run. */
  modulesOfClass(kind: ModuleClass): Module[] {
    return [...this.modules.values()].filter((module) => module.class === kind);
  }

  /**
   * The modules where channels are born, and the concatenations and chunks, on the ways from the outputs to the inputs.
   * Each is visited once.
   */
  traceNonPassPath(): string[] {
    const trace: string[] = [];
    const named = new Set<string>();
    this.#walk(
      this.#graph.outputs.map(({ value }) => value),
      (node) => {
        for (const name of this.#stopsAt(node)) if (!named.has(name)) trace.push(name);
        this.#stopsAt(node).forEach((name) => named.add(name));
        return true;
      },
    );
    return trace;
  }

  /**
   * For each module that hands channels on, such as a normalisation, the module or junction before it whose channels it
   * takes: one for each time that it runs; null where these are the channels of an input of the network.
   */
  traceBnConvLinks(): ReadonlyMap<string, readonly (string | null)[]> {
    const linkOf = new Map<ValueId, string | null>(this.#graph.inputs.map(({ value }) => [value, null]));
    const links = new Map<string, (string | null)[]>();
    for (const node of this.#graph.nodes) {
      if (this.#origins.has(node.id)) continue;
      const before = linkOf.get(this.#channelOperand(node) ?? '') ?? null;
      const [own] = this.#stopsAt(node);
      for (const result of node.results) linkOf.set(result, own ?? before);
      for (const name of this.#modulesOf.get(node.id)!) {
        if (this.modules.get(name)!.class === 'PASS') push(links, name, before);
      }
    }
    return links;
  }

  /**
   * The nearest modules and junctions before one: those that give it its input. A concatenation's are its items
   * `concat_0_item_0`, …; those of an item what gives the item.
   */
  findNodeParents(name: string): string[] {
    const item = /^(.*)_item_(\d+)$/.exec(name);
    const of = this.junctions.get(item?.[1] ?? name);
    if (item !== null && of !== undefined) {
      const value = of.items[Number(item[2])];
      if (value !== undefined) return of.kind === 'chunk' ? [of.name] : this.#nearest([value]);
    }
    if (of?.kind === 'concat') return of.items.map((_, i) => `${of.name}_item_${i}`);
    if (of?.kind === 'chunk') return this.#nearest([of.whole]);
    const module = this.modules.get(name);
    return module === undefined ? [] : this.#nearest(module.nodes.flatMap((node) => this.#data(node)));
  }

  /** The modules and junctions that the nearest way back from some values meets, each once. */
  #nearest(values: readonly ValueId[]): string[] {
    const found = new Set<string>();
    this.#walk(values, (node) => {
      const names = this.#stopsAt(node);
      for (const name of names) found.add(name);
      return names.length === 0;
    });
    return [...found];
  }

  /** Walks back from values, depth first, each node once; `visit` says whether to go on. */
  #walk(values: readonly ValueId[], visit: (node: Node) => boolean): void {
    const seen = new Set<string>();
    const stack = [...values].reverse();
    while (stack.length > 0) {
      const node = this.#producers.get(stack.pop()!);
      if (node === undefined || seen.has(node.id) || this.#origins.has(node.id)) continue;
      seen.add(node.id);
      if (visit(node)) stack.push(...this.#data(node).reverse());
    }
  }

  /** What a way through the network is made of, of this node: its modules that bear channels, or its junction. */
  #stopsAt(node: Node): readonly string[] {
    const own = (this.#modulesOf.get(node.id) ?? []).filter(
      (name) => this.modules.get(name)!.class === 'NON_PASS',
    );
    if (own.length > 0) return own;
    const junction = this.#junctionOf.get(node.id);
    return junction === undefined ? [] : [junction.name];
  }

  #data(node: Node): ValueId[] {
    return operandValues(node).filter((value) => !this.#origins.has(value));
  }

  /** The operand whose channels a node hands on: the first that has an axis in common with the result. */
  #channelOperand(node: Node): ValueId | undefined {
    const data = this.#data(node);
    const own = new Set(this.#leavesOf(node.results[0]!));
    return data.find((value) => this.#leavesOf(value).some((leaf) => own.has(leaf))) ?? data[0];
  }

  #leavesOf(value: ValueId): number[] {
    const last = this.#analysis.terms.get(value)!.at(-1);
    return last === undefined ? [] : termLeaves(last);
  }

  #moduleNames(node: Node): string[] {
    const parameters = operandValues(node).flatMap((value) => this.#origins.get(value) ?? []);
    return [...new Set(parameters.map((value) => moduleOf(this.#graph.parameters[value]!.name)))];
  }

  /** Whether an axis of the result is shown by parameters and by no data. */
  #beginsChannels(node: Node, rule: OpRule): boolean {
    const info = ruleInfo(rule);
    const isData = (operand: string): boolean =>
      operandList(node.operands[operand]).some((value) => !this.#origins.has(value));
    const isThere = (operand: string): boolean => operandList(node.operands[operand]).length > 0;
    if (info.signature !== null) {
      return [...info.inResults].some((axis) => {
        const shown = [...(info.inOperands.get(axis) ?? [])].filter(isThere);
        return shown.length > 0 && !shown.some(isData);
      });
    }
    // An axis function: its axes are known by what they have become.
    const leaves = (values: readonly ValueId[]): Set<number> =>
      new Set(values.flatMap((value) => this.#analysis.terms.get(value)!.flatMap(termLeaves)));
    const data = leaves(this.#data(node));
    const own = leaves(operandValues(node).filter((value) => this.#origins.has(value)));
    return [...leaves(node.results)].some((leaf) => own.has(leaf) && !data.has(leaf));
  }

  /** Whether a node puts values end to end, or takes one apart. */
  #junctionShape(node: Node, rule: OpRule): Pick<Junction, 'kind' | 'whole' | 'items'> | null {
    const { signature, functions } = ruleInfo(rule);
    const data = this.#data(node);
    const [whole] = data;
    if (whole === undefined) return null;
    if (signature?.results.some(hasSum) === true && data.length > 1)
      return { kind: 'concat', whole: node.id, items: data };
    const takesApart =
      signature?.operands.some(hasSum) === true || functions.some((clause) => clause.function === 'slice');
    return takesApart ? { kind: 'chunk', whole, items: node.results } : null;
  }
}

function push<T>(lists: Map<string, T[]>, key: string, item: T): void {
  const known = lists.get(key);
  if (known === undefined) lists.set(key, [item]);
  else known.push(item);
}

function hasSum(pattern: TensorPattern): boolean {
  const inside = (axis: AxisExpr): boolean =>
    axis.kind === 'sumOf' ||
    axis.kind === 'sum' ||
    (axis.kind === 'product' && axis.factors.some((factor) => inside(factor)));
  return pattern.dims.some(inside);
}

/** The channels of a value: its last dimension with an axis that `matters`; null where there is none. */
export function channelTerm(terms: readonly Term[], matters: (leaf: number) => boolean): Term | null {
  return terms.findLast((term) => termLeaves(term).some(matters)) ?? null;
}
