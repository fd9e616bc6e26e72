/**
 * Constant folding: what parameters alone determine is computed once, by running the `emit` of the ops on
 * TensorFlow.js, and becomes a parameter. No operation is implemented here.
 */
import { DiagnosticError, fail } from '../diagnostics/diagnostic.js';
import { concreteShape } from '../emit/batch.js';
import { createEngine, evaluateEmit, type Engine, type OperandTensors } from '../emit/interpret.js';
import { emitScope } from '../emit/scope.js';
import { loadBackend, type Tensor } from '../emit/tf.js';
import type { Graph, Node, Parameter, TensorData, ValueId, WeightStore } from '../ir/graph.js';
import { operandValues } from '../ir/graph.js';
import { printType } from '../ir/print.js';
import { unpacksTo, type PackedData } from '../ir/packed.js';
import { elementCount } from '../ir/types.js';
import { overlayWeights } from '../ir/weights.js';
import type { RuleSet } from '../lang/ast.js';
import { PackedValues } from './packed-values.js';
import { ParameterNames } from './parameter-names.js';

export interface FoldContext {
  readonly rules: RuleSet;
}

export interface Folded {
  readonly graph: Graph;
  readonly weights: WeightStore;
}

/** A constant larger than this is left to be computed by the emitted module, which may have more memory. */
const mostElements = 1 << 27;

/**
 * Computes every node whose operands, if it has any, are all parameters or results of such nodes.
 * The parameters that are read no longer stay in the graph; `removeDead` drops them.
 */
export async function foldConstants(
  graph: Graph,
  weights: WeightStore,
  context: FoldContext,
): Promise<Folded> {
  const plan = planFolding(graph, context.rules);
  if (plan.folded.size === 0) return { graph, weights };
  const computed =
    plan.work.length === 0 ? new Map<ValueId, Computed>() : await compute(plan, graph, weights, context);

  const names = new ParameterNames(graph, weights, context.rules, plan.folded);
  const parameters = new Map<ValueId, Parameter>();
  const added = new Map<string, TensorData>();
  const addedPacked = new Map<string, PackedData>();
  for (const node of plan.work) {
    for (const id of node.results) {
      const result = computed.get(id);
      if (result === undefined) continue;
      const name = names.nameOf(id);
      parameters.set(id, { name, ...graph.values[id]! });
      added.set(name, result.data);
      if (result.packed !== null) addedPacked.set(name, result.packed);
    }
  }
  return {
    graph: withParameters(graph, plan, parameters),
    weights: overlayWeights(weights, added, addedPacked),
  };
}

/** A constant's numbers; and what they are in the model's own files, where that is known. */
interface Computed {
  readonly data: TensorData;
  readonly packed: PackedData | null;
}

interface FoldPlan {
  /** Every node that is constant. */
  readonly folded: ReadonlySet<Node>;
  /** Those that something else depends on, in order. */
  readonly work: readonly Node[];
  /** Constant values that other nodes or outputs read. */
  readonly wanted: ReadonlySet<ValueId>;
}

function planFolding(graph: Graph, rules: RuleSet): FoldPlan {
  const constants = new Set<ValueId>(Object.keys(graph.parameters));
  const folded = new Set<Node>();
  const wanted = new Set<ValueId>(graph.outputs.map(({ value }) => value));
  for (const node of graph.nodes) {
    const values = operandValues(node);
    if (isFoldable(node, graph, rules) && values.every((id) => constants.has(id))) {
      folded.add(node);
      for (const id of node.results) constants.add(id);
    } else for (const id of values) wanted.add(id);
  }
  const needed = new Set(wanted);
  const work: Node[] = [];
  for (const node of [...folded].reverse()) {
    if (!node.results.some((id) => needed.has(id))) continue;
    work.push(node);
    for (const id of operandValues(node)) needed.add(id);
  }
  return { folded, work: work.reverse(), wanted };
}

function isFoldable(node: Node, graph: Graph, rules: RuleSet): boolean {
  const rule = rules.ops.get(node.op);
  return (
    rule !== undefined &&
    rule.dynamic === null &&
    rule.emits.length > 0 &&
    node.results.every((id) => (elementCount(graph.values[id]!.shape) ?? Infinity) <= mostElements)
  );
}

