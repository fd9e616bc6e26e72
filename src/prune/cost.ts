/**
 * What a network costs, as functions of how many channels every space keeps: multiply-accumulates (one example) and
 * parameters. A node's cost is what its rule states, or else follows from its axes.
 */
import type { AxisAnalysis } from '../axes/analysis.js';
import { type Graph, operandValues, type ValueId } from '../ir/graph.js';
import type { RuleSet } from '../lang/ast.js';
import { costFactors } from './cost-axes.js';
import { statedCost } from './cost-stated.js';
import { type LeafSizes, Polynomial } from './polynomial.js';

export type CostFunction = (sizes: LeafSizes) => number;

export interface CostModel {
  /** Multiply-accumulates for one example. */
  readonly macs: CostFunction;
  /** Numbers in all parameters. */
  readonly params: CostFunction;
}

/** Compiles the costs of a graph. */
export function costModel(graph: Graph, rules: RuleSet, analysis: AxisAnalysis): CostModel {
  const prunable = new Set(analysis.spaces.filter((s) => s.frozen.length === 0).map((s) => s.leaf));
  const varies = (leaf: number): boolean => prunable.has(leaf);
  return {
    macs: macsOf(graph, rules, analysis, new Polynomial(varies)),
    params: paramsOf(graph, analysis, new Polynomial(varies)),
  };
}

function macsOf(graph: Graph, rules: RuleSet, analysis: AxisAnalysis, total: Polynomial): CostFunction {
  const stated: CostFunction[] = [];
  const constants = constantValues(graph);
  const ended = new Set(analysis.ends.map((end) => end.node));
  for (const node of graph.nodes) {
    if (constants.has(node.id)) continue; // computed once, when the model is compiled
    const rule = rules.ops.get(node.op)!;
    if (rule.cost !== null) {
      stated.push(statedCost(graph, node, rule, rule.cost, analysis));
      continue;
    }
    for (const clause of rule.axes) {
      const factors = costFactors(clause, node, rule, { analysis, constants, ended });
      if (factors !== null) total.add(factors);
    }
  }
  return (sizes) => stated.reduce((sum, cost) => sum + cost(sizes), total.evaluate(sizes));
}

function paramsOf(graph: Graph, analysis: AxisAnalysis, total: Polynomial): CostFunction {
  // a parameter that no node reads has no terms and is not part of the network
  for (const value of Object.keys(graph.parameters)) {
    const terms = analysis.terms.get(value);
    if (terms !== undefined) total.add(terms);
  }
  return (sizes) => total.evaluate(sizes);
}

/** Parameters, and whatever is computed from parameters alone. */
export function constantValues(graph: Graph): ReadonlySet<ValueId> {
  const constants = new Set<ValueId>(Object.keys(graph.parameters));
  for (const node of graph.nodes) {
    if (!operandValues(node).every((value) => constants.has(value))) continue;
    for (const result of node.results) constants.add(result);
  }
  return constants;
}
