/** Pruning, from options to a smaller network, in one straight line. */
import type { AxisAnalysis } from '../axes/analysis.js';
import type { Keep } from '../axes/indices.js';
import { resizeGraph } from '../axes/resize.js';
import { type Diagnostic, DiagnosticError } from '../diagnostics/diagnostic.js';
import type { Graph, WeightStore } from '../ir/graph.js';
import type { RuleSet } from '../lang/ast.js';
import { type CostModel, costModel } from './cost.js';
import { measures, scoreChannels } from './importance.js';
import { checkOptions, type PruneOptions, type PruneSettings, type Target } from './options.js';
import type { LeafSizes } from './polynomial.js';
import { prunableSpaces, selectChannels } from './select.js';
import { sliceWeights } from './slice.js';
import { planSizes } from './targets.js';

export interface BeforeAfter {
  readonly before: number;
  readonly after: number;
}

export interface PruneReport {
  /** The target with the fraction that was really removed; null if nothing was asked for. */
  readonly target: (Target & { readonly reached: number }) | null;
  readonly spaces: { readonly total: number; readonly prunable: number; readonly pruned: number };
  /** Channels of the prunable spaces. */
  readonly channels: BeforeAfter;
  /** Multiply-accumulates for one example. */
  readonly macs: BeforeAfter;
  /** Numbers in all parameters. */
  readonly params: BeforeAfter;
  /** Pruned spaces over which the network takes statistics: masked and pruned network differ, as was asked for. */
  readonly mixed: readonly string[];
  readonly warnings: readonly Diagnostic[];
}

export interface PruneResult {
  readonly keep: Keep;
  readonly graph: Graph;
  readonly weights: WeightStore;
  readonly settings: PruneSettings;
  readonly report: PruneReport;
}

/**
 * Prunes a graph. The analysis has been made with the same `exclude` patterns.
 * @param chosen the channels to keep, where they have been chosen already
 * @throws DiagnosticError if an option is wrong or the target can't be met
 */
export function prune(
  graph: Graph,
  weights: WeightStore,
  rules: RuleSet,
  analysis: AxisAnalysis,
  options: PruneOptions,
  chosen: Keep | null = null,
): PruneResult {
  const { settings, diagnostics } = checkOptions(options);
  throwErrors(diagnostics);
  const costs = costModel(graph, rules, analysis);
  const { keep, reached, warnings } =
    chosen === null
      ? chooseChannels(graph, weights, rules, analysis, settings, costs)
      : { keep: chosen, reached: 0, warnings: [] };
  const unchanged = keep.size === 0;
  return {
    keep,
    graph: unchanged ? graph : resizeGraph(graph, rules, analysis, keep),
    weights: unchanged ? weights : sliceWeights(graph, weights, analysis, keep),
    settings,
    report: reportOn(analysis, settings, costs, keep, reached, warnings),
  };
}

function chooseChannels(
  graph: Graph,
  weights: WeightStore,
  rules: RuleSet,
  analysis: AxisAnalysis,
  settings: PruneSettings,
  costs: CostModel,
): { readonly keep: Keep; readonly reached: number; readonly warnings: readonly Diagnostic[] } {
  const { target } = settings;
  if (target === null) return { keep: new Map(), reached: 0, warnings: [] };
  const spaces = prunableSpaces(analysis, settings);
  const measure = measures.get(settings.importance)!;
  const { scores, diagnostics } = scoreChannels(
    { graph, weights, rules, analysis },
    spaces,
    measure,
    settings.seed,
  );
  const plan = planSizes(spaces, scores, measure.comparable ?? false, target, settings, costs);
  throwErrors(plan.diagnostics);
  const warnings = [...nothingPrunable(analysis, spaces.length, target), ...diagnostics, ...plan.diagnostics];
  return { keep: selectChannels(spaces, scores, plan.sizes), reached: plan.reached, warnings };
}

function reportOn(
  analysis: AxisAnalysis,
  settings: PruneSettings,
  costs: CostModel,
  keep: Keep,
  reached: number,
  warnings: readonly Diagnostic[],
): PruneReport {
  const spaces = prunableSpaces(analysis, settings);
  const before: LeafSizes = new Map();
  const after: LeafSizes = new Map([...keep].map(([leaf, kept]) => [leaf, kept.length]));
  const count = (sizes: LeafSizes): number =>
    spaces.reduce((sum, { leaf, size }) => sum + (sizes.get(leaf) ?? size), 0);
  const compare = (measure: (sizes: LeafSizes) => number): BeforeAfter => ({
    before: measure(before),
    after: measure(after),
  });
  return {
    target: settings.target === null ? null : { ...settings.target, reached },
    spaces: { total: analysis.spaces.length, prunable: spaces.length, pruned: keep.size },
    channels: compare(count),
    macs: compare(costs.macs),
    params: compare(costs.params),
    mixed: spaces.filter((s) => s.mixes.length > 0 && keep.has(s.leaf)).map((s) => s.id),
    warnings,
  };
}

function nothingPrunable(analysis: AxisAnalysis, prunable: number, target: Target): Diagnostic[] {
  if (prunable > 0 || target.amount === 0) return [];
  const { spaces } = analysis;
  const frozen = spaces.filter((space) => space.frozen.length > 0).length;
  return [
    {
      code: 'E406',
      severity: 'warning',
      message: 'no channel space of the model can be pruned',
      why: `Of ${spaces.length} spaces ${frozen} are frozen; the others are kept or mixed unless asked for.`,
      help: '`espalier groups` lists the reasons; --prune-kept and --allow-mixes open spaces closed by default.',
    },
  ];
}

function throwErrors(diagnostics: readonly Diagnostic[]): void {
  if (diagnostics.some((d) => d.severity === 'error')) throw new DiagnosticError(diagnostics);
}
