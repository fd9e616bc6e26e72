/**
 * What is known of values at compile time: small constants, and what the rules' `value` clauses make of them and of
 * shapes. So shape arithmetic folds while a model is imported; the batch stays symbolic in it.
 */
import type { Attr, Node, TensorData, TensorType, ValueId, WeightStore } from '../ir/graph.js';
import { elementCount } from '../ir/types.js';
import { newTensorData } from '../ir/weights.js';
import type { Expr, OpRule } from '../lang/ast.js';
import { evaluate, EvaluationError } from '../lang/evaluate.js';
import { tensorsAndValues } from '../lang/mentions.js';
import { nodeScope } from '../shapes/infer-shapes.js';
import type { InferredNode, OperandTypes } from '../shapes/infer-shapes.js';

/** Larger constants are weights, not shapes. */
const mostElements = 4096;

interface Entry {
  /** A parameter, or computed from parameters alone. */
  readonly constant: boolean;
  readonly operands: readonly ValueId[];
  /** What must be known first. Null: the value can't be known. */
  readonly needs: readonly ValueId[] | null;
  /** Why it can't be known, where a rule is the reason. */
  readonly why?: string;
  readonly compute: () => Attr | undefined;
  state: 'open' | Settled;
  dependsOnData: boolean | undefined;
}

interface Settled {
  readonly value: Attr | undefined;
  /** Why a `value` clause gave nothing, if it failed. */
  readonly why?: string;
}

export class KnownValues {
  private readonly entries = new Map<ValueId, Entry>();

  constructor(private readonly weights: WeightStore) {}

  input(id: ValueId): void {
    this.add(id, { constant: false, operands: [], needs: null, compute: () => undefined });
    this.entries.get(id)!.dependsOnData = true;
  }

  parameter(id: ValueId, name: string, type: TensorType): void {
    const small = (elementCount(type.shape) ?? Infinity) <= mostElements;
    this.add(id, {
      constant: true,
      operands: [],
      needs: small ? [] : null,
      compute: () => nested(this.weights.get(name), type),
    });
  }

  constant(id: ValueId, type: TensorType, data: TensorData): void {
    this.add(id, { constant: true, operands: [], needs: [], compute: () => nested(data, type) });
  }

  node(rule: OpRule, node: Node, types: OperandTypes, inferred: InferredNode): void {
    const operands = Object.values(node.operands).flatMap((operand) => operand ?? []);
    const constant = operands.every((id) => this.isConstant(id));
    const all = this.valueOfNode(rule, node, types, inferred);
    const single = rule.results.length === 1 && rule.results[0]!.kind === 'one';
    node.results.forEach((id, i) => {
      const dtype = inferred.results[i]!.dtype;
      const compute = (): Attr | undefined => {
        const value = all.compute();
        const own = single ? value : Array.isArray(value) ? (value as readonly Attr[])[i] : undefined;
        return own === undefined || own === null ? undefined : rounded(own, dtype);
      };
      const small = (elementCount(inferred.results[i]!.shape) ?? 0) <= mostElements;
      this.add(id, { constant, operands, ...all, needs: small ? all.needs : null, compute });
    });
  }

  /** The value as a number, a flag, or nested lists; undefined where it is not known. */
  value(id: ValueId): Attr | undefined {
    const stack = [id];
    while (stack.length > 0) {
      const top = this.entries.get(stack.at(-1)!)!;
      if (top.state !== 'open') {
        stack.pop();
        continue;
      }
      const waiting = top.needs?.filter((need) => this.entries.get(need)!.state === 'open') ?? [];
      if (waiting.length > 0) stack.push(...waiting);
      else {
        const known = top.needs?.every((need) => this.settled(need) !== undefined) === true;
        top.state = known ? settle(top.compute) : { value: undefined };
        stack.pop();
      }
    }
    return this.settled(id);
  }

  /** Why the value is not known, as far as a rule says: its own, or that of one that it is computed from. */
  whyUnknown(id: ValueId): string | undefined {
    const seen = new Set([id]);
    for (const each of seen) {
      const { state, needs, why } = this.entries.get(each)!;
      if (state !== 'open' && state.why !== undefined) return state.why;
      if (why !== undefined) return why;
      for (const need of needs ?? []) if (this.settled(need) === undefined) seen.add(need);
    }
    return undefined;
  }

  isConstant(id: ValueId): boolean {
    return this.entries.get(id)!.constant;
  }

