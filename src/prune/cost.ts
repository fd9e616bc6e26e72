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
  /** By leaf, what computing with it costs. */
  readonly slopes: () => CostSlopes;
}

/**
 * By leaf that can lose channels, what all of it would save if costs were linear in its size: size times derivative, at
 * full size. Operations whose rules state a cost are left out: nothing but a number is known of it.
 */
export interface CostSlopes {
  /** Multiply-accumulates for one example. */
  readonly macs: ReadonlyMap<number, number>;
  /** Numbers that operations which multiply read from and write to activations, for one example. */
  readonly elements: ReadonlyMap<number, number>;
}

/** Compiles the costs of a graph. */
export function costModel(graph: Graph, rules: RuleSet, analysis: AxisAnalysis): CostModel {
  const prunable = new Set(analysis.spaces.filter((s) => s.frozen.length === 0).map((s) => s.leaf));
  const varies = (leaf: number): boolean => prunable.has(leaf);
  const macs = new Polynomial(varies);
  const elements = new Polynomial(varies);
  const params = new Polynomial(varies);
  const stated: CostFunction[] = [];
  const constants = constantValues(graph);
  const context = { analysis, constants, ended: new Set(analysis.ends.map((end) => end.node)) };
  for (const node of graph.nodes) {
    if (constants.has(node.id)) continue; // computed once, when the model is compiled
    const rule = rules.ops.get(node.op)!;
    if (rule.cost !== null) {
      stated.push(statedCost(graph, node, rule, rule.cost, analysis));
      continue;
    }
    const products = rule.axes.flatMap((clause) => {
      const factors = costFactors(clause, node, rule, context);
      return factors === null ? [] : [factors];
    });
    for (const factors of products) macs.add(factors);
    if (products.length === 0) continue;
    for (const value of [...operandValues(node), ...node.results])
      if (!constants.has(value)) elements.add(analysis.terms.get(value)!);
  }
  addParameters(graph, analysis, params);
  return {
    macs: (kept) => stated.reduce((sum, cost) => sum + cost(kept), macs.evaluate(kept)),
    params: (kept) => params.evaluate(kept),
    slopes: () => ({ macs: macs.slopes(), elements: elements.slopes() }),
  };
}

function addParameters(graph: Graph, analysis: AxisAnalysis, total: Polynomial): void {
  // a parameter that no node reads has no terms and is not part of the network
  for (const value of Object.keys(graph.parameters)) {
    const terms = analysis.terms.get(value);
    if (terms !== undefined) total.add(terms);
  }
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
