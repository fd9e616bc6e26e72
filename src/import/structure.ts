/** Loops and lists of a source graph: taken apart while importing, so that only operations are left. */
import type { Attr } from '../ir/graph.js';
import type { Fates } from './fates.js';
import type { SourceNode, SourceRef, SourceStructure } from './source-graph.js';

/** Longer lists, and more nodes out of loops, are not worth unrolling. */
const mostItems = 4096;
const mostUnrolled = 20_000;

/** What the importer lends. */
export interface StructureHost {
  readonly fates: Fates;
  importNode(node: SourceNode): void;
  /** The compile-time value of an output; undefined where it is not known. */
  knownValue(ref: SourceRef): Attr | undefined;
  /** Whether an unknown value is unknown because it depends on what the model is given. */
  dependsOnData(ref: SourceRef): boolean;
  /** What a node reads besides its inputs. */
  alsoReads(node: SourceNode, refs: readonly SourceRef[]): void;
  /** The node is where the model's tail begins. */
  beginTail(node: SourceNode, why: string): void;
  /** The node can't be imported. */
  refuse(node: SourceNode, message: string): void;
}

type Loop = Extract<SourceStructure, { readonly kind: 'loop' }>;

export class StructureImporter {
  private unrolled = 0;

  constructor(private readonly host: StructureHost) {}

  /** Settles the fate of a node that is structure. Inputs are imported, and none is part of the tail. */
  run(node: SourceNode, structure: SourceStructure): void {
    switch (structure.kind) {
      case 'same':
        return this.host.fates.set(node.name, { kind: 'same', outputs: [node.inputs[0]!] });
      case 'list-places':
        return this.places(node);
      case 'list-outputs':
        return this.outputs(node);
      case 'list-get':
        return this.get(node);
      case 'list-set':
        return this.set(node);
      case 'loop':
        return this.unroll(node, structure);
    }
  }

  private places(node: SourceNode): void {
    const count = this.whole(node, node.inputs[0]!, 'the length of a list');
    if (count === null) return;
    if (count < 0 || count > mostItems)
      return this.host.refuse(node, `a list of ${count} tensors is not unrolled`);
    this.host.fates.set(node.name, { kind: 'list', items: new Array<null>(count).fill(null) });
  }

  private outputs(node: SourceNode): void {
    const { fates } = this.host;
    const ref = fates.resolve(node.inputs[0]!);
    const fate = fates.of(ref);
    if (fate?.kind !== 'values') return this.host.refuse(node, 'a list is made of what is no tensor');
    fates.set(node.name, {
      kind: 'list',
      items: fate.outputs.map((_, output) => ({ node: ref.node, output })),
    });
  }

  private get(node: SourceNode): void {
    const place = this.place(node);
    if (place === null) return;
    const item = place.items[place.index] ?? null;
    if (item === null)
      return this.host.refuse(node, `place ${place.index} of a list is read before it is written`);
    this.host.alsoReads(node, [item]);
    this.host.fates.set(node.name, { kind: 'same', outputs: [item] });
  }

  private set(node: SourceNode): void {
    const place = this.place(node);
    if (place === null) return;
    const items = place.items.with(place.index, this.host.fates.resolve(node.inputs[2]!));
    this.host.fates.set(node.name, { kind: 'list', items });
  }

  /** The list that a node reads, and the index of the item that it means; null: the node's fate is settled. */
  private place(
    node: SourceNode,
  ): { readonly items: readonly (SourceRef | null)[]; readonly index: number } | null {
    const [list, item] = node.inputs;
    const fate = list === undefined ? undefined : this.host.fates.of(list);
    if (fate?.kind !== 'list' || item === undefined) {
      this.host.refuse(node, 'it takes a list');
      return null;
    }
    const index = this.whole(node, item, 'an index of a list');
    if (index === null) return null;
    if (index < 0 || index >= fate.items.length) {
      this.host.refuse(node, `a list of ${fate.items.length} tensors has no item ${index}`);
      return null;
    }
    return { items: fate.items, index };
  }

  private whole(node: SourceNode, ref: SourceRef, what: string): number | null {
    const value = this.host.knownValue(ref);
    if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
    this.unknown(node, ref, what);
    return null;
  }

  private unknown(node: SourceNode, ref: SourceRef, what: string): void {
    if (this.host.dependsOnData(ref)) this.host.beginTail(node, `${what} depends on the values of data`);
    else
      this.host.refuse(
        node,
        `${what} is not known at compile time: a rule of what computes it has no \`value\``,
      );
  }

  private unroll(node: SourceNode, loop: Loop): void {
    const { fates } = this.host;
    let values = node.inputs.slice(0, loop.variables.length).map((ref) => fates.resolve(ref));
    for (let iteration = 0; ; iteration++) {
      const renamed = new Map(loop.variables.map((name, i) => [name, values[i]!]));
      const condition = this.copy(loop.condition.nodes, renamed, iteration, loop.condition.result);
      this.host.alsoReads(node, [condition]);
      const goesOn = this.host.knownValue(condition);
      if (typeof goesOn !== 'boolean' && typeof goesOn !== 'number') {
        return this.unknown(node, condition, 'how often a loop runs');
      }
      if (goesOn === false || goesOn === 0) break;
      this.unrolled += loop.body.nodes.length + loop.condition.nodes.length + 1;
      if (this.unrolled > mostUnrolled) {
        return this.host.refuse(node, `the loop was unrolled to ${mostUnrolled} nodes, and goes on`);
      }
      const names = this.importCopies(loop.body.nodes, renamed, iteration);
      values = loop.body.results.map((ref) => fates.resolve(throughNames(ref, names)));
      this.host.alsoReads(node, values);
    }
    fates.set(node.name, { kind: 'same', outputs: values });
  }

  private copy(
    nodes: readonly SourceNode[],
    renamed: ReadonlyMap<string, SourceRef>,
    iteration: number,
    result: SourceRef,
  ): SourceRef {
    return throughNames(result, this.importCopies(nodes, renamed, iteration));
  }

  /** Imports a loop's nodes once more; what their names and the loop's variables stand for this time. */
  private importCopies(
    nodes: readonly SourceNode[],
    variables: ReadonlyMap<string, SourceRef>,
    iteration: number,
  ): ReadonlyMap<string, SourceRef> {
    const names = new Map(variables);
    for (const node of nodes) {
      let name = iteration === 0 ? node.name : `${node.name}#${iteration}`;
      while (this.host.fates.has(name)) name += '#';
      this.host.importNode(withNames({ ...node, name }, names));
      names.set(node.name, { node: name, output: 0 });
    }
    return names;
  }
}

/** What a reference in a part of a loop stands for: a variable's value, or the copy of a node. */
function throughNames(ref: SourceRef, names: ReadonlyMap<string, SourceRef>): SourceRef {
  const target = names.get(ref.node);
  return target === undefined ? ref : { node: target.node, output: target.output + ref.output };
}

function withNames(node: SourceNode, names: ReadonlyMap<string, SourceRef>): SourceNode {
  const through = (ref: SourceRef): SourceRef => throughNames(ref, names);
  const inputs = node.inputs.map((input) => ({ ...input, ...through(input) }));
  if (node.structure?.kind !== 'loop') return { ...node, inputs };
  const { structure } = node;
  const parts = (nodes: readonly SourceNode[]): SourceNode[] => nodes.map((part) => withNames(part, names));
  return {
    ...node,
    inputs,
    structure: {
      ...structure,
      condition: { nodes: parts(structure.condition.nodes), result: through(structure.condition.result) },
      body: { nodes: parts(structure.body.nodes), results: structure.body.results.map(through) },
    },
  };
}
