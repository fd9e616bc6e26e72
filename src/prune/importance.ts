/**
 * How much every channel matters. A measure says what a channel is worth within one parameter; here that is added up
 * over every parameter and every dimension in which the channel has a slice. To add a measure, write one file in
 * `measures/` and list it below.
 */
import type { AxisAnalysis, Space } from '../axes/analysis.js';
import { visitChannels } from '../axes/indices.js';
import type { Term } from '../axes/terms.js';
import type { Diagnostic } from '../diagnostics/diagnostic.js';
import type { Graph, ValueId, WeightStore } from '../ir/graph.js';
import type { RuleSet } from '../lang/ast.js';
import { bnScale } from './measures/bn-scale.js';
import { fpgm } from './measures/fpgm.js';
import { l1 } from './measures/l1.js';
import { l2 } from './measures/l2.js';
import { lamp } from './measures/lamp.js';
import type { Measure } from './measures/measure.js';
import { randomOrder } from './measures/random.js';
import { random } from './random.js';
import { type OwnedPositions, sliceMeasure } from './slice-measure.js';
import { dataOf } from './weights.js';

/** All measures by name. */
export const measures: ReadonlyMap<string, Measure> = new Map(
  [l1, l2, bnScale, fpgm, lamp, randomOrder].map((measure) => [measure.name, measure]),
);

/** Scores by leaf: one a channel, higher is more important. */
export type Scores = ReadonlyMap<number, Float64Array>;

export interface ImportanceInput {
  readonly graph: Graph;
  readonly weights: WeightStore;
  readonly rules: RuleSet;
  readonly analysis: AxisAnalysis;
}

/** Scores the channels of the given spaces. */
export function scoreChannels(
  input: ImportanceInput,
  spaces: readonly Space[],
  measure: Measure,
  seed: number,
): { readonly scores: Scores; readonly diagnostics: readonly Diagnostic[] } {
  const { role } = measure;
  if (role === undefined) {
    const scores = scoreBy(input, spaces, measure, seed);
    return { scores, diagnostics: notFinite(spaces, scores) };
  }
  const withRole = valuesWithRole(input.graph, input.rules, role.name);
  const [having, lacking] = partition(spaces, (space) => space.parameters.some((p) => withRole.has(p.value)));
  const scores = new Map([
    ...scoreBy(input, having, measure, seed, withRole),
    ...scoreBy(input, lacking, measures.get(role.fallback)!, seed),
  ]);
  return {
    scores,
    diagnostics: [...withoutRole(lacking, spaces.length, role), ...notFinite(spaces, scores)],
  };
}

function scoreBy(
  input: ImportanceInput,
  spaces: readonly Space[],
  measure: Measure,
  seed: number,
  only?: ReadonlySet<ValueId>,
): Map<number, Float64Array> {
  const sums = new Map(spaces.map((space) => [space.leaf, new Float64Array(space.size)]));
  if (measure.weight !== undefined || measure.slices !== undefined) {
    const owned: Owned = new Map();
    for (const [value, dims] of placesByParameter(spaces)) {
      if (only !== undefined && !only.has(value)) continue;
      addParameter(input, value, dims, measure, sums, owned);
    }
  }
  if (measure.finish === undefined) return sums;
  const { finish } = measure;
  return new Map(spaces.map((space) => [space.leaf, finish(sums.get(space.leaf)!, random(seed, space.id))]));
}

/** By parameter, so that its data is decoded once, and by dimension: the spaces that have a slice there. */
type Places = ReadonlyMap<ValueId, ReadonlyMap<number, readonly Space[]>>;

function placesByParameter(spaces: readonly Space[]): Places {
  const places = new Map<ValueId, Map<number, Space[]>>();
  for (const space of spaces) {
    for (const { value, dim } of space.parameters) {
      const dims = places.get(value) ?? new Map<number, Space[]>();
      places.set(value, dims);
      const here = dims.get(dim);
      if (here === undefined) dims.set(dim, [space]);
      else here.push(space);
    }
  }
  return places;
}

