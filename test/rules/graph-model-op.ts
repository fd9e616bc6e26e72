/** Models of one GraphDef operation: imported by the core's rules, and run against TensorFlow.js's own execution. */
import { importGraph } from '../../src/import/build-graph.js';
import type { NamedTensor } from '../../src/import/source-graph.js';
import { readGraphModel } from '../../src/import/tf/read-graph-model.js';
import { loadBackend } from '../../src/emit/tf.js';
import { runGraph } from '../../src/emit/interpret.js';
import { verifyGraph } from '../../src/ir/verify.js';
import type { DType, Graph } from '../../src/ir/graph.js';
import { newTensorData } from '../../src/ir/weights.js';
import { loadRules } from '../../src/lang/load.js';
import { random } from '../../src/prune/random.js';
import {
  bytesOf,
  placeholder,
  writeModel,
  type TestModel,
  type TestNode,
  type TestWeight,
} from '../import/models.js';

/** An operand of the operation: something that the model is given, or a constant. */
export type Operand =
  | {
      readonly kind: 'input';
      readonly shape: readonly number[];
      readonly dtype: DType;
      readonly low: number;
      readonly high: number;
    }
  | {
      readonly kind: 'constant';
      readonly shape: readonly number[];
      readonly dtype: DType;
      readonly data: readonly number[];
    };

/** An input with random numbers; -1 for the batch, which is 2 when the model runs. */
export function input(shape: readonly number[], low = -1, high = 1): Operand {
  return { kind: 'input', shape, dtype: 'float32', low, high };
}

export function intInput(shape: readonly number[], low: number, high: number): Operand {
  return { kind: 'input', shape, dtype: 'int32', low, high };
}

export function boolInput(shape: readonly number[]): Operand {
  return { kind: 'input', shape, dtype: 'bool', low: 0, high: 1 };
}

export function ints(data: readonly number[], shape: readonly number[] = [data.length]): Operand {
  return { kind: 'constant', shape, dtype: 'int32', data };
}

export function int(value: number): Operand {
  return ints([value], []);
}

export function floats(data: readonly number[], shape: readonly number[] = [data.length]): Operand {
  return { kind: 'constant', shape, dtype: 'float32', data };
}

export function float(value: number): Operand {
  return floats([value], []);
}

export function bools(data: readonly number[]): Operand {
  return { kind: 'constant', shape: [data.length], dtype: 'bool', data };
}

export const rules = loadRules([]);
const types: Readonly<Record<DType, string>> = { float32: 'DT_FLOAT', int32: 'DT_INT32', bool: 'DT_BOOL' };

/** A model of one node, whose outputs are the model's. */
export function modelOf(
  op: string,
  operands: readonly Operand[],
  attr: TestNode['attr'],
  outputs = 1,
): TestModel {
  const nodes: TestNode[] = [];
  const weights: TestWeight[] = [];
  const data: ArrayBufferView[] = [];
  const names = operands.map((operand, i) => {
    if (operand.kind === 'input') nodes.push(placeholder(`x${i}`, operand.shape, types[operand.dtype]));
    else {
      nodes.push({ name: `c${i}`, op: 'Const', attr: { dtype: { type: types[operand.dtype] } } });
      weights.push({ name: `c${i}`, shape: operand.shape, dtype: operand.dtype });
      const bytes = newTensorData(operand.dtype, operand.data.length);
      operand.data.forEach((value, k) => (bytes[k] = value));
      data.push(bytes);
    }
    return operand.kind === 'input' ? `x${i}` : `c${i}`;
  });
  nodes.push({ name: 'op', op, input: names, attr: attr ?? {} });
  const read = Array.from({ length: outputs }, (_, i): TestNode => {
    const name = `y${i}`;
    return { name, op: 'Identity', input: [i === 0 ? 'op' : `op:${i}`] };
  });
  return { nodes: [...nodes, ...read], weights, data: bytesOf(...data) };
}

export interface Comparison {
  readonly graph: Graph;
  /** By output, largest absolute difference over the largest value; dtypes and shapes where they differ. */
  readonly differences: readonly (number | string)[];
}

/** Imports a model and runs both. */
export async function compare(model: TestModel, operands: readonly Operand[]): Promise<Comparison> {
  const source = await readGraphModel(await writeModel(model), { inputShapes: {} });
  const { graph, weights, tail } = importGraph(source.graph, source.weights, rules);
  if (tail !== null) throw new Error(`the model ends in what can't be compiled: ${tail.why}`);
  const broken = verifyGraph(graph, rules);
  if (broken.length > 0) throw new Error(broken.map(({ message }) => message).join('\n'));
  const inputs = Object.fromEntries(
    operands.flatMap((operand, i) => (operand.kind === 'input' ? [[`x${i}`, made(operand, i)]] : [])),
  );
  const tf = await loadBackend('cpu');
  const reference = await source.reference();
  const expected = await reference.run(inputs);
  reference.dispose();
  const actual = await runGraph(graph, weights, rules, inputs, tf);
  const differences = graph.outputs.map(({ name }) => difference(expected[name]!, actual[name]!));
  return { graph, differences };
}

function made({ shape, dtype, low, high }: Extract<Operand, { kind: 'input' }>, seed: number): NamedTensor {
  const sizes = shape.map((size) => (size < 0 ? 2 : size));
  const data = newTensorData(
    dtype,
    sizes.reduce((a, b) => a * b, 1),
  );
  const next = random(`operand ${seed}`);
  for (let i = 0; i < data.length; i++) {
    data[i] = dtype === 'float32' ? low + next() * (high - low) : low + Math.floor(next() * (high - low + 1));
  }
  return { dtype, shape: sizes, data };
}

function difference(expected: NamedTensor, actual: NamedTensor): number | string {
  const type = ({ dtype, shape }: NamedTensor): string => `${dtype}[${shape.join(', ')}]`;
  if (type(expected) !== type(actual)) return `${type(actual)} instead of ${type(expected)}`;
  let scale = 0;
  let most = 0;
  for (let i = 0; i < expected.data.length; i++) {
    const [a, b] = [expected.data[i]!, actual.data[i]!];
    if (Number.isNaN(a) && Number.isNaN(b)) continue;
    if (a === b) continue;
    scale = Math.max(scale, Math.abs(a));
    most = Math.max(most, Math.abs(a - b));
  }
  return most === 0 ? 0 : most / scale;
}
