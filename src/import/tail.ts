/** The part at a model's end that depends on the values of data and is left out. */
import type { ValueId } from '../ir/graph.js';
import type { Fates } from './fates.js';
import type { SourceGraph, SourceNode, SourceRef } from './source-graph.js';

export interface Tail {
  /** Why it can't be compiled, as the rule says it. */
  readonly why: string;
  /** The first node of the tail. */
  readonly node: string;
  /** The values that enter it: outputs of the imported graph, by the names of the source. */
  readonly values: readonly string[];
  /** The types of the nodes that were left out. */
  readonly ops: readonly string[];
  /** The model's own outputs that the tail would compute. */
  readonly outputs: readonly string[];
}

/** Collects the tail while a graph is imported. */
export class TailCollector {
  private readonly nodes: SourceNode[] = [];
  private why = '';

  constructor(
    private readonly source: SourceGraph,
    private readonly fates: Fates,
  ) {}

  /** Adds a node; `why` is given where a tail begins. */
  add(node: SourceNode, why?: string): void {
    if (this.nodes.length === 0) this.why = why ?? '';
    this.nodes.push(node);
    this.fates.set(node.name, { kind: 'tail' });
  }

  /**
   * The tail and the outputs that take its place; null if there is none.
   * @param reads What a node reads.
   * @param isComputed Whether a value is neither a constant nor an input.
   */
  cut(
    reads: (node: SourceNode) => readonly SourceRef[],
    isComputed: (id: ValueId) => boolean,
  ): { readonly tail: Tail; readonly entries: ReadonlyMap<string, SourceRef> } | null {
    const [first] = this.nodes;
    if (first === undefined) return null;
    const entries = new Map<string, SourceRef>();
    for (const ref of this.nodes.flatMap((node) => reads(node).flatMap((input) => this.members(input)))) {
      const id = this.fates.value(ref);
      if (id !== undefined && isComputed(id)) entries.set(printRef(ref), ref);
    }
    return {
      entries,
      tail: {
        why: this.why,
        node: first.name,
        values: [...entries.keys()],
        ops: [...new Set(this.nodes.map(({ type }) => type))].sort(),
        outputs: this.source.outputs
          .filter(({ ref }) => this.fates.of(ref)?.kind === 'tail')
          .map(({ name }) => name),
      },
    };
  }

  /** A list enters with all that it holds. */
  private members(ref: SourceRef): readonly SourceRef[] {
    const fate = this.fates.of(ref);
    return fate?.kind === 'list' ? fate.items.filter((item) => item !== null) : [ref];
  }
}

function printRef({ node, output }: SourceRef): string {
  return output === 0 ? node : `${node}:${output}`;
}
