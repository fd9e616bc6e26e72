/** From a source graph to the intermediate representation: every node by the rules, or a diagnostic. */
import { DiagnosticError } from '../diagnostics/diagnostic.js';
import type { Graph, Port, ValueId, WeightStore } from '../ir/graph.js';
import { sameType } from '../ir/types.js';
import type { RuleSet } from '../lang/ast.js';
import { GraphBuilder, Unfit } from './graph-builder.js';
import { Matcher } from './match.js';
import type { Bindings } from './match.js';
import { NodeImport } from './node-importer.js';
import type { Refusal } from './node-importer.js';
import { Problems } from './problems.js';
import { compileRegistry } from './registry.js';
import type { Candidate, ParserRegistry } from './registry.js';
import type { SourceGraph, SourceNode, SourceRef } from './source-graph.js';

/** The part at the model's end that depends on the values of data and was left out. */
export interface Tail {
  /** Why it can't be compiled, as the rule says it. */
  readonly why: string;
  /** The first node of the tail. */
  readonly node: string;
  /** The values that enter it: outputs of the imported graph. */
  readonly values: readonly string[];
  /** The types of the nodes that were left out. */
  readonly ops: readonly string[];
  /** The model's own outputs that the tail would compute. */
  readonly outputs: readonly string[];
}

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

/** What became of a source node: canonical values, a part of the tail, or a problem. */
type Fate =
  | { readonly kind: 'values'; readonly outputs: readonly (ValueId | undefined)[] }
  | { readonly kind: 'tail' }
  | { readonly kind: 'problem' };

class Importer {
  private readonly registry: ParserRegistry;
  private readonly matcher: Matcher;
  private readonly builder: GraphBuilder;
  private readonly problems: Problems;
  private readonly fates = new Map<string, Fate>();
  /** What each node reads, seen through the patterns that matched it. */
  private readonly reads = new Map<string, readonly SourceRef[]>();
  private readonly constants: ReadonlyMap<string, SourceGraph['constants'][number]>;
  private readonly tailNodes: SourceNode[] = [];
  private tailWhy = '';

  constructor(
    private readonly source: SourceGraph,
    weights: WeightStore,
    private readonly rules: RuleSet,
  ) {
    this.registry = compileRegistry(rules, source.source);
    this.matcher = new Matcher(source, this.registry);
    this.builder = new GraphBuilder(rules, weights);
    this.constants = new Map(source.constants.map((constant) => [constant.name, constant]));
    this.problems = new Problems(source, this.builder);
  }

  run(): ImportedGraph {
    for (const { name, dtype, shape } of this.source.inputs) {
      this.fates.set(name, { kind: 'values', outputs: [this.builder.input(name, { dtype, shape })] });
    }
    const live = this.liveNodes();
    for (const node of this.source.nodes) if (live.has(node.name)) this.importNode(node);
    this.throwProblems();
    const tail = this.cutTail();
    const outputs = this.outputs(tail);
    return { ...this.builder.finish(this.source.name, outputs), tail };
  }

  private importNode(node: SourceNode): void {
    const inputs = node.inputs.filter((input) => input.node !== '');
    this.reads.set(node.name, inputs);
    if (inputs.some((input) => this.fate(input)?.kind === 'tail')) return this.joinTail(node);
    const candidates = this.registry.candidates(node.type);
    if (candidates.length === 0)
      return this.problem(node, () => this.problems.noRule(node, this.describe(inputs)));
    if (inputs.some((input) => this.fate(input)?.kind === 'problem')) return this.problem(node, null);

    const refusals: { readonly candidate: Candidate; readonly refusal: Refusal }[] = [];
    for (const candidate of candidates) {
      const match = this.matcher.match(node, candidate.from);
      if ('mismatch' in match) {
        refusals.push({ candidate, refusal: { reason: match.mismatch } });
        continue;
      }
      const attempt = this.attempt(node, candidate, match.bindings);
      if (attempt === null) return;
      refusals.push({ candidate, refusal: attempt });
    }
    const dependent = refusals.find(({ refusal }) => this.dependsOnData(refusal));
    if (dependent !== undefined) {
      const { reason } = dependent.refusal;
      return this.joinTail(node, `${node.type} depends on the values of data: ${reason}`);
    }
    this.problem(node, () => this.problems.noneFits(node, refusals, this.describe(inputs)));
  }

