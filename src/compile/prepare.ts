/** From a path on disk to an imported graph with its axes: what every command on a model starts with. */
import { inferAxes } from '../axes/infer.js';
import type { AxisAnalysis } from '../axes/analysis.js';
import type { Diagnostic } from '../diagnostics/diagnostic.js';
import { importGraph, type Tail } from '../import/build-graph.js';
import { readModel } from '../import/read-model.js';
import type { SourceModel } from '../import/source-graph.js';
import type { Graph, Shape, WeightStore } from '../ir/graph.js';
import type { RuleSet } from '../lang/ast.js';
import { loadRules } from '../lang/load.js';
import { settleWeights } from '../passes/settle.js';
import { excludeMatcher } from '../prune/select.js';
import type { Timings } from './timings.js';

export interface ModelOptions {
  /** Globs of rule files that are added to the core's. */
  readonly rules?: readonly string[];
  /** Shapes for inputs with dynamic sizes, by input name. */
  readonly inputShapes?: Readonly<Record<string, Shape>>;
  /** Globs of modules that stay as they are. */
  readonly exclude?: readonly string[];
  /** Adds to the rules before the model is imported by them. */
  readonly extendRules?: (rules: RuleSet) => RuleSet;
}

export interface PreparedModel {
  readonly rules: RuleSet;
  readonly source: SourceModel;
  readonly graph: Graph;
  readonly weights: WeightStore;
  /** The part at the end that can't be compiled; null where there is none. */
  readonly tail: Tail | null;
  readonly warnings: readonly Diagnostic[];
}

/**
 * Reads a model and imports it by the rules.
 * @throws DiagnosticError for everything that is wrong with the rules or the model.
 */
export async function prepareModel(
  path: string,
  options: ModelOptions,
  timings: Timings,
): Promise<PreparedModel> {
  const { extendRules = (loaded) => loaded } = options;
  const rules = timings.time('load rules', () => extendRules(loadRules([...(options.rules ?? [])])));
  const source = await timings.timeAsync('read model', () =>
    readModel(path, { inputShapes: options.inputShapes ?? {}, rules }),
  );
  const imported = timings.time('import', () => importGraph(source.graph, source.weights, rules));
  const { tail } = imported;
  const { graph, weights } = await timings.timeAsync('settle weights', () =>
    settleWeights(imported.graph, imported.weights, rules),
  );
  return { rules, source, graph, weights, tail, warnings: tail === null ? [] : [tailWarning(tail)] };
}

/** Infers the axes of a prepared model, with the excluded modules frozen. */
export function analyseModel(
  prepared: PreparedModel,
  options: ModelOptions,
): { readonly analysis: AxisAnalysis; readonly warnings: readonly Diagnostic[] } {
  const { graph, rules } = prepared;
  const patterns = options.exclude ?? [];
  if (patterns.length === 0) return { analysis: inferAxes(graph, rules), warnings: [] };
  const excluded = excludeMatcher(patterns, graph);
  const analysis = inferAxes(graph, rules, { exclude: (node) => excluded.matches(node) });
  return { analysis, warnings: excluded.diagnostics };
}

function tailWarning(tail: Tail): Diagnostic {
  return {
    code: 'E250',
    severity: 'warning',
    message: `the model's tail from "${tail.node}" on is left out`,
    why: tail.why,
    help:
      `The emitted module ends where the tail begins: its outputs are ${tail.values.join(', ')}.\n` +
      `Left to your own code: ${tail.ops.join(', ')}, which computes ${tail.outputs.join(', ')}.`,
  };
}
