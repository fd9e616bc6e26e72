/**
 * A network whose masks can be changed while it runs. Until it is emitted its masks are inputs: what passes know of them
 * is only that they are not constant, so that nothing is folded into weights that depends on a mask.
 */
import type { AxisAnalysis } from '../axes/analysis.js';
import { termLeaves } from '../axes/analysis.js';
import type { Term } from '../axes/terms.js';
import type { MaskTerm } from '../emit/supernet-text.js';
import type { Graph, Parameter, ValueId } from '../ir/graph.js';
import type { RuleSet } from '../lang/ast.js';
import { insertMasks, type MaskSlot } from '../prune/mask.js';
import type { ChannelSpace } from './spaces.js';

export interface MaskedInputs {
  readonly graph: Graph;
  readonly masks: readonly MaskSlot[];
}

/** Multiplies masks in for all spaces that can be pruned, as inputs of the network. */
export function maskInputs(
  graph: Graph,
  rules: RuleSet,
  analysis: AxisAnalysis,
  spaces: readonly ChannelSpace[],
): MaskedInputs {
  const prunable = new Set(spaces.map(({ space }) => space.leaf));
  const masked = insertMasks(graph, rules, analysis, (term) => hasLeafOf(term, prunable));
  const taken = new Set(graph.inputs.map(({ name }) => name));
  const nameOf = (id: ValueId): string => {
    let name = id;
    while (taken.has(name)) name += '_';
    return name;
  };
  const ports = masked.masks.map(({ id }) => ({ name: nameOf(id), value: id }));
  return { graph: { ...masked.graph, inputs: [...graph.inputs, ...ports] }, masks: masked.masks };
}

/** The masks of a network that passes are done with, as parameters, which become variables when it is emitted. */
export function masksAsParameters(lowered: Graph, masks: readonly MaskSlot[]): Graph {
  const ids = new Set(masks.map(({ id }) => id));
  const parameters: Record<ValueId, Parameter> = { ...lowered.parameters };
  // Their data is in no file: the name is only what they are called in the code.
  for (const { id, dtype, shape } of masks) parameters[id] = { name: 'mask', dtype, shape };
  return { ...lowered, parameters, inputs: lowered.inputs.filter(({ value }) => !ids.has(value)) };
}

/** What the masks are made of, in terms of the spaces. */
export function maskTerms(
  masks: readonly MaskSlot[],
  spaces: readonly ChannelSpace[],
): ReadonlyMap<ValueId, MaskTerm> {
  const ids = new Map(spaces.map(({ space }) => [space.leaf, space.id]));
  return new Map(masks.map(({ id, term }) => [id, maskTerm(term, ids)]));
}

function maskTerm(term: Term, ids: ReadonlyMap<number, string>): MaskTerm {
  if (!hasLeafOf(term, ids)) return term.size as number;
  if (term.kind === 'leaf') return ids.get(term.leaf)!;
  return term.kind === 'sum'
    ? { sum: term.terms.map((part) => maskTerm(part, ids)) }
    : { product: term.factors.map((factor) => maskTerm(factor, ids)) };
}

function hasLeafOf(term: Term, leaves: { has(leaf: number): boolean }): boolean {
  return termLeaves(term).some((leaf) => leaves.has(leaf));
}
