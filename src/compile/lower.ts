/** Runs the pipeline that the rules declare: axes, pruning, rewrites, until a graph is ready to be emitted. */
import type { AxisAnalysis } from '../axes/analysis.js';
import type { Keep } from '../axes/indices.js';
import type { Diagnostic } from '../diagnostics/diagnostic.js';
import { moduleBackends, type BackendName } from '../emit/backends.js';
import type { Graph } from '../ir/graph.js';
import { removeDead } from '../passes/dead.js';
import { foldConstants } from '../passes/fold.js';
import { runPipeline, type PassState, type Stage, type StageRecord } from '../passes/pipeline.js';
import type { PruneOptions } from '../prune/options.js';
import { prune, type PruneResult } from '../prune/prune.js';
import { analyseModel, type ModelOptions, type PreparedModel } from './prepare.js';
import type { Timings } from './timings.js';

/** What the stages of a pipeline hand on. */
interface CompileState extends PassState {
  readonly analysis: AxisAnalysis | null;
  readonly pruned: PruneResult | null;
  readonly warnings: readonly Diagnostic[];
}

/** What to remove: by options, or chosen for the graph and its axes. */
export interface Pruning extends PruneOptions {
  readonly choose?: (graph: Graph, analysis: AxisAnalysis) => Keep;
}

export type LoweredModel = CompileState;

export interface LoweringOptions extends ModelOptions {
  readonly pipeline: string;
  /** What the module will be made for; without it, nothing is written in a way that only some backends profit from. */
  readonly backend?: BackendName;
}

/**
 * @param pruning What to remove; null runs the same pipeline without pruning, for the unpruned emission.
 * @param onRecord Told what each stage did.
 */
export async function lowerModel(
  prepared: PreparedModel,
  options: LoweringOptions,
  pruning: Pruning | null,
  timings: Timings,
  onRecord?: (record: StageRecord) => void,
): Promise<LoweredModel> {
  const { rules } = prepared;
  const stages = new Map<string, Stage<CompileState>>([
    [
      'fold_constants',
      async (state) => ({ ...state, ...(await foldConstants(state.graph, state.weights, { rules })) }),
    ],
    ['remove_dead', (state) => ({ ...state, graph: removeDead(state.graph) })],
    ['infer_axes', (state) => (pruning === null ? state : inferStage(state, prepared, options))],
    ['prune', (state) => (pruning === null ? state : pruneStage(state, prepared, pruning))],
  ]);
  const start: CompileState = {
    graph: prepared.graph,
    weights: prepared.weights,
    analysis: null,
    pruned: null,
    warnings: [],
  };
  return runPipeline(options.pipeline, start, {
    rules,
    backend: options.backend === undefined ? null : moduleBackends[options.backend].computes,
    stages,
    around: (name, run) => timings.timeAsync(name, run),
    ...(onRecord === undefined ? {} : { onRecord }),
  });
}

function inferStage(state: CompileState, prepared: PreparedModel, options: ModelOptions): CompileState {
  const { analysis, warnings } = analyseModel({ ...prepared, graph: state.graph }, options);
  return { ...state, analysis, warnings: [...state.warnings, ...warnings] };
}

function pruneStage(state: CompileState, { rules }: PreparedModel, options: Pruning): CompileState {
  if (state.analysis === null) throw new Error('a pipeline must infer axes before it prunes');
  const chosen = options.choose?.(state.graph, state.analysis) ?? null;
  const pruned = prune(state.graph, state.weights, rules, state.analysis, options, chosen);
  return {
    ...state,
    graph: pruned.graph,
    weights: pruned.weights,
    pruned,
    warnings: [...state.warnings, ...pruned.report.warnings],
  };
}
