/**
 * Multiply-accumulates read off an operation's axes: the product of the axes of its results, its parameters and its
 * contractions. An axis that only one data operand shows (the image that a kernel slides over) does not count, and
 * an operation that contracts nothing multiplies nothing.
 */
import type { AxisAnalysis } from '../axes/analysis.js';
import type { Term } from '../axes/terms.js';
import { type Node, operandValues, type ValueId } from '../ir/graph.js';
import type { AxesClause, AxisExpr, OpRule, TensorPattern } from '../lang/ast.js';

type NodeAxes = ReadonlyMap<string, readonly Term[]>;

/** An axis, or a composition of axes that counts as one, under a name that is equal where they are the same. */
interface Factor {
  readonly key: string;
  readonly terms: readonly Term[];
}

/** What costs are read off. */
export interface CostContext {
  readonly analysis: AxisAnalysis;
  /** The values that count as parameters. */
  readonly constants: ReadonlySet<ValueId>;
  /** The nodes in which some axis ends. */
  readonly ended: ReadonlySet<string>;
}

/** The terms whose product is the cost of a node by one clause of its rule; null if that is nothing. */
export function costFactors(
  clause: AxesClause,
  node: Node,
  rule: OpRule,
  { analysis, constants, ended }: CostContext,
): readonly Term[] | null {
  if (clause.kind === 'function') return functionFactors(node, analysis, ended);
  const axes: NodeAxes = analysis.nodeAxes.get(node.id) ?? new Map();
  const inResults = merge(
    clause.results.map((pattern) => resultFactors(pattern, node, rule, axes, analysis)),
  );
  const present = clause.operands.filter((pattern) => valuesOf(node, pattern.tensor).length > 0);
  const isParameter = (pattern: TensorPattern): boolean =>
    valuesOf(node, pattern.tensor).every((value) => constants.has(value));
  const inParameters = merge(present.filter(isParameter).map((p) => patternFactors(p, axes)));
  const contracted = sharedFactors(present.map((p) => patternFactors(p, axes)));

  const notInResults = (factor: Factor): boolean => !inResults.has(factor.key);
  const summed = [...merge([inParameters, contracted]).values()].filter(notInResults);
  if (summed.length === 0) return null;
  return [...inResults.values(), ...summed].flatMap((factor) => factor.terms);
}

/** An axis function that names axes contracts those that end in it, if it has several operands to multiply. */
function functionFactors(
  node: Node,
  analysis: AxisAnalysis,
  ended: ReadonlySet<string>,
): readonly Term[] | null {
  const axes = analysis.nodeAxes.get(node.id);
  if (axes === undefined || !ended.has(node.id) || operandValues(node).length < 2) return null;
  return [...axes.values()].flat();
}

function valuesOf(node: Node, tensor: string): readonly ValueId[] {
  const operand = node.operands[tensor] ?? null;
  return operand === null ? [] : typeof operand === 'string' ? [operand] : operand;
}

function patternFactors(pattern: TensorPattern, axes: NodeAxes): Map<string, Factor> {
  return keyed(pattern.dims.flatMap((dim) => factorsOf(dim, axes)));
}

/** Like an operand's, but broadcast dimensions have the sizes that the result has. */
function resultFactors(
  pattern: TensorPattern,
  node: Node,
  rule: OpRule,
  axes: NodeAxes,
  analysis: AxisAnalysis,
): Map<string, Factor> {
  const broadcastAt = pattern.dims.findIndex((dim) => dim.kind === 'broadcast');
  if (broadcastAt < 0) return patternFactors(pattern, axes);
  const result = node.results[rule.results.findIndex((r) => r.name === pattern.tensor)]!;
  const terms = analysis.terms.get(result)!;
  const before = ranks(pattern.dims.slice(0, broadcastAt), axes);
  const after = ranks(pattern.dims.slice(broadcastAt + 1), axes);
  const broadcast = pattern.dims[broadcastAt] as Extract<AxisExpr, { kind: 'broadcast' }>;
  const covered = broadcast.names.map((name): Factor => ({ key: `${name}...`, terms: [] }));
  return keyed([
    ...pattern.dims.filter((dim) => dim !== broadcast).flatMap((dim) => factorsOf(dim, axes)),
    ...covered,
    { key: 'broadcast', terms: terms.slice(before, terms.length - after) },
  ]);
}

/** How many dimensions these expressions stand for. */
function ranks(dims: readonly AxisExpr[], axes: NodeAxes): number {
  return dims.reduce((n, dim) => n + (dim.kind === 'rest' ? (axes.get(dim.name)?.length ?? 0) : 1), 0);
}

function factorsOf(dim: AxisExpr, axes: NodeAxes): Factor[] {
  switch (dim.kind) {
    case 'axis':
      return [{ key: dim.name, terms: axes.get(dim.name) ?? [] }];
    case 'rest':
      return [{ key: `${dim.name}...`, terms: axes.get(dim.name) ?? [] }];
    case 'literal':
    case 'broadcast':
      return [];
    case 'product':
      return dim.factors.flatMap((factor) => factorsOf(factor, axes));
    case 'each':
    case 'sumOf':
      return [{ key: `${dim.name}*`, terms: [sum(axes.get(dim.name) ?? [])] }];
    case 'sum': {
      const parts = dim.terms.map((term) => factorsOf(term, axes));
      const key = parts.map((factors) => factors.map((f) => f.key).join(' ')).join(' + ');
      return [{ key, terms: [sum(parts.map((factors) => product(factors.flatMap((f) => f.terms))))] }];
    }
  }
}

function sum(terms: readonly Term[]): Term {
  return { kind: 'sum', terms, size: 0 };
}

function product(factors: readonly Term[]): Term {
  return { kind: 'product', factors, size: 0 };
}

function keyed(factors: readonly Factor[]): Map<string, Factor> {
  return new Map(factors.map((factor) => [factor.key, factor]));
}

function merge(maps: readonly ReadonlyMap<string, Factor>[]): Map<string, Factor> {
  return new Map(maps.flatMap((map) => [...map]));
}

/** The factors that more than one operand shows. */
function sharedFactors(operands: readonly ReadonlyMap<string, Factor>[]): Map<string, Factor> {
  const shared = new Map<string, Factor>();
  const seen = new Set<string>();
  for (const factors of operands) {
    for (const [key, factor] of factors) if (seen.has(key)) shared.set(key, factor);
    for (const key of factors.keys()) seen.add(key);
  }
  return shared;
}
