/** Collects the values and nodes of the graph that is being imported. */
import type { Span } from '../diagnostics/diagnostic.js';
import type {
  Attrs,
  DType,
  Graph,
  Node,
  Operand,
  Parameter,
  Port,
  RulePlace,
  TensorData,
  TensorType,
  ValueId,
  WeightStore,
} from '../ir/graph.js';
import { isMisfit, tryInfer } from '../ir/infer.js';
import { operandTypes } from '../ir/types.js';
import { overlayWeights } from '../ir/weights.js';
import type { OpRule, RuleSet } from '../lang/ast.js';
import { composeOrders, permutingOp } from './axis-order.js';
import { KnownValues } from './known-values.js';

/** What a node keeps of the place it came from. */
export interface Origin {
  readonly scope: string;
  readonly source: { readonly name: string; readonly type: string };
  readonly rule: RulePlace;
  /** How many outputs the source node has, for results whose number the axes don't tell. */
  readonly outputs: number;
}

/** A node whose operands or attributes do not fit its rule. */
export class Unfit extends Error {
  constructor(
    readonly rule: OpRule,
    message: string,
    readonly span: Span | undefined,
  ) {
    super(message);
  }
}

export class GraphBuilder {
  readonly types = new Map<ValueId, TensorType>();
  readonly known: KnownValues;
  private readonly inputs: Port[] = [];
  private readonly parameters = new Map<ValueId, Parameter>();
  private readonly nodes: Node[] = [];
  private readonly made = new Map<string, TensorData>();
  /** Permutations put in so far: the value and order each was made from, and by value and order. */
  private readonly permuted = new Map<ValueId, { readonly of: ValueId; readonly order: readonly number[] }>();
  private readonly permutations = new Map<string, ValueId>();
  private count = 0;

  constructor(
    private readonly rules: RuleSet,
    private readonly weights: WeightStore,
  ) {
    this.known = new KnownValues(weights);
  }

  input(name: string, type: TensorType): ValueId {
    const id = this.define(`in${this.inputs.length}`, type);
    this.inputs.push({ name, value: id });
    this.known.input(id);
    return id;
  }

  parameter(name: string, type: TensorType): ValueId {
    const id = this.define(`p${this.parameters.size}`, type);
    this.parameters.set(id, { name, ...type });
    this.known.parameter(id, name, type);
    return id;
  }

  /** A constant that the model has not as a weight; the name is made unique. */
  constant(wanted: string, dtype: DType, shape: readonly number[], data: TensorData): ValueId {
    let name = wanted;
    for (let i = 1; this.weights.has(name) || this.made.has(name); i++) name = `${wanted}_${i}`;
    this.made.set(name, data);
    const id = this.define(`p${this.parameters.size}`, { dtype, shape });
    this.parameters.set(id, { name, dtype, shape });
    this.known.constant(id, { dtype, shape }, data);
    return id;
  }

  /** @throws Unfit where operands or attributes don't fit the rule. */
  node(
    rule: OpRule,
    operands: Readonly<Record<string, Operand>>,
    attrs: Attrs,
    origin: Origin,
  ): readonly ValueId[] {
    const types = operandTypes(operands, (id) => this.typeOf(id));
    const inferred = tryInfer(rule, types, attrs, origin.outputs);
    if (isMisfit(inferred)) throw new Unfit(rule, inferred.misfit, inferred.span);
    const first = this.count;
    const results = inferred.results.map((type) => this.define(String(this.count++), type));
    if (results.length === 0) throw new Unfit(rule, 'it has no results', rule.span);
    const node: Node = {
      id: String(first),
      op: rule.name,
      operands,
      attrs: inferred.attrs,
      results,
      scope: origin.scope,
      source: origin.source,
      rule: origin.rule,
    };
    this.nodes.push(node);
    this.known.node(rule, node, types, inferred);
    return results;
  }

  /** The value with its axes in another order: axis i is axis `order[i]`. Two in a row become one. */
  permute(id: ValueId, order: readonly number[], origin: Origin): ValueId {
    const before = this.permuted.get(id);
    if (before !== undefined) {
      return this.permuteOnce(before.of, composeOrders(before.order, order), origin);
    }
    return this.permuteOnce(id, order, origin);
  }

  private permuteOnce(id: ValueId, order: readonly number[], origin: Origin): ValueId {
    if (order.every((axis, i) => axis === i)) return id;
    const key = `${id} ${order.join()}`;
    const known = this.permutations.get(key);
    if (known !== undefined) return known;
    const { op, operand, attr } = permutingOp(this.rules);
    const [result] = this.node(op, { [operand]: id }, { [attr]: order }, origin);
    this.permutations.set(key, result!);
    this.permuted.set(result!, { of: id, order });
    return result!;
  }

  /** Whether the value is computed from the model's inputs, and neither a constant nor a shape. */
  isComputed(id: ValueId): boolean {
    return (
      !this.known.isConstant(id) &&
      !this.inputs.some(({ value }) => value === id) &&
      this.known.dependsOnData(id)
    );
  }

  typeOf(id: ValueId): TensorType {
    return this.types.get(id)!;
  }

  /** The graph of all that the outputs need, and its weights. */
  finish(name: string, outputs: readonly Port[]): { graph: Graph; weights: WeightStore } {
    const through = this.foldShapes();
    const live = new Set([...outputs, ...this.inputs].map(({ value }) => through(value)));
    const nodes: Node[] = [];
    // Backwards, so that all readers of a node come before it.
    for (const node of this.nodes.toReversed()) {
      if (!node.results.some((id) => live.has(id))) continue;
      const operands = Object.fromEntries(
        Object.entries(node.operands).map(([operand, value]): [string, Operand] => [
          operand,
          value === null ? null : typeof value === 'string' ? through(value) : value.map(through),
        ]),
      );
      for (const value of Object.values(operands).flat()) if (value !== null) live.add(value);
      for (const id of node.results) live.add(id);
      nodes.push({ ...node, operands });
    }
    const isLive = ([id]: readonly [ValueId, unknown]): boolean => live.has(id);
    return {
      graph: {
        name,
        inputs: this.inputs,
        outputs: outputs.map((port) => ({ name: port.name, value: through(port.value) })),
        parameters: Object.fromEntries([...this.parameters].filter(isLive)),
        values: Object.fromEntries([...this.types].filter(isLive)),
        nodes: nodes.reverse(),
      },
      weights: overlayWeights(this.weights, this.made),
    };
  }

  /**
   * Numbers that follow from shapes become constants. What follows from constants alone stays: it is computed by the
   * operations themselves, and exactly.
   */
  private foldShapes(): (id: ValueId) => ValueId {
    const names = new Map(this.nodes.flatMap((node) => node.results.map((id) => [id, node.source.name])));
    const folded = new Map<ValueId, ValueId>();
    return (id) => {
      const before = folded.get(id);
      if (before !== undefined) return before;
      const type = this.typeOf(id);
      const data = this.known.isConstant(id) ? null : this.known.data(id, type);
      const name = names.get(id) ?? id;
      const result =
        data === null ? id : this.constant(name, type.dtype, type.shape as readonly number[], data);
      folded.set(id, result);
      return result;
    };
  }

  private define(id: ValueId, type: TensorType): ValueId {
    this.types.set(id, type);
    return id;
  }
}