function addParameter(
  { graph, weights, analysis }: ImportanceInput,
  value: ValueId,
  spacesByDim: ReadonlyMap<number, readonly Space[]>,
  measure: Measure,
  sums: ReadonlyMap<number, Float64Array>,
  owned: Owned,
): void {
  const { data, shape } = dataOf(graph.parameters[value]!, weights);
  // whole numbers and truth values are indices and conditions; their size says nothing about importance
  if (!(data instanceof Float32Array)) return;
  const along = sliceMeasure(measure, data, shape, [...spacesByDim.keys()]);
  for (const [dim, spaces] of spacesByDim) {
    const positions = ownedPositions(analysis.terms.get(value)![dim]!, owned);
    for (const { leaf, size } of spaces) {
      const part = along(dim, positions.get(leaf)!, size);
      const sum = sums.get(leaf)!;
      for (let channel = 0; channel < size; channel++) sum[channel]! += part[channel]!;
    }
  }
}

type OwnedByLeaf = ReadonlyMap<number, OwnedPositions>;
/** By term: parameters on the same axis share it. */
type Owned = Map<Term, OwnedByLeaf>;

/** For each leaf of a dimension the positions that its channels own: all leaves in one walk. */
function ownedPositions(term: Term, known: Owned): OwnedByLeaf {
  const found = known.get(term);
  if (found !== undefined) return found;
  const owned = new Map<number, { positions: number[]; owners: number[] }>();
  visitChannels(term, (leaf, channel, position) => {
    let entry = owned.get(leaf);
    if (entry === undefined) owned.set(leaf, (entry = { positions: [], owners: [] }));
    entry.positions.push(position);
    entry.owners.push(channel);
  });
  known.set(term, owned);
  return owned;
}

/** The parameters that some node binds to an operand of this role. */
function valuesWithRole(graph: Graph, rules: RuleSet, role: string): ReadonlySet<ValueId> {
  const values = new Set<ValueId>();
  for (const node of graph.nodes) {
    const roles = rules.ops.get(node.op)?.roles ?? {};
    for (const [operand, value] of Object.entries(node.operands)) {
      if (roles[operand] !== role || value === null) continue;
      for (const id of typeof value === 'string' ? [value] : value) values.add(id);
    }
  }
  return values;
}

function withoutRole(
  lacking: readonly Space[],
  total: number,
  role: NonNullable<Measure['role']>,
): Diagnostic[] {
  if (lacking.length === 0) return [];
  return [
    {
      code: 'E405',
      severity: 'warning',
      message: `${lacking.length} of ${total} channel spaces have no parameter with the role "${role.name}"; ${role.fallback} ranks them`,
      why: `These are ${firstIds(lacking)}.`,
    },
  ];
}

function notFinite(spaces: readonly Space[], scores: Scores): Diagnostic[] {
  const bad = spaces.filter((space) => scores.get(space.leaf)!.some((score) => !Number.isFinite(score)));
  if (bad.length === 0) return [];
  return [
    {
      code: 'E410',
      severity: 'warning',
      message: `${bad.length} of ${spaces.length} channel spaces have weights that are infinite or not numbers`,
      why: `These are ${firstIds(bad)}.`,
      help: 'Such channels are kept as the most important ones; look into the weights of the model.',
    },
  ];
}

function firstIds(spaces: readonly Space[]): string {
  const shown = spaces.slice(0, 5).map((space) => space.id);
  return (
    shown.join(', ') + (spaces.length > shown.length ? `, and ${spaces.length - shown.length} more` : '')
  );
}

function partition<T>(items: readonly T[], test: (item: T) => boolean): [T[], T[]] {
  const yes: T[] = [];
  const no: T[] = [];
  for (const item of items) (test(item) ? yes : no).push(item);
  return [yes, no];
}