/** Runs the plan on the CPU backend; every tensor is freed as soon as nothing reads it any more. */
async function compute(
  plan: FoldPlan,
  graph: Graph,
  weights: WeightStore,
  { rules }: FoldContext,
): Promise<Map<ValueId, Computed>> {
  const tf = await loadBackend('cpu');
  const engine = createEngine(tf, rules);
  const reads = new Map<ValueId, number>();
  for (const node of plan.work) {
    for (const id of operandValues(node)) reads.set(id, (reads.get(id) ?? 0) + 1);
  }
  const live = new Map<ValueId, Tensor>();
  const tensorOf = (id: ValueId): Tensor => {
    const known = live.get(id);
    if (known !== undefined) return known;
    const { name, shape, dtype } = graph.parameters[id]!;
    const tensor = tf.tensor(weights.get(name), concreteShape(shape, 1), dtype);
    live.set(id, tensor);
    return tensor;
  };
  const release = (id: ValueId): void => {
    const left = (reads.get(id) ?? 0) - 1;
    reads.set(id, left);
    if (left > 0) return;
    live.get(id)?.dispose();
    live.delete(id);
  };

  const packedValues = new PackedValues(graph, weights, rules);
  const computed = new Map<ValueId, Computed>();
  const noteResult = (id: ValueId, tensor: Tensor): void => {
    // A copy: on the CPU a re-layout shares the memory of its source, and the tensor is freed below.
    const data = tensor.dataSync().slice() as TensorData;
    const packed = packedValues.of(id);
    computed.set(id, { data, packed: packed !== null && unpacksTo(packed, data) ? packed : null });
  };
  try {
    for (const node of plan.work) {
      const results = computeNode(node, graph, rules, tensorOf, engine);
      packedValues.follow(node, {
        read: (id) => tensorOf(id).dataSync().slice() as TensorData,
        rerun: (numbers) => {
          const operand = tf.tensor(numbers, tensorOf(operandValues(node)[0]!).shape);
          const results = computeNode(node, graph, rules, () => operand, engine);
          const data = results[0]!.dataSync().slice() as TensorData;
          // By hand: `tidy` would look for tensors at every place of what it returns.
          tf.dispose([operand, ...results]);
          return data;
        },
      });
      node.results.forEach((id, index) => {
        live.set(id, results[index]!);
        if (plan.wanted.has(id)) noteResult(id, results[index]!);
        if ((reads.get(id) ?? 0) === 0) release(id);
      });
      for (const id of operandValues(node)) release(id);
    }
  } finally {
    for (const tensor of live.values()) tensor.dispose();
  }
  return computed;
}

function computeNode(
  node: Node,
  graph: Graph,
  rules: RuleSet,
  tensorOf: (id: ValueId) => Tensor,
  engine: Engine,
): Tensor[] {
  const rule = rules.ops.get(node.op)!;
  const operands: OperandTensors = Object.fromEntries(
    Object.entries(node.operands).map(([name, operand]) => [
      name,
      operand === null ? null : typeof operand === 'string' ? tensorOf(operand) : operand.map(tensorOf),
    ]),
  );
  const results = runEmit(
    () => evaluateEmit(rule, node, operands, emitScope(rule, node, graph, engine), engine),
    node,
  );
  node.results.forEach((id, index) => {
    const wanted = printType(graph.values[id]!);
    const { dtype, shape } = results[index]!;
    const actual = `${dtype}[${shape.join(',')}]`;
    if (actual === wanted) return;
    for (const result of results) result.dispose();
    fail({
      code: 'E841',
      message: `folding ${node.op}: its emit gives ${actual}, and its rule says ${wanted}`,
      span: rule.emits[0]?.span ?? rule.span,
      where: `node ${JSON.stringify(node.source.name)}`,
    });
  });
  return results;
}

/** TensorFlow.js throws plain errors; here they mean that a rule's emit doesn't fit the node. */
function runEmit(run: () => Tensor[], node: Node): Tensor[] {
  try {
    return run();
  } catch (error) {
    if (error instanceof DiagnosticError) throw error;
    return fail({
      code: 'E840',
      message: `the constant ${node.op} can not be computed`,
      where: `node ${JSON.stringify(node.source.name)}`,
      why: error instanceof Error ? error.message : String(error),
      help: `Check the emit of ${node.op} for these operands and attributes.`,
    });
  }
}

function withParameters(graph: Graph, plan: FoldPlan, added: ReadonlyMap<ValueId, Parameter>): Graph {
  const gone = new Set([...plan.folded].flatMap(({ results }) => results).filter((id) => !added.has(id)));
  return {
    ...graph,
    nodes: graph.nodes.filter((node) => !plan.folded.has(node)),
    parameters: { ...graph.parameters, ...Object.fromEntries(added) },
    values: Object.fromEntries(Object.entries(graph.values).filter(([id]) => !gone.has(id))),
  };
}
