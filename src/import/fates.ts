/** What became of the nodes of a source graph. */
import type { ValueId } from '../ir/graph.js';
import type { SourceRef } from './source-graph.js';

export type Fate =
  /** Canonical values, one an output; undefined where the rule gives none. */
  | { readonly kind: 'values'; readonly outputs: readonly (ValueId | undefined)[] }
  /** Other outputs, handed on. */
  | { readonly kind: 'same'; readonly outputs: readonly SourceRef[] }
  /** A list of values; null for empty places. */
  | { readonly kind: 'list'; readonly items: readonly (SourceRef | null)[] }
  | { readonly kind: 'tail' }
  | { readonly kind: 'problem' };

export class Fates {
  private readonly fates = new Map<string, Fate>();

  set(node: string, fate: Fate): void {
    this.fates.set(node, fate);
  }

  has(node: string): boolean {
    return this.fates.has(node);
  }

  /** The output that a reference stands for in the end. */
  resolve(ref: SourceRef): SourceRef {
    let target = ref;
    for (;;) {
      const fate = this.fates.get(target.node);
      const next = fate?.kind === 'same' ? fate.outputs[target.output] : undefined;
      if (next === undefined) return target;
      target = next;
    }
  }

  /** Undefined: a constant that nothing has read yet, or a node that was not imported. */
  of(ref: SourceRef): Fate | undefined {
    return this.fates.get(this.resolve(ref).node);
  }

  /** The canonical value of an output, if it has one. */
  value(ref: SourceRef): ValueId | undefined {
    const { node, output } = this.resolve(ref);
    const fate = this.fates.get(node);
    return fate?.kind === 'values' ? fate.outputs[output] : undefined;
  }
}
