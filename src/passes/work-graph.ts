/**
 * A graph taken apart for rewriting: who reads what, which values are constant, nodes in a linked list so that
 * insertion and removal cost nothing. It lives for one pass; graphs before and after are immutable.
 */
import type {
  DType,
  Graph,
  Node,
  Parameter,
  Port,
  TensorData,
  TensorType,
  ValueId,
  WeightStore,
} from '../ir/graph.js';
import { operandValues } from '../ir/graph.js';
import { mapOperands } from '../ir/types.js';
import { newTensorData, overlayWeights } from '../ir/weights.js';
import type { RuleSet } from '../lang/ast.js';
import type { ComputeBackend } from '../lang/backends.js';

interface Entry {
  node: Node;
  previous: Entry | null;
  next: Entry | null;
}

export class WorkGraph {
  private readonly entries = new Map<string, Entry>();
  private first: Entry | null = null;
  private readonly producers = new Map<ValueId, string>();
  private readonly types: Map<ValueId, TensorType>;
  private readonly parameters: Map<ValueId, Parameter>;
  private readonly parameterNames: Set<string>;
  private readonly added = new Map<string, TensorData>();
  private readonly scalars = new Map<string, ValueId>();
  /** How often each node reads a value. */
  private readonly readers = new Map<ValueId, Map<string, number>>();
  private readonly useCounts = new Map<ValueId, number>();
  private readonly constants = new Set<ValueId>();
  private readonly uniforms = new Map<string, number | null>();
  private outputs: readonly Port[];
  private readonly counters = new Map<string, number>();
  /** Ids that were handed out; never handed out again, even if nothing came of them. */
  private readonly reserved = new Set<ValueId>();

  constructor(
    private readonly graph: Graph,
    private readonly weights: WeightStore,
    readonly rules: RuleSet,
    /** What the graph will compute on, if that is known. */
    readonly backend: ComputeBackend | null = null,
  ) {
    this.types = new Map(Object.entries(graph.values));
    this.parameters = new Map(Object.entries(graph.parameters));
    this.parameterNames = new Set([...this.parameters.values()].map(({ name }) => name));
    this.outputs = graph.outputs;
    for (const id of this.parameters.keys()) this.constants.add(id);
    let last: Entry | null = null;
    for (const node of graph.nodes) {
      const entry: Entry = { node, previous: last, next: null };
      if (last === null) this.first = entry;
      else last.next = entry;
      last = entry;
      this.enter(entry);
    }
    for (const { value } of graph.outputs) this.useCounts.set(value, this.uses(value) + 1);
  }

  // ---------------------------------------------------------------- questions

  get size(): number {
    return this.entries.size;
  }

  /** In topological order; the graph must not change meanwhile. */
  *nodes(): Generator<Node> {
    for (let entry = this.first; entry !== null; entry = entry.next) yield entry.node;
  }

  node(id: string): Node | undefined {
    return this.entries.get(id)?.node;
  }

  producer(id: ValueId): Node | undefined {
    const producer = this.producers.get(id);
    return producer === undefined ? undefined : this.node(producer);
  }

  type(id: ValueId): TensorType {
    return this.types.get(id)!;
  }

  /** How often a value is read, by nodes and as an output of the graph. */
  uses(id: ValueId): number {
    return this.useCounts.get(id) ?? 0;
  }

  /** The nodes that read a value. */
  users(id: ValueId): string[] {
    return [...(this.readers.get(id)?.keys() ?? [])];
  }

  /** Whether a value is a parameter, or computed from parameters alone. */
  isConstant(id: ValueId): boolean {
    return this.constants.has(id);
  }

  /** The number that every element of a parameter is, or null; read once a parameter. */
  uniform(id: ValueId): number | null {
    const parameter = this.parameters.get(id);
    if (parameter === undefined) return null;
    const known = this.uniforms.get(parameter.name);
    if (known !== undefined) return known;
    const number = uniformNumber(this.data(parameter.name));
    this.uniforms.set(parameter.name, number);
    return number;
  }

  /** The data of a parameter, where a value is one and its data is there. */
  parameterData(id: ValueId): TensorData | null {
    const parameter = this.parameters.get(id);
    return parameter === undefined ? null : this.data(parameter.name);
  }

  // ---------------------------------------------------------------- changes

  /** A name for a new value, made from another: `conv_1`. */
  freshId(base: ValueId): ValueId {
    const stem = base.replace(/_\d+$/, '');
    let count = this.counters.get(stem) ?? 0;
    let id: ValueId;
    do id = `${stem}_${String(++count)}`;
    while (this.types.has(id) || this.reserved.has(id));
    this.counters.set(stem, count);
    this.reserved.add(id);
    return id;
  }

