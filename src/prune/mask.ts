/**
 * The masked network: the original, with removed channels multiplied by zero. The pruned network must compute the
 * same. Masks go in where an axis ends (the operand of a node that contracts or reduces it), because there, and only
 * there, a removed channel could still have an effect.
 */
import type { AxisAnalysis } from '../axes/analysis.js';
import type { MaskEnd } from '../axes/infer.js';
import { type Keep, keptIndices } from '../axes/indices.js';
import type { Term } from '../axes/terms.js';
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

/** A mask that a graph multiplies in: one number for every channel of a dimension. */
export interface MaskSlot extends TensorType {
  /** The value of the graph that is the mask; what it is (a parameter, an input) is up to the caller. */
  readonly id: ValueId;
  /** What the dimension is made of. */
  readonly term: Term;
}

/** A graph that multiplies masks in. */
export interface MaskedGraph {
  /** The masks have types in `values`, and are not declared as anything yet. */
  readonly graph: Graph;
  readonly masks: readonly MaskSlot[];
}

/** Multiplies masks into an unpruned graph. Ends of the same value and dimension share one mask. */
export function maskGraph(
  graph: Graph,
  weights: WeightStore,
  rules: RuleSet,
  analysis: AxisAnalysis,
  keep: Keep,
): { readonly graph: Graph; readonly weights: WeightStore } {
  const { graph: masked, masks } = insertMasks(
    graph,
    rules,
    analysis,
    (term) => keptIndices(term, keep) !== null,
  );
  const parameters: Record<ValueId, Parameter> = { ...graph.parameters };
  const data = new Map<string, TensorData>();
  for (const { id, term, dtype, shape } of masks) {
    const name = freshWeight(id, weights);
    const ones = newTensorData(dtype, term.size as number);
    for (const index of keptIndices(term, keep)!) ones[index] = 1;
    parameters[id] = { name, dtype, shape };
    data.set(name, ones);
  }
  return { graph: { ...masked, parameters }, weights: overlayWeights(weights, data) };
}

function freshWeight(name: string, weights: WeightStore): string {
  return weights.has(name) ? freshWeight(`${name}_`, weights) : name;
}

/**
 * Puts in the multiplications.
 * @param wanted which dimensions get a mask, by what they are made of
 */
export function insertMasks(
  graph: Graph,
  rules: RuleSet,
  analysis: AxisAnalysis,
  wanted: (term: Term) => boolean,
): MaskedGraph {
  const inserted = new Masks(graph, rules, analysis, wanted);
  const ends = endsByNode(analysis.ends);
  const nodes = graph.nodes.flatMap((node) => {
    const here = ends.get(node.id);
    if (here === undefined) return [node];
    const consumer = { ...node, operands: inserted.operands(node, here) };
    return [...inserted.takeNodes(), consumer];
  });
  return {
    graph: { ...graph, nodes, values: { ...graph.values, ...inserted.values } },
    masks: inserted.masks,
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
  readonly masks: MaskSlot[] = [];
  readonly values: Record<ValueId, TensorType> = {};
  /** By value and dimensions: the value with masks multiplied in. */
  private readonly products = new Map<string, ValueId>();
  private nodes: Node[] = [];
  private count = 0;

  constructor(
    private readonly graph: Graph,
    private readonly rules: RuleSet,
    private readonly analysis: AxisAnalysis,
    private readonly wanted: (term: Term) => boolean,
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
      const term = this.analysis.terms.get(value)![dim]!;
      if (!this.wanted(term)) continue;
      key = `${key} ${dim}`;
      let product = this.products.get(key);
      if (product === undefined) {
        product = this.multiply(result, this.mask(this.graph.values[value]!, dim, term), consumer);
        this.products.set(key, product);
      }
      result = product;
    }
    return result;
  }

  /** A mask of the value's rank and element type, with size 1 in the other dimensions. */
  private mask({ dtype, shape }: TensorType, dim: number, term: Term): ValueId {
    const id = this.fresh('mask');
    const type: TensorType = { dtype, shape: shape.map((size, i) => (i === dim ? size : 1)) };
    this.values[id] = type;
    this.masks.push({ id, term, ...type });
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
      source: { name: `${consumer.source.name}/masked`, type: 'mask' },
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