  /** Whether the value is unknown because it is computed from what the model is given. */
  dependsOnData(id: ValueId): boolean {
    const stack = [id];
    while (stack.length > 0) {
      const top = this.entries.get(stack.at(-1)!)!;
      if (top.dependsOnData !== undefined) {
        stack.pop();
        continue;
      }
      if (this.value(stack.at(-1)!) !== undefined) top.dependsOnData = false;
      else {
        const open = top.operands.filter((operand) => this.entries.get(operand)!.dependsOnData === undefined);
        if (open.length > 0) {
          stack.push(...open);
          continue;
        }
        top.dependsOnData = top.operands.some((operand) => this.entries.get(operand)!.dependsOnData);
      }
      stack.pop();
    }
    return this.entries.get(id)!.dependsOnData!;
  }

  /** The value as the data of a tensor; null where it is not known, or contains the batch. */
  data(id: ValueId, type: TensorType): TensorData | null {
    const value = this.value(id);
    const count = elementCount(type.shape);
    if (value === undefined || count === null) return null;
    const items = flat(value);
    if (
      items.length !== count ||
      items.some((item) => typeof item !== 'number' && typeof item !== 'boolean')
    ) {
      return null;
    }
    const data = newTensorData(type.dtype, count);
    items.forEach((item, i) => (data[i] = Number(item)));
    return data;
  }

  private valueOfNode(
    rule: OpRule,
    node: Node,
    types: OperandTypes,
    inferred: InferredNode,
  ): Pick<Entry, 'needs' | 'compute' | 'why'> {
    const expr = rule.value;
    const unknown = { needs: null, compute: () => undefined };
    if (expr === null) return { ...unknown, why: `the op ${rule.name} has no \`value\`` };
    const needs: ValueId[] = [];
    for (const name of valuesRead(rule, expr)) {
      const operand = node.operands[name] ?? [];
      needs.push(...(typeof operand === 'string' ? [operand] : operand));
    }
    const unknowable = needs.map((need) => this.entries.get(need)!).find((entry) => entry.needs === null);
    if (unknowable !== undefined) {
      return unknowable.why === undefined ? unknown : { ...unknown, why: unknowable.why };
    }
    const resultTypes = Object.fromEntries(
      rule.results.flatMap(({ name }, i) => (inferred.results[i] ? [[name, inferred.results[i]]] : [])),
    );
    const scope = nodeScope(rule, types, { ...inferred.attrs }, inferred.solution, resultTypes);
    let done: { readonly value: Attr } | undefined;
    const compute = (): Attr => {
      done ??= {
        value: evaluate(expr, {
          ...scope,
          name: (name) => {
            if (!Object.hasOwn(node.operands, name)) return scope.name(name);
            const operand = node.operands[name]!;
            if (operand === null) return null;
            return typeof operand === 'string'
              ? this.settled(operand)
              : operand.map((id) => this.settled(id)!);
          },
        }),
      };
      return done.value;
    };
    return { needs, compute };
  }

  private settled(id: ValueId): Attr | undefined {
    const { state } = this.entries.get(id)!;
    return state === 'open' ? undefined : state.value;
  }

  private add(id: ValueId, entry: Omit<Entry, 'state' | 'dependsOnData'>): void {
    this.entries.set(id, { ...entry, state: 'open', dependsOnData: undefined });
  }
}

/** A `value` that can't be computed (half of the batch, say) is one that is not known. */
function settle(compute: () => Attr | undefined): Settled {
  try {
    return { value: compute() };
  } catch (error) {
    if (!(error instanceof EvaluationError)) throw error;
    return { value: undefined, why: error.message };
  }
}

const readCache = new WeakMap<Expr, ReadonlySet<string>>();

/** The operands whose values an expression reads; `shape(x)` reads the type of x, not its value. */
function valuesRead(rule: OpRule, expr: Expr): ReadonlySet<string> {
  const cached = readCache.get(expr);
  if (cached !== undefined) return cached;
  const { values } = tensorsAndValues([expr]);
  const read = new Set(rule.operands.flatMap(({ name }) => (values.has(name) ? [name] : [])));
  readCache.set(expr, read);
  return read;
}

/** Typed data as nested lists; a scalar as itself. */
function nested(data: TensorData, { shape, dtype }: TensorType): Attr {
  let offset = 0;
  const build = (axis: number): Attr => {
    if (axis === shape.length) {
      const value = data[offset++]!;
      return dtype === 'bool' ? value !== 0 : value;
    }
    return Array.from({ length: shape[axis] as number }, () => build(axis + 1));
  };
  return build(0);
}

function flat(value: Attr): Attr[] {
  return Array.isArray(value) ? (value as readonly Attr[]).flatMap(flat) : [value];
}

/** float32 values are rounded after every operation, as the operations themselves do. */
function rounded(value: Attr, dtype: string): Attr {
  if (Array.isArray(value)) return (value as readonly Attr[]).map((item) => rounded(item, dtype));
  return dtype === 'float32' && typeof value === 'number' ? Math.fround(value) : value;
}
