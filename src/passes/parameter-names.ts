/** Readable names for parameters that the compiler computes. */
import type { Graph, Node, ValueId, WeightStore } from '../ir/graph.js';
import { operandValues } from '../ir/graph.js';
import type { RuleSet } from '../lang/ast.js';
import { isRelayout } from './relayout.js';

/**
 * Names for the values of folded nodes. A mere re-layout of a parameter keeps the parameter's name, if nothing else
 * reads that; any other value is called after the node that reads it: `features/3/conv/k`.
 */
export class ParameterNames {
  private readonly taken: Set<string>;
  /** How often a name was asked for: what was found taken stays taken, and is not tried again. */
  private readonly counts = new Map<string, number>();
  private readonly producers = new Map<ValueId, Node>();
  /** The first node that stays and reads a value, and as what. */
  private readonly readers = new Map<ValueId, { node: Node; operand: string }>();
  /** Parameters that stay in use. */
  private readonly used = new Set<ValueId>();

  constructor(
    private readonly graph: Graph,
    private readonly weights: WeightStore,
    private readonly rules: RuleSet,
    folded: ReadonlySet<Node>,
  ) {
    this.taken = new Set(Object.values(graph.parameters).map(({ name }) => name));
    for (const { value } of graph.outputs) this.used.add(value);
    for (const node of graph.nodes) {
      if (folded.has(node)) {
        for (const id of node.results) this.producers.set(id, node);
        continue;
      }
      for (const [operand, value] of Object.entries(node.operands)) {
        for (const id of typeof value === 'string' ? [value] : (value ?? [])) {
          this.used.add(id);
          if (!this.readers.has(id)) this.readers.set(id, { node, operand });
        }
      }
    }
  }

  /** The name for a folded value; each value is asked for once. */
  nameOf(id: ValueId): string {
    const source = this.sourceOf(id);
    if (source !== null && !this.used.has(source)) {
      // The name is free for one: what is laid out in a second way gets a name of its own.
      this.used.add(source);
      return this.graph.parameters[source]!.name;
    }
    const name = this.unique(this.readerName(id));
    this.taken.add(name);
    return name;
  }

  /** The parameter that a value is a re-layout of. */
  private sourceOf(id: ValueId): ValueId | null {
    for (let at = id; ;) {
      const node = this.producers.get(at);
      if (node === undefined) return this.graph.parameters[at] === undefined ? null : at;
      const rule = this.rules.ops.get(node.op)!;
      const operands = operandValues(node);
      if (!isRelayout(rule) || operands.length !== 1 || node.results.length !== 1) return null;
      at = operands[0]!;
    }
  }

  private readerName(id: ValueId): string {
    const reader = this.readers.get(id);
    const node = reader?.node ?? this.producers.get(id)!;
    const place = node.scope === '' ? node.source.name : node.scope;
    const what = reader?.operand ?? node.op;
    return place === '' ? what : `${place}/${what}`;
  }

  private unique(base: string): string {
    let count = this.counts.get(base) ?? 0;
    let name: string;
    do name = ++count === 1 ? base : `${base}#${String(count)}`;
    while (this.taken.has(name) || this.weights.has(name));
    this.counts.set(base, count);
    return name;
  }
}
