/** Runs a pipeline that the rules declare: compiler stages by name, and passes of rewrites, verified one by one. */
import type { Patch } from 'immer';
import { DiagnosticError, fail } from '../diagnostics/diagnostic.js';
import type { Graph, Node, WeightStore } from '../ir/graph.js';
import { verifyGraph } from '../ir/verify.js';
import type { PipelineRule, RewriteRule, RuleSet } from '../lang/ast.js';
import type { ComputeBackend } from '../lang/backends.js';
import { removeDead } from './dead.js';
import { foldConstants } from './fold.js';
import { changedNodes, recordPatches } from './patches.js';
import { applyRewrites, type Applied } from './rewrite.js';

/** What every stage reads and makes; a compiler's own state may hold more. */
export interface PassState {
  readonly graph: Graph;
  readonly weights: WeightStore;
}

/** A stage of the compiler that is no rewrite, such as pruning. */
export type Stage<S extends PassState> = (state: S) => S | Promise<S>;

/** What one stage did. */
export interface StageRecord {
  readonly name: string;
  readonly kind: 'stage' | 'pass';
  readonly milliseconds: number;
  /** From the graph before to the graph after. */
  readonly patches: readonly Patch[];
  /** Applications of rewrites, in order. */
  readonly applied: readonly Applied[];
  readonly removed: readonly Node[];
  readonly added: readonly Node[];
  readonly before: Graph;
  readonly after: Graph;
}

export interface PipelineOptions<S extends PassState> {
  readonly rules: RuleSet;
  /** What the graph will compute on; rewrites can ask for it. */
  readonly backend?: ComputeBackend | null;
  /** Compiler stages, by the names that pipelines call them. */
  readonly stages: ReadonlyMap<string, Stage<S>>;
  /** Runs a stage, by name, to time it and to show progress. */
  readonly around?: <T>(name: string, run: () => Promise<T>) => Promise<T>;
  /** Told what each stage did. Without it nothing of that is worked out, and no graph is held on to. */
  readonly onRecord?: (record: StageRecord) => void;
}

/**
 * Runs a pipeline by name: the state after its last stage.
 * @throws DiagnosticError for an unknown pipeline or stage, before anything runs; or where a stage leaves a graph that
 * the verifier rejects.
 */
export async function runPipeline<S extends PassState>(
  name: string,
  state: S,
  options: PipelineOptions<S>,
): Promise<S> {
  const pipeline = findPipeline(name, options.rules);
  const steps = resolveStages(pipeline, options);
  const { around = (_, run) => run() } = options;
  let current = state;
  for (const [index, step] of steps.entries())
    current = await around(step.name, () => runStep(step, index === 0, current, options));
  return current;
}

async function runStep<S extends PassState>(
  step: Step<S>,
  first: boolean,
  state: S,
  { rules, onRecord }: PipelineOptions<S>,
): Promise<S> {
  const start = performance.now();
  const { graph: before } = state;
  const { state: next, applied } = await step.run(state);
  // The first stage's graph is checked even if it is still the one that came in.
  if (next.graph !== before || first) verifyStage(step.name, next.graph, rules);
  if (onRecord === undefined) return next;
  const milliseconds = performance.now() - start;
  const { graph: after, patches } = recordPatches(before, next.graph);
  const { name, kind } = step;
  onRecord({ name, kind, milliseconds, patches, applied, ...changedNodes(before, after), before, after });
  return { ...next, graph: after };
}

/**
 * One pass: its rewrites to a fixpoint; then constants that they built are computed, and what nothing reads any more
 * is removed.
 */
export async function runPass<S extends PassState>(
  rewrites: readonly RewriteRule[],
  state: S,
  rules: RuleSet,
  backend: ComputeBackend | null = null,
): Promise<{ state: S; applied: readonly Applied[] }> {
  const rewritten = applyRewrites(state.graph, rewrites, { rules, weights: state.weights, backend });
  if (rewritten.applied.length === 0) return { state, applied: [] };
  const folded = await foldConstants(rewritten.graph, rewritten.weights, { rules });
  return {
    state: { ...state, graph: removeDead(folded.graph), weights: folded.weights },
    applied: rewritten.applied,
  };
}

/** The rewrites that a name stands for: those of a pass, or one alone. */
export function rewritesNamed(name: string, rules: RuleSet): readonly RewriteRule[] | null {
  const single = rules.rewrites.get(name);
  if (single !== undefined) return [single];
  const pass = rules.passes.get(name);
  if (pass === undefined) return null;
  return pass.rewrites.flatMap((rewrite) => rules.rewrites.get(rewrite) ?? []);
}

interface Step<S extends PassState> {
  readonly name: string;
  readonly kind: 'stage' | 'pass';
  run(state: S): Promise<{ state: S; applied: readonly Applied[] }>;
}

function findPipeline(name: string, rules: RuleSet): PipelineRule {
  const pipeline = rules.pipelines.get(name);
  if (pipeline !== undefined) return pipeline;
  return fail({
    code: 'E832',
    message: `there is no pipeline ${name}`,
    help: `The rules declare ${[...rules.pipelines.keys()].join(', ') || 'none'}.`,
  });
}

function resolveStages<S extends PassState>(pipeline: PipelineRule, options: PipelineOptions<S>): Step<S>[] {
  const unknown = pipeline.stages.filter(
    ({ name }) => !options.stages.has(name) && rewritesNamed(name, options.rules) === null,
  );
  if (unknown.length > 0) {
    throw new DiagnosticError(
      unknown.map(({ name, span }) => ({
        code: 'E830',
        severity: 'error',
        message: `the pipeline ${pipeline.name} names ${name}, which is neither a stage nor a pass`,
        span,
        help:
          `Stages of the compiler: ${[...options.stages.keys()].join(', ')}.\n` +
          `Passes of the rules: ${[...options.rules.passes.keys()].join(', ')}.`,
      })),
    );
  }
  return pipeline.stages.map(({ name }): Step<S> => {
    const stage = options.stages.get(name);
    if (stage !== undefined) {
      return { name, kind: 'stage', run: async (state) => ({ state: await stage(state), applied: [] }) };
    }
    const rewrites = rewritesNamed(name, options.rules)!;
    return { name, kind: 'pass', run: (state) => runPass(rewrites, state, options.rules, options.backend) };
  });
}

function verifyStage(name: string, graph: Graph, rules: RuleSet): void {
  const problems = verifyGraph(graph, rules);
  if (problems.length === 0) return;
  throw new DiagnosticError(
    problems.map((problem) => ({
      ...problem,
      notes: [...(problem.notes ?? []), { message: `after the stage ${name}` }],
    })),
  );
}
