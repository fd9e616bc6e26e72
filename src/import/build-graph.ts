/** From a source graph to the intermediate representation: every node by the rules, or a diagnostic. */
import { DiagnosticError } from '../diagnostics/diagnostic.js';
import type { Attr, Graph, Port, ValueId, WeightStore } from '../ir/graph.js';
import { sameType } from '../ir/types.js';
import type { RuleSet } from '../lang/ast.js';
import { Fates } from './fates.js';
import type { Fate } from './fates.js';
import { GraphBuilder, Unfit } from './graph-builder.js';
import { Matcher } from './match.js';
import type { Bindings } from './match.js';
import { NodeImport } from './node-importer.js';
import type { Refusal } from './node-importer.js';
import { Problems } from './problems.js';
import { compileRegistry } from './registry.js';
import type { Candidate, ParserRegistry } from './registry.js';
import type { SourceConstant, SourceGraph, SourceInput, SourceNode, SourceRef } from './source-graph.js';
import { StructureImporter } from './structure.js';
import type { StructureHost } from './structure.js';
import { TailCollector } from './tail.js';
import type { Tail } from './tail.js';

export type { Tail } from './tail.js';

export interface ImportedGraph {
  readonly graph: Graph;
  /** The model's weights, and the constants that the import made. */
  readonly weights: WeightStore;
  readonly tail: Tail | null;
}

/**
 * Imports a source graph by the rules.
 * @throws DiagnosticError with every node that has no rule or does not fit its rule.
 */
export function importGraph(source: SourceGraph, weights: WeightStore, rules: RuleSet): ImportedGraph {
  return new Importer(source, weights, rules).run();
}

class Importer implements StructureHost {
  readonly fates = new Fates();
  private readonly registry: ParserRegistry;
  private readonly matcher: Matcher;
  private readonly builder: GraphBuilder;
  private readonly problems: Problems;
  private readonly structures: StructureImporter;
  private readonly tail: TailCollector;
  /** All nodes imported so far, copies in unrolled loops included, each after what it reads. */
  private readonly imported = new Map<string, SourceNode>();
  /** What each of them reads, seen through the patterns that matched it. */
  private readonly reads = new Map<string, SourceRef[]>();
  private readonly constants: ReadonlyMap<string, SourceConstant>;

  constructor(
    private readonly source: SourceGraph,
    weights: WeightStore,
    private readonly rules: RuleSet,
  ) {
    this.registry = compileRegistry(rules, source.source);
    this.matcher = new Matcher(this.registry, (ref) => this.imported.get(this.fates.resolve(ref).node));
    this.builder = new GraphBuilder(rules, weights);
    this.constants = new Map(source.constants.map((constant) => [constant.name, constant]));
    this.problems = new Problems(source, this.builder);
    this.structures = new StructureImporter(this);
    this.tail = new TailCollector(source, this.fates);
  }

  run(): ImportedGraph {
    for (const { name, dtype, shape } of this.source.inputs) {
      this.fates.set(name, { kind: 'values', outputs: [this.builder.input(name, { dtype, shape })] });
    }
    const live = this.liveNodes();
    for (const node of this.source.nodes) if (live.has(node.name)) this.importNode(node);
    this.throwProblems();
    const cut = this.tail.cut(
      (node) => this.reads.get(node.name)!,
      (id) => this.builder.isComputed(id),
    );
    const outputs = this.outputs(cut?.entries);
    if (cut !== null && outputs.length === 0) throw this.problems.onlyTail(cut.tail);
    return { ...this.builder.finish(this.source.name, outputs), tail: cut?.tail ?? null };
  }

  importNode(node: SourceNode): void {
    const inputs = node.inputs.filter((input) => input.node !== '');
    this.reads.set(node.name, inputs);
    if (node.structure === undefined) this.importOperation(node);
    else if (this.anyInput(inputs, 'tail')) this.tail.add(node);
    else if (this.anyInput(inputs, 'problem')) this.block(node);
    else this.structures.run(node, node.structure);
    this.imported.set(node.name, node);
  }

  private importOperation(given: SourceNode): void {
    const node = this.withListItems(given);
    if (node === null) return this.refuse(given, 'it reads a place of a list that nothing was written to');
    const inputs = node.inputs.filter((input) => input.node !== '');
    this.reads.set(node.name, inputs);
    if (this.anyInput(inputs, 'tail')) return this.tail.add(node);
    const candidates = this.registry.candidates(node.type);
    if (candidates.length === 0) {
      this.problems.noRule(node, this.describe(inputs));
      return this.block(node);
    }
    const refusals: { readonly candidate: Candidate; readonly refusal: Refusal }[] = [];
    for (const candidate of candidates) {
      const match = this.matcher.match(node, candidate.from);
      const refusal =
        'mismatch' in match ? { reason: match.mismatch } : this.attempt(node, candidate, match.bindings);
      if (refusal === null) return;
      refusals.push({ candidate, refusal });
    }
    const dependent = refusals.find(({ refusal }) => this.isDataDependent(refusal));
    if (dependent !== undefined) {
      return this.tail.add(node, `${node.type} depends on the values of data: ${dependent.refusal.reason}`);
    }
    // Where an operand has a problem of its own, that one is reported.
    if (!this.anyInput(inputs, 'problem')) this.problems.noneFits(node, refusals, this.describe(inputs));
    this.block(node);
  }