  /** Imports the node by a clause; null: done, and its fate is set. */
  private attempt(node: SourceNode, candidate: Candidate, bindings: Bindings): Refusal | null {
    const reads = [...bindings.values()].flatMap(({ ref }) =>
      ref === null ? [] : 'node' in ref ? [ref] : [...ref],
    );
    const missing = reads.find((ref) => this.fate(ref)?.kind !== 'values' && !this.constants.has(ref.node));
    if (missing !== undefined) return { reason: `its operand ${missing.node} could not be imported` };
    try {
      const attempt = new NodeImport(this.rules, this.builder, node, candidate, bindings, (ref) =>
        this.value(node, ref),
      );
      const refusal = attempt.refusal();
      if (refusal !== null) return refusal;
      this.reads.set(node.name, reads);
      if (candidate.op.dynamic !== null) {
        this.joinTail(node, candidate.op.dynamic);
        return null;
      }
      const outputs = attempt.run();
      this.fates.set(node.name, { kind: 'values', outputs });
      this.checkTypes(node, candidate, outputs);
    } catch (error) {
      if (!(error instanceof Unfit)) throw error;
      this.problem(node, () => this.problems.unfit(node, candidate, error, this.describe(node.inputs)));
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
      if (!sameType(recorded, inferred)) {
        this.problem(node, () => this.problems.wrongType(node, candidate, i, recorded, inferred));
      }
    });
  }

  private dependsOnData({ unknown }: Refusal): boolean {
    return unknown !== undefined && this.builder.known.dependsOnData(unknown);
  }

  private joinTail(node: SourceNode, why?: string): void {
    if (this.tailNodes.length === 0) this.tailWhy = why ?? '';
    this.tailNodes.push(node);
    this.fates.set(node.name, { kind: 'tail' });
  }

  private problem(node: SourceNode, report: (() => void) | null): void {
    report?.();
    this.fates.set(node.name, { kind: 'problem' });
  }

  private fate(ref: SourceRef): Fate | undefined {
    return this.fates.get(ref.node);
  }

  /** The canonical value of an output; a constant becomes a parameter when it is first read. */
  private value(reader: { readonly name: string } | null, ref: SourceRef): ValueId {
    const fate = this.fate(ref);
    if (fate?.kind === 'values') {
      const id = fate.outputs[ref.output];
      if (id !== undefined) return id;
    }
    const constant = fate === undefined ? this.constants.get(ref.node) : undefined;
    if (constant === undefined) throw this.problems.noSuchOutput(reader, ref);
    const id = this.builder.parameter(constant.name, constant);
    this.fates.set(ref.node, { kind: 'values', outputs: [id] });
    return id;
  }

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
    for (const node of this.source.nodes.toReversed()) {
      if (needed.has(node.name)) for (const ref of this.reads.get(node.name) ?? []) needed.add(ref.node);
    }
    const diagnostics = this.problems.diagnostics(needed);
    if (diagnostics.length > 0) throw new DiagnosticError(diagnostics);
  }

  private cutTail(): Tail | null {
    const [first] = this.tailNodes;
    if (first === undefined) return null;
    const inTail = new Set(this.tailNodes.map(({ name }) => name));
    const own = this.source.outputs.filter(({ ref }) => !inTail.has(ref.node));
    const values = new Map<string, SourceRef>();
    for (const node of this.tailNodes) {
      for (const ref of this.reads.get(node.name)!) {
        const fate = this.fate(ref);
        if (fate?.kind !== 'values') continue;
        const id = fate.outputs[ref.output];
        if (id !== undefined && this.builder.isComputed(id)) {
          values.set(ref.output === 0 ? ref.node : `${ref.node}:${ref.output}`, ref);
        }
      }
    }
    const tail: Tail = {
      why: this.tailWhy,
      node: first.name,
      values: [...values.keys()],
      ops: [...new Set(this.tailNodes.map(({ type }) => type))].sort(),
      outputs: this.source.outputs.filter(({ ref }) => inTail.has(ref.node)).map(({ name }) => name),
    };
    if (values.size + own.length === 0) throw this.problems.onlyTail(tail);
    return tail;
  }

  private outputs(tail: Tail | null): Port[] {
    const ports = new Map<string, ValueId>();
    for (const { name, ref } of this.source.outputs) {
      if (this.fate(ref)?.kind !== 'tail') ports.set(name, this.value(null, ref));
    }
    for (const name of tail?.values ?? []) {
      const colon = /^(.*):(\d+)$/.exec(name);
      const ref = colon === null ? { node: name, output: 0 } : { node: colon[1]!, output: Number(colon[2]) };
      ports.set(name, this.value(null, ref));
    }
    return [...ports].map(([name, value]) => ({ name, value }));
  }

  private describe(inputs: readonly SourceRef[]): (ValueId | undefined)[] {
    return inputs.map((ref) => {
      const fate = this.fate(ref);
      if (fate?.kind === 'values') return fate.outputs[ref.output];
      return fate === undefined && this.constants.has(ref.node) ? this.value(null, ref) : undefined;
    });
  }
}
