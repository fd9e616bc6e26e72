/** What kernels will give, without computing them: from earlier runs, or by the rules. */
import { DiagnosticError } from '../../diagnostics/diagnostic.js';
import type { Attrs, Dim, TensorData } from '../../ir/graph.js';
import type { RuleSet } from '../../lang/ast.js';
import { importGraph } from '../build-graph.js';
import { compileRegistry } from '../registry.js';
import type { Aligned } from './align.js';
import type { RecordedNode, RecordedType } from './recording.js';

/** A kernel call whose results depend on the model's inputs. */
export interface KernelCall {
  /** Which call of the run it is. */
  readonly index: number;
  readonly type: string;
  readonly inputs: RecordedNode['inputs'];
  readonly operands: readonly Operand[];
  readonly attrs: Attrs;
}

export interface Operand extends RecordedType {
  /** Members of a list have no name. */
  readonly name: string;
  /** The values, where they do not depend on the model's inputs. */
  readonly data: (() => TensorData) | null;
}

/** The types of a call's results, a list if the kernel gives one; null: they can't be told. */
export type Foresee = (call: KernelCall) => RecordedType | readonly RecordedType[] | null;

/** As in earlier runs, with a batch of another size. */
export function asInRuns({ nodes }: Aligned, batch: number): Foresee {
  return ({ index, type, inputs }) => {
    const node = nodes[index];
    if (node?.type !== type || JSON.stringify(node.inputs) !== JSON.stringify(inputs)) return null;
    const types = node.outputs.map(({ dtype, shape }) => ({
      dtype,
      shape: shape.map((dim) => (typeof dim === 'number' ? dim : dim.batch * batch)),
    }));
    return node.list ? types : types[0]!;
  };
}

/**
 * As the rules infer it.
 * @throws Error for kernels with several results, and those that no rule accepts.
 */
export function byRules(rules: RuleSet): Foresee {
  const registry = compileRegistry(rules, 'tfjs');
  const hasOneResult = (type: string): boolean =>
    registry
      .candidates(type)
      .every(
        ({ op, from }) =>
          op.results.length === 1 && op.results[0]!.kind === 'one' && (from.results?.length ?? 1) === 1,
      );
  const known = new Map<string, RecordedType | null>();
  return ({ type, operands, attrs }) => {
    const key = JSON.stringify([type, attrs, operands.map(({ name, dtype, shape }) => [name, dtype, shape])]);
    let result = known.get(key);
    if (result === undefined) {
      result = hasOneResult(type) ? inferred(type, operands, attrs, rules) : null;
      known.set(key, result);
    }
    if (result === null) throw new Error(`no rule tells what ${type} gives`);
    return result;
  };
}

/** Imports a graph of that one kernel. */
function inferred(
  type: string,
  operands: readonly Operand[],
  attrs: Attrs,
  rules: RuleSet,
): RecordedType | null {
  const named = operands.map((operand, i) => ({ ...operand, operand: operand.name, name: `operand${i}` }));
  const data = new Map(named.map((operand) => [operand.name, operand.data]));
  const source = {
    source: 'tfjs',
    name: type,
    inputs: named.filter((operand) => operand.data === null),
    constants: named.filter((operand) => operand.data !== null),
    nodes: [
      {
        name: type,
        type,
        inputs: named.map(({ operand, name }) => ({ name: operand, node: name, output: 0 })),
        attrs,
        scope: '',
        outputs: 1,
      },
    ],
    outputs: [{ name: 'result', ref: { node: type, output: 0 } }],
  };
  const weights = { has: (name: string) => data.has(name), get: (name: string) => data.get(name)!() };
  try {
    const { graph, tail } = importGraph(source, weights, rules);
    if (tail !== null) return null;
    const { dtype, shape } = graph.values[graph.outputs[0]!.value]!;
    return shape.every(isNumber) ? { dtype, shape } : null;
  } catch (error) {
    if (error instanceof DiagnosticError) return null;
    throw error;
  }
}

const isNumber = (dim: Dim): dim is number => typeof dim === 'number';