  /** Imports the node by a clause, or says why not; null: done, its fate is settled. */
  private attempt(node: SourceNode, candidate: Candidate, bindings: Bindings): Refusal | null {
    const reads = [...bindings.values()].flatMap(({ ref }) =>
      ref === null ? [] : 'node' in ref ? [ref] : [...ref],
    );
    const missing = reads.find((ref) => !this.isReadable(ref));
    if (missing !== undefined) return { reason: `its operand ${missing.node} could not be imported` };
    try {
      const attempt = new NodeImport(this.rules, this.builder, node, candidate, bindings, (ref) =>
        this.value(node, ref),
      );
      const refusal = attempt.refusal();
      if (refusal !== null) return refusal;
      this.reads.set(node.name, reads);
      if (candidate.op.dynamic !== null) this.tail.add(node, candidate.op.dynamic);
      else {
        const outputs = attempt.run();
        this.fates.set(node.name, { kind: 'values', outputs });
        this.checkTypes(node, candidate, outputs);
      }
    } catch (error) {
      if (!(error instanceof Unfit)) throw error;
      this.problems.unfit(node, candidate, error, this.describe(node.inputs));
      this.block(node);
    }
    return null;
  }

  private checkTypes(
    node: SourceNode,
    candidate: Candidate,
    outputs: readonly (ValueId | undefined)[],
  ): void {
    node.types?.forEach((recorded, i) => {
      const id = outputs[i];
      if (id === undefined) return;
      const inferred = this.builder.typeOf(id);
      if (sameType(recorded, inferred)) return;
      this.problems.wrongType(node, candidate, i, recorded, inferred);
      this.block(node);
    });
  }

  // ---------------------------------------------------------------- lent to structure

  knownValue(ref: SourceRef): Attr | undefined {
    return this.isReadable(ref) ? this.builder.known.value(this.value(null, ref)) : undefined;
  }

  dependsOnData(ref: SourceRef): boolean {
    if (this.fates.of(ref)?.kind === 'tail') return true;
    return this.isReadable(ref) && this.builder.known.dependsOnData(this.value(null, ref));
  }

  beginTail(node: SourceNode, why: string): void {
    this.reads.set(node.name, [...node.inputs]);
    this.tail.add(node, why);
  }

  alsoReads(node: SourceNode, refs: readonly SourceRef[]): void {
    this.reads.get(node.name)!.push(...refs);
  }

  refuse(node: SourceNode, message: string): void {
    this.problems.structure(node, message, this.describe(node.inputs));
    this.block(node);
  }

  // ---------------------------------------------------------------- values

  /** A list that an operation reads is all its items; null if one of them is missing. */
  private withListItems(node: SourceNode): SourceNode | null {
    if (!this.anyInput(node.inputs, 'list')) return node;
    const inputs: SourceInput[] = [];
    for (const input of node.inputs) {
      const fate = this.fates.of(input);
      if (fate?.kind !== 'list') inputs.push(input);
      else if (fate.items.includes(null)) return null;
      else inputs.push(...fate.items.map((item) => ({ ...item!, name: input.name })));
    }
    return { ...node, inputs };
  }

  private anyInput(inputs: readonly SourceRef[], kind: Fate['kind']): boolean {
    return inputs.some((input) => this.fates.of(input)?.kind === kind);
  }

  private isDataDependent({ unknown }: Refusal): boolean {
    return unknown !== undefined && this.builder.known.dependsOnData(unknown);
  }

  private isReadable(ref: SourceRef): boolean {
    const fate = this.fates.of(ref);
    return (
      fate?.kind === 'values' || (fate === undefined && this.constants.has(this.fates.resolve(ref).node))
    );
  }

  /** The node, and what needs it, is out: its problem is reported. */
  private block(node: SourceNode): void {
    this.fates.set(node.name, { kind: 'problem' });
  }

  /** The canonical value of an output; a constant becomes a parameter when it is first read. */
  private value(reader: SourceNode | null, given: SourceRef): ValueId {
    const known = this.fates.value(given);
    if (known !== undefined) return known;
    const ref = this.fates.resolve(given);
    const constant = this.fates.has(ref.node) ? undefined : this.constants.get(ref.node);
    if (constant === undefined || ref.output !== 0) throw this.problems.noSuchOutput(reader, ref);
    const id = this.builder.parameter(constant.name, { dtype: constant.dtype, shape: constant.shape });
    this.fates.set(ref.node, { kind: 'values', outputs: [id] });
    return id;
  }

  private describe(inputs: readonly SourceRef[]): (ValueId | undefined)[] {
    return inputs.map((ref) => (this.isReadable(ref) ? this.value(null, ref) : undefined));
  }

  // ---------------------------------------------------------------- the whole

  /** The source nodes that the outputs need. */
  private liveNodes(): ReadonlySet<string> {
    const live = new Set(this.source.outputs.map(({ ref }) => ref.node));
    for (const node of this.source.nodes.toReversed()) {
      if (live.has(node.name)) for (const input of node.inputs) live.add(input.node);
    }
    return live;
  }

  /** Problems of nodes that only nested patterns look at are none. */
  private throwProblems(): void {
    const needed = new Set(this.source.outputs.map(({ ref }) => ref.node));
    for (const name of [...this.imported.keys()].reverse()) {
      if (needed.has(name)) for (const ref of this.reads.get(name)!) needed.add(ref.node);
    }
    const diagnostics = this.problems.diagnostics(needed);
    if (diagnostics.length > 0) throw new DiagnosticError(diagnostics);
  }

  /** The model's own outputs as far as they are compiled, then what enters the tail. */
  private outputs(entries: ReadonlyMap<string, SourceRef> | undefined): Port[] {
    const refs = new Map(
      this.source.outputs
        .filter(({ ref }) => this.fates.of(ref)?.kind !== 'tail')
        .map(({ name, ref }) => [name, ref]),
    );
    for (const [name, ref] of entries ?? []) refs.set(name, ref);
    return [...refs].map(([name, ref]) => ({ name, value: this.value(null, ref) }));
  }
}
