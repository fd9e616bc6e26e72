/** Runs `emit` expressions and whole graphs on TensorFlow.js directly, without generating code. */
import { fail, type Span } from '../diagnostics/diagnostic.js';
import type { NamedTensor, NamedTensors } from '../import/source-graph.js';
import type { Attr, Graph, Node, TensorType, ValueId, WeightStore } from '../ir/graph.js';
import { operandValues } from '../ir/graph.js';
import type { OpRule, RuleSet } from '../lang/ast.js';
import type { EmitTarget } from '../lang/backends.js';
import { computeBackendOf } from './backends.js';
import { batchOfInputs, concreteShape } from './batch.js';
import { runnableHelpers, type HelperRunner } from './helpers.js';
import { buildEmit, type Builder, type Built } from './partial.js';
import { emitScope, type EmitScope } from './scope.js';
import type { Tensor, Tf } from './tf.js';
import { download, upload } from './transfer.js';

/** The tensors that an `emit` reads, by operand name. */
export type OperandTensors = Readonly<Record<string, Tensor | readonly Tensor[] | null>>;

/** Where expressions run; gradients are not asked for. */
export interface Engine extends EmitTarget {
  readonly tf: Tf;
  readonly helper: HelperRunner;
}

/** Prepares to run the emits of a rule set on the current backend. */
export function createEngine(tf: Tf, rules: Pick<RuleSet, 'helpers'>): Engine {
  const backend = computeBackendOf(tf.getBackend());
  return { tf, backend, trainable: false, helper: runnableHelpers(rules.helpers, tf) };
}

/**
 * Runs the `emit` of a rule over tensors.
 * @param scope what names mean; see `emitScope`
 * @param batch the batch size that stands in for the symbolic one
 * @returns the results in the order of the rule's results, new tensors that the caller disposes
 */
export function evaluateEmit(
  rule: OpRule,
  node: Node,
  tensors: OperandTensors,
  scope: EmitScope,
  engine: Engine,
  batch = 1,
): Tensor[] {
  const { tf } = engine;
  const operands = new Set(Object.values(tensors).flat());
  const built = Object.fromEntries(
    Object.entries(tensors).map(([name, operand]) => [name, builtOperand(operand)]),
  );
  return tf.tidy(() => {
    const value = buildEmit<unknown>(rule, scope, built, tensorBuilder(engine, batch));
    const list = resultList(value, tf);
    if (list?.length !== node.results.length) return wrongResults(rule, node, list?.length);
    // A result that is an operand itself would be disposed twice.
    return list.map((tensor) => (operands.has(tensor) ? tensor.clone() : tensor));
  });
}

function builtOperand(operand: Tensor | readonly Tensor[] | null): Built<unknown> {
  if (operand === null) return { kind: 'absent' };
  return 'length' in operand ? { kind: 'list', items: operand } : { kind: 'one', value: operand };
}

/** An emit gives one tensor, or a list of them. */
function resultList(value: unknown, tf: Tf): Tensor[] | null {
  const isTensor = (item: unknown): item is Tensor => item instanceof tf.Tensor;
  if (isTensor(value)) return [value];
  return Array.isArray(value) && value.every(isTensor) ? value : null;
}

function wrongResults(rule: OpRule, node: Node, count: number | undefined): never {
  const wanted = node.results.length === 1 ? 'one tensor' : `${node.results.length} tensors`;
  return fail({
    code: 'E506',
    message: `the emit of ${rule.name} does not give ${wanted}`,
    span: rule.emits[0]!.span,
    where: `node ${JSON.stringify(node.source.name)}`,
    why: count === undefined ? 'Its value is not made of tensors.' : `It gives ${count}.`,
    help: 'An emit gives a tensor; for several results a list of tensors.',
  });
}

