/** After channels have been chosen: new shapes for all values, and new numbers for all attributes that name a size. */
import type { Expr, OpRule, RuleSet } from '../lang/ast.js';
import type { Attr, Attrs, Dim, Graph, Node, TensorType, ValueId } from '../ir/graph.js';
import { sameSize } from '../ir/sizes.js';
import { sameAttr, sameShape } from '../ir/types.js';
import { fail } from '../diagnostics/diagnostic.js';
import { inferNode } from '../shapes/infer-shapes.js';
import { printShape } from '../shapes/errors.js';
import { operandList, operandTypes } from '../shapes/operands.js';
import { ruleInfo } from '../shapes/rule-info.js';
import type { AxisAnalysis } from './analysis.js';
import { shapeFailure } from './failure.js';
import { keptIndices, keptSize, type Keep } from './indices.js';

/**
 * The graph with channels removed. Parameters get their new shapes; their data is sliced elsewhere.
 * @throws DiagnosticError where an attribute names a size and the rule doesn't say how it follows.
 */
export function resizeGraph(graph: Graph, rules: RuleSet, analysis: AxisAnalysis, keep: Keep): Graph {
  const resized = <T extends TensorType>(value: ValueId, type: T): T => {
    const shape = analysis.terms.get(value)?.map((term) => keptSize(term, keep));
    return shape === undefined || sameShape(shape, type.shape) ? type : { ...type, shape };
  };
  const values = mapRecord(graph.values, resized);
  return {
    ...graph,
    values,
    parameters: mapRecord(graph.parameters, resized),
    nodes: graph.nodes.map((node) => resizeNode(node, rules.ops.get(node.op)!, analysis, keep, values)),
  };
}

function mapRecord<T>(
  record: Readonly<Record<string, T>>,
  map: (key: string, item: T) => T,
): Record<string, T> {
  const mapped: Record<string, T> = {};
  for (const key of Object.keys(record)) mapped[key] = map(key, record[key]!);
  return mapped;
}

function resizeNode(
  node: Node,
  rule: OpRule,
  analysis: AxisAnalysis,
  keep: Keep,
  values: Readonly<Record<ValueId, TensorType>>,
): Node {
  const attrs: Record<string, Attr> = { ...node.attrs };
  const set = (name: string, value: Attr): void => {
    if (name in attrs) attrs[name] = value;
  };
  const info = ruleInfo(rule);
  const axes = analysis.nodeAxes.get(node.id);
  const sizesOf = (axis: string): Dim[] => (axes?.get(axis) ?? []).map((term) => keptSize(term, keep));
  for (const decl of rule.attrs) {
    if (info.axes.has(decl.name)) set(decl.name, sizesOf(decl.name)[0] ?? attrs[decl.name]!);
  }
  for (const { left, right } of info.signature?.where ?? []) {
    const attr = attrName(right, node.attrs);
    if (attr === null || attrs[attr] === null) continue;
    if (left.kind === 'sizes') set(attr, sizesOf(left.name));
    else if (left.kind === 'size') set(attr, sizesOf(left.name)[0] ?? attrs[attr]!);
  }
  for (const clause of info.functions) {
    const result = node.results[rule.results.findIndex((r) => r.name === clause.result)]!;
    const shape = values[result]!.shape;
    const second = clause.args[1] === undefined ? null : attrName(clause.args[1], node.attrs);
    const third = clause.args[2] === undefined ? null : attrName(clause.args[2], node.attrs);
    switch (clause.function) {
      case 'reshape':
      case 'broadcast':
        if (second !== null) set(second, [...shape]);
        break;
      case 'slice': {
        const source = clause.args[0]!;
        const operand = source.kind === 'name' ? operandList(node.operands[source.name])[0] : undefined;
        const terms = operand === undefined ? [] : analysis.terms.get(operand)!;
        const begin = second === null ? [] : (attrs[second] as readonly number[]);
        if (second !== null)
          set(
            second,
            begin.map((from, dim) => keptBefore(from, terms[dim], keep)),
          );
        if (third !== null) {
          const size = attrs[third] as readonly Dim[];
          set(
            third,
            size.map((extent, dim) => (extent === -1 ? -1 : shape[dim]!)),
          );
        }
        break;
      }
      case 'pad': {
        // The padding that stays is what the result's kept positions leave before and after the operand's.
        const source = clause.args[0]!;
        const operand = source.kind === 'name' ? operandList(node.operands[source.name])[0]! : '';
        const before = second === null ? [] : (attrs[second] as readonly number[]);
        const kept = before.map((count, dim) => keptBefore(count, analysis.terms.get(result)?.[dim], keep));
        if (second !== null) set(second, kept);
        if (third !== null) {
          const inner = values[operand]!.shape;
          set(
            third,
            shape.map((size, dim) =>
              typeof size === 'number'
                ? size - kept[dim]! - (inner[dim] as number)
                : (attrs[third] as number[])[dim]!,
            ),
          );
        }
        break;
      }
      case 'permute':
      case 'reduce':
      case 'squeeze':
      case 'expand':
      case 'tile':
      case 'gather':
      case 'einsum':
      case 'fixed':
    }
  }
  const changed = sameAttr(attrs, node.attrs) ? node : { ...node, attrs };
  checkShapes(changed, rule, values);
  return changed;
}

/** The attribute that an expression is, or null where it is anything else. */
const attrName = (expr: Expr, attrs: Attrs): string | null =>
  expr.kind === 'name' && expr.name in attrs ? expr.name : null;

/** How many of an axis's first `from` positions stay. */
function keptBefore(from: number, term: Parameters<typeof keptIndices>[0] | undefined, keep: Keep): number {
  const kept = term === undefined ? null : keptIndices(term, keep);
  if (kept === null) return from;
  const begin = from < 0 ? from + (term!.size as number) : from;
  return kept.filter((index) => index < begin).length;
}

/** The rule must give the same shapes for the new operands and attributes: otherwise an attribute was missed. */
function checkShapes(node: Node, rule: OpRule, values: Readonly<Record<ValueId, TensorType>>): void {
  let results: readonly TensorType[];
  try {
    const count = node.results.length - (rule.results.length - 1);
    results = inferNode(rule, operandTypes(node, values), node.attrs, count).results;
  } catch (error) {
    throw shapeFailure(node, rule, error);
  }
  node.results.forEach((value, i) => {
    const wanted = values[value]!.shape;
    const got = results[i]?.shape ?? [];
    if (got.length === wanted.length && got.every((size, dim) => sameSize(size, wanted[dim]!))) return;
    fail({
      code: 'E302',
      message: `${node.op} has an attribute that names a size and can't follow it`,
      where: `node "${node.source.name}" (${node.source.type})`,
      span: rule.span,
      why: `After pruning its result should be ${printShape(wanted)}, but its attributes still make it ${printShape(got)}.`,
      help:
        'Name the attribute like the axis whose size it is, state it in the where of the signature, or make it a plain ' +
        'argument of the axis function.',
    });
  });
}
