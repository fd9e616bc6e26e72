/**
 * The masked network: the original, with removed channels multiplied by zero. The pruned network must compute the
 * same. Masks go in where an axis ends (the operand of a node that contracts or reduces it), because there, and only
 * there, a removed channel could still have an effect.
 */
import type { AxisAnalysis } from '../axes/analysis.js';
import type { MaskEnd } from '../axes/infer.js';
import { type Keep, keptIndices } from '../axes/indices.js';
import { fail } from '../diagnostics/diagnostic.js';
import type {
  Attrs,
  Graph,
  Node,
  Operand,
  Parameter,
  TensorData,
  TensorType,
  ValueId,
  WeightStore,
} from '../ir/graph.js';
import { sameType } from '../ir/types.js';
import { newTensorData, overlayWeights } from '../ir/weights.js';
import type { OpRule, RuleSet } from '../lang/ast.js';
import { inferNode } from '../shapes/infer-shapes.js';

/** Multiplies masks into an unpruned graph. Ends of the same value and dimension share one mask. */
export function maskGraph(
  graph: Graph,
  weights: WeightStore,
  rules: RuleSet,
  analysis: AxisAnalysis,
  keep: Keep,
): { readonly graph: Graph; readonly weights: WeightStore } {
  const masked = new Masks(graph, weights, rules, analysis, keep);
  const ends = endsByNode(analysis.ends);
  const nodes = graph.nodes.flatMap((node) => {
    const here = ends.get(node.id);
    if (here === undefined) return [node];
    const consumer = { ...node, operands: masked.operands(node, here) };
    return [...masked.takeNodes(), consumer];
  });
  return {
    graph: {
      ...graph,
      nodes,
      parameters: { ...graph.parameters, ...masked.parameters },
      values: { ...graph.values, ...masked.values },
    },
    weights: overlayWeights(weights, masked.data),
  };
}

function endsByNode(ends: readonly MaskEnd[]): Map<string, MaskEnd[]> {
  const byNode = new Map<string, MaskEnd[]>();
  for (const end of ends) {
    const known = byNode.get(end.node);
    if (known === undefined) byNode.set(end.node, [end]);
    else known.push(end);
  }
  return byNode;
}

/** Collects what the masked graph has more than the original. */
class Masks {
  readonly parameters: Record<ValueId, Parameter> = {};
  readonly values: Record<ValueId, TensorType> = {};
  readonly data = new Map<string, TensorData>();
  /** By value and dimensions: the value with masks multiplied in. */
  private readonly products = new Map<string, ValueId>();
  private nodes: Node[] = [];
  private count = 0;

  constructor(
    private readonly graph: Graph,
    private readonly weights: WeightStore,
    private readonly rules: RuleSet,
    private readonly analysis: AxisAnalysis,
    private readonly keep: Keep,
  ) {}

  /** The node's operands, masked where axes end. */
  operands(node: Node, ends: readonly MaskEnd[]): Node['operands'] {
    const operands: Record<string, Operand> = { ...node.operands };
    for (const name of new Set(ends.map((end) => end.operand))) {
      const operand = operands[name] ?? null;
      if (operand === null) continue;
      const dimsOf = (index: number): number[] =>
        ends.filter((end) => end.operand === name && end.index === index).map((end) => end.dim);
      operands[name] =
        typeof operand === 'string'
          ? this.masked(operand, dimsOf(0), node)
          : operand.map((value, index) => this.masked(value, dimsOf(index), node));
    }
    return operands;
  }

  /** The nodes that have become necessary since the last call. */
  takeNodes(): Node[] {
    const taken = this.nodes;
    this.nodes = [];
    return taken;
  }

  /** One multiplication a dimension, in order, so that values with dimensions in common share the first ones. */
  private masked(value: ValueId, dims: readonly number[], consumer: Node): ValueId {
    let result = value;
    let key = value;
    for (const dim of [...new Set(dims)].sort((a, b) => a - b)) {
      const kept = keptIndices(this.analysis.terms.get(value)![dim]!, this.keep);
      if (kept === null) continue;
      key = `${key} ${dim}`;
      let product = this.products.get(key);
      if (product === undefined) {
        product = this.multiply(result, this.mask(this.graph.values[value]!, dim, kept), consumer);
        this.products.set(key, product);
      }
      result = product;
    }
    return result;
  }

  /** A parameter of the value's rank and element type: 1 where kept, 0 elsewhere, size 1 in the other dimensions. */
  private mask(type: TensorType, dim: number, kept: readonly number[]): ValueId {
    const id = this.fresh('mask');
    const size = type.shape[dim] as number;
    const data = newTensorData(type.dtype, size);
    for (const index of kept) data[index] = 1;
    const shape = type.shape.map((_, i) => (i === dim ? size : 1));
    const name = this.freshWeight(id);
    this.parameters[id] = { name, dtype: type.dtype, shape };
    this.values[id] = { dtype: type.dtype, shape };
    this.data.set(name, data);
    return id;
  }

  private multiply(value: ValueId, mask: ValueId, consumer: Node): ValueId {
    const rule = multiplication(this.rules);
    const type = this.typeOf(value);
    const [x, y] = rule.operands;
    const id = this.fresh('masked');
    this.values[id] = type;
    this.nodes.push({
      id,
      op: rule.name,
      operands: { [x!.name]: value, [y!.name]: mask },
      attrs: attrsOf(rule, type, this.values[mask]!),
      results: [id],
      scope: consumer.scope,
      source: { name: consumer.source.name, type: 'mask' },
      rule: consumer.rule,
    });
    return id;
  }

  private typeOf(value: ValueId): TensorType {
    return this.values[value] ?? this.graph.values[value]!;
  }

  private fresh(prefix: string): ValueId {
    const id = `${prefix}_${++this.count}`;
    return id in this.graph.values ? this.fresh(prefix) : id;
  }

  private freshWeight(name: string): string {
    return this.weights.has(name) ? this.freshWeight(`${name}_`) : name;
  }
}

/** The rule of the op that `*` stands for. */
function multiplication(rules: RuleSet): OpRule {
  const rule = rules.ops.get(rules.infix.get('*') ?? '');
  if (rule?.operands.length === 2 && rule.operands.every((o) => o.kind === 'one')) return rule;
  return fail({
    code: 'E408',
    message: 'the rules name no op that multiplies two tensors',
    why: 'A mask is multiplied into the original network to compare it with the pruned one.',
    help: 'Declare it: `infix * = mul`, where `mul` is an op with two operands.',
  });
}

/** The multiplication's attributes; it must leave the value's type as it is. */
function attrsOf(rule: OpRule, value: TensorType, mask: TensorType): Attrs {
  const [x, y] = rule.operands;
  const { results, attrs } = inferNode(rule, { [x!.name]: value, [y!.name]: mask }, {});
  const [result] = results;
  if (result !== undefined && sameType(result, value)) return attrs;
  return fail({
    code: 'E408',
    message: `"${rule.name}" does not give a result of its first operand's type`,
    span: rule.span,
    why: `With operands ${JSON.stringify(value)} and ${JSON.stringify(mask)} it gives ${JSON.stringify(result)}.`,
    help: 'Let `infix *` name an op that multiplies and broadcasts.',
  });
}