function tensorBuilder({ tf, helper }: Engine, batch: number): Builder<unknown> {
  return {
    value: (value) => plainValue(value, batch),
    absent: () => undefined,
    list: (items) => items,
    object: (entries) => Object.fromEntries(entries.filter(([, value]) => value !== undefined)),
    field: (of, field) => (of as Readonly<Record<string | number, unknown>>)[field],
    call: (path, args, span) => tfFunction(tf, path, span)(...args),
    helper: (name, args, span) => newTensor(helper(name, span)(...args), args, name, span),
    bind: (_name, value) => value,
    each: (over, _name, body) => (over as readonly unknown[]).map(body),
  };
}

/** What a helper gives: emitted modules free what it read when nothing else reads it, so it must be another tensor. */
function newTensor(result: unknown, args: readonly unknown[], name: string, span: Span): unknown {
  const given = new Set(args.flatMap(tensorsIn));
  if (!tensorsIn(result).some((tensor) => given.has(tensor))) return result;
  return fail({
    code: 'E516',
    message: `helper.${name} gives back a tensor that it was given`,
    span,
    why: 'Emitted modules free tensors after their last use, and this one would be freed under two names.',
    help: `Return a new tensor in ${name}: \`tf.clone(x)\`, which copies no data.`,
  });
}

/** What may be a tensor in a value: itself, or what its list or its object's properties hold. */
function tensorsIn(value: unknown): object[] {
  if (typeof value !== 'object' || value === null) return [];
  if ('dataId' in value) return [value];
  return Object.values(value).filter(
    (item): item is object => typeof item === 'object' && item !== null && 'dataId' in item,
  );
}

/** Attribute values as TensorFlow.js takes them: the batch has its size, and null is left out. */
function plainValue(value: Attr, batch: number): unknown {
  if (value === null) return undefined;
  if (typeof value !== 'object') return value;
  if (Array.isArray(value)) return (value as readonly Attr[]).map((item) => plainValue(item, batch));
  if ('batch' in value && typeof value.batch === 'number') return value.batch * batch;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, plainValue(item as Attr, batch)]),
  );
}

function tfFunction(tf: Tf, path: readonly string[], span: Span): (...args: readonly unknown[]) => unknown {
  let found: unknown = tf;
  for (const name of path) {
    found =
      typeof found === 'object' && found !== null && Object.hasOwn(found, name)
        ? (found as Readonly<Record<string, unknown>>)[name]
        : undefined;
  }
  if (typeof found === 'function') return found as (...args: readonly unknown[]) => unknown;
  return fail({
    code: 'E507',
    message: `TensorFlow.js has no function tf.${path.join('.')}`,
    span,
    help: 'See https://js.tensorflow.org/api/4.22.0/ for what it has.',
  });
}

// ---------------------------------------------------------------- whole graphs

/** A graph with its parameters uploaded. */
export interface GraphRunner {
  run(inputs: NamedTensors): Promise<NamedTensors>;
  dispose(): void;
}

/** Uploads a graph's parameters to the current backend, to run it on several inputs. */
export function prepareGraph(
  graph: Graph,
  weights: WeightStore,
  rules: Pick<RuleSet, 'ops' | 'helpers'>,
  tf: Tf,
): GraphRunner {
  const engine = createEngine(tf, rules);
  const parameters = new Map<ValueId, Tensor>();
  for (const [id, { name, shape, dtype }] of Object.entries(graph.parameters)) {
    parameters.set(id, upload(tf, { dtype, shape: concreteShape(shape, 1), data: weights.get(name) }));
  }
  const dying = valuesByLastUse(graph);
  return {
    run: (inputs) => runOnce(graph, rules.ops, engine, parameters, dying, inputs),
    dispose: () => {
      for (const tensor of parameters.values()) tensor.dispose();
      parameters.clear();
    },
  };
}