  /** A parameter that holds one number; one for each number and element type. */
  scalar(value: number, dtype: DType): ValueId {
    const key = `${dtype} ${Object.is(value, -0) ? '-0' : String(value)}`;
    const known = this.scalars.get(key);
    if (known !== undefined) return known;
    const data = newTensorData(dtype, 1);
    data[0] = value;
    const text = Object.is(value, -0) ? '-0' : String(value);
    const readable = `c${text.replaceAll(/[^0-9a-zA-Z.-]/g, '_')}`;
    const id = this.types.has(readable) || this.reserved.has(readable) ? this.freshId(readable) : readable;
    this.reserved.add(id);
    const name = this.freshParameterName(`scalar/${text}`);
    this.added.set(name, data);
    this.parameters.set(id, { name, dtype, shape: [] });
    this.types.set(id, { dtype, shape: [] });
    this.constants.add(id);
    this.scalars.set(key, id);
    return id;
  }

  /** Puts a new node before another one. */
  insertBefore(place: string, node: Node, types: readonly TensorType[]): void {
    const next = this.entries.get(place)!;
    const entry: Entry = { node, previous: next.previous, next };
    if (next.previous === null) this.first = entry;
    else next.previous.next = entry;
    next.previous = entry;
    node.results.forEach((id, index) => this.types.set(id, types[index]!));
    this.enter(entry);
  }

  /** Makes every reader of one value, outputs of the graph included, read another. */
  replaceValue(from: ValueId, to: ValueId): void {
    const swap = (id: ValueId): ValueId => (id === from ? to : id);
    for (const user of this.users(from)) {
      const entry = this.entries.get(user)!;
      const operands = mapOperands(entry.node.operands, swap);
      this.unread(entry.node);
      entry.node = { ...entry.node, operands };
      this.read(entry.node);
    }
    const remaining = this.uses(from);
    if (remaining === 0) return;
    this.outputs = this.outputs.map((port) => (port.value === from ? { ...port, value: to } : port));
    this.useCounts.set(from, 0);
    this.useCounts.set(to, this.uses(to) + remaining);
  }

  /** Removes a node if nothing reads its results, then the nodes that only it read; tells the values they read. */
  removeIfUnused(id: string): ValueId[] {
    const released: ValueId[] = [];
    const stack = [id];
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      const entry = this.entries.get(next);
      if (entry === undefined || entry.node.results.some((result) => this.uses(result) > 0)) continue;
      this.unlink(entry);
      for (const value of operandValues(entry.node)) {
        released.push(value);
        const producer = this.producers.get(value);
        if (producer !== undefined) stack.push(producer);
      }
    }
    return released;
  }

  /** Puts another node, with the same results, in a node's place; tells the values that the old one read. */
  substitute(node: Node): ValueId[] {
    const entry = this.entries.get(node.id)!;
    const released = operandValues(entry.node);
    this.unread(entry.node);
    entry.node = node;
    this.enter(entry);
    return released;
  }

  /** The graph as it is now, and the store that holds its new parameters too. */
  finish(): { graph: Graph; weights: WeightStore } {
    const graph: Graph = {
      ...this.graph,
      outputs: this.outputs,
      parameters: Object.fromEntries(this.parameters),
      values: Object.fromEntries(this.types),
      nodes: [...this.nodes()],
    };
    return { graph, weights: overlayWeights(this.weights, this.added) };
  }

  // ---------------------------------------------------------------- bookkeeping

  private enter(entry: Entry): void {
    const { node } = entry;
    this.entries.set(node.id, entry);
    this.read(node);
    const values = operandValues(node);
    const constant =
      values.length > 0 &&
      this.rules.ops.get(node.op)?.dynamic === null &&
      values.every((value) => this.constants.has(value));
    for (const id of node.results) {
      this.producers.set(id, node.id);
      if (constant) this.constants.add(id);
    }
  }

  private unlink(entry: Entry): void {
    if (entry.previous === null) this.first = entry.next;
    else entry.previous.next = entry.next;
    if (entry.next !== null) entry.next.previous = entry.previous;
    this.entries.delete(entry.node.id);
    this.unread(entry.node);
    for (const id of entry.node.results) {
      this.producers.delete(id);
      this.types.delete(id);
      this.constants.delete(id);
    }
  }

  private read(node: Node): void {
    for (const value of operandValues(node)) {
      const readers = this.readers.get(value) ?? new Map<string, number>();
      this.readers.set(value, readers.set(node.id, (readers.get(node.id) ?? 0) + 1));
      this.useCounts.set(value, this.uses(value) + 1);
    }
  }

  private unread(node: Node): void {
    for (const value of operandValues(node)) {
      const readers = this.readers.get(value)!;
      const count = readers.get(node.id)!;
      if (count === 1) readers.delete(node.id);
      else readers.set(node.id, count - 1);
      this.useCounts.set(value, this.uses(value) - 1);
    }
  }

  private data(name: string): TensorData | null {
    return this.added.get(name) ?? (this.weights.has(name) ? this.weights.get(name) : null);
  }

  private freshParameterName(base: string): string {
    const taken = (name: string): boolean =>
      this.parameterNames.has(name) || this.added.has(name) || this.weights.has(name);
    let name = base;
    for (let count = 2; taken(name); count++) name = `${base}#${String(count)}`;
    this.parameterNames.add(name);
    return name;
  }
}

function uniformNumber(data: TensorData | null): number | null {
  const first = data?.[0];
  if (data === null || first === undefined) return null;
  for (const value of data) if (value !== first) return null;
  return first;
}