/** Runs a graph once. Everything that it puts into memory is freed again. */
export async function runGraph(
  graph: Graph,
  weights: WeightStore,
  rules: Pick<RuleSet, 'ops' | 'helpers'>,
  inputs: NamedTensors,
  tf: Tf,
): Promise<NamedTensors> {
  const runner = prepareGraph(graph, weights, rules, tf);
  try {
    return await runner.run(inputs);
  } finally {
    runner.dispose();
  }
}

/** Memory that one run holds besides the parameters: freed as values die, and whatever happens at the end. */
async function runOnce(
  graph: Graph,
  ops: RuleSet['ops'],
  engine: Engine,
  parameters: ReadonlyMap<ValueId, Tensor>,
  dying: ReadonlyMap<number, readonly ValueId[]>,
  inputs: NamedTensors,
): Promise<NamedTensors> {
  const batch = batchOfInputs(graph, inputs);
  const live = new Map<ValueId, Tensor>();
  const valueOf = (id: ValueId): Tensor => live.get(id) ?? parameters.get(id)!;
  try {
    for (const { name, value } of graph.inputs) live.set(value, upload(engine.tf, inputs[name]!));
    graph.nodes.forEach((node, i) => {
      const tensors = runNode(node, graph, ops, engine, valueOf, batch);
      node.results.forEach((id, k) => live.set(id, tensors[k]!));
      for (const id of dying.get(i) ?? []) {
        live.get(id)?.dispose();
        live.delete(id);
      }
    });
    const outputs: [string, NamedTensor][] = [];
    for (const { name, value } of graph.outputs) outputs.push([name, await download(valueOf(value))]);
    return Object.fromEntries(outputs);
  } finally {
    for (const tensor of live.values()) tensor.dispose();
  }
}

function runNode(
  node: Node,
  graph: Graph,
  ops: RuleSet['ops'],
  engine: Engine,
  valueOf: (id: ValueId) => Tensor,
  batch: number,
): Tensor[] {
  const rule = ops.get(node.op);
  if (rule === undefined) {
    return fail({ code: 'E503', message: `there is no rule for ${node.op}`, where: `node ${node.id}` });
  }
  const operands = Object.fromEntries(
    Object.entries(node.operands).map(([name, operand]) => [
      name,
      operand === null ? null : typeof operand === 'string' ? valueOf(operand) : operand.map(valueOf),
    ]),
  );
  const results = evaluateEmit(rule, node, operands, emitScope(rule, node, graph, engine), engine, batch);
  node.results.forEach((id, k) => checkResult(rule, node, results[k]!, graph.values[id]!, batch));
  return results;
}

/** What an emit computes must be what the rule's axes say; anything else would be silently wrong later. */
function checkResult(rule: OpRule, node: Node, tensor: Tensor, type: TensorType, batch: number): void {
  const shape = concreteShape(type.shape, batch);
  const sameShape =
    tensor.shape.length === shape.length && tensor.shape.every((size, i) => size === shape[i]);
  if (sameShape && tensor.dtype === type.dtype) return;
  fail({
    code: 'E508',
    message: `the emit of ${rule.name} gives ${tensor.dtype}[${tensor.shape.join(', ')}], not ${type.dtype}[${shape.join(', ')}]`,
    span: rule.emits[0]!.span,
    where: `node ${JSON.stringify(node.source.name)}`,
    why: 'The second type is what the axes and dtype of the rule say.',
    help: 'Correct the emit, or the axes, sizes or dtype of the rule.',
  });
}

/** For every node, the values that nothing reads after it. */
function valuesByLastUse(graph: Graph): Map<number, ValueId[]> {
  const last = new Map<ValueId, number>();
  graph.nodes.forEach((node, i) => {
    for (const id of node.results) last.set(id, i);
    for (const id of operandValues(node)) if (graph.parameters[id] === undefined) last.set(id, i);
  });
  for (const { value } of graph.outputs) last.delete(value);
  const byNode = new Map<number, ValueId[]>();
  for (const [id, i] of last) byNode.set(i, [...(byNode.get(i) ?? []), id]);
  return byNode;
}
