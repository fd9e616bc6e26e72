/** Imports small models with the core's rules and holds the result against the model's own runtime. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runGraph } from '../../src/emit/interpret.js';
import { loadBackend } from '../../src/emit/tf.js';
import { importGraph } from '../../src/import/build-graph.js';
import { readModel } from '../../src/import/read-model.js';
import type { Graph } from '../../src/ir/graph.js';
import { loadRules } from '../../src/lang/load.js';
import { random } from '../../src/prune/random.js';
import { compareOutputs } from '../../src/verify/compare.js';
import { testInputs } from '../../src/verify/inputs.js';
import { base64, bytesOf, placeholder, writeModel, type TestNode } from '../import/models.js';

const rules = loadRules([]);

/** A whole-number constant, by its values; other constants are random and given by their shape. */
export interface Known {
  readonly ints: readonly number[];
  readonly shape?: readonly number[];
}
export type Constant = readonly number[] | Known;

/** One operation of a GraphModel on inputs and constants. */
export interface Operation {
  readonly op: string;
  /** Shapes of the inputs by name; -1 for the batch. */
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  readonly constants?: Readonly<Record<string, Constant>>;
  /** Names of inputs and constants in the operation's order; without it, the inputs and then the constants. */
  readonly order?: readonly string[];
  readonly attr?: Readonly<Record<string, unknown>>;
  /** The batch to compare at (default: 2). One, where the runtime's own kernel is wrong for more. */
  readonly batch?: number;
}

export interface Imported {
  /** The canonical operations in order, with their activation: `conv2d relu`. */
  readonly ops: readonly string[];
  readonly graph: Graph;
  /** The largest difference to the model's own runtime, relative to the output's scale. */
  readonly difference: number;
}

/** Imports a GraphModel of one operation and runs it in both worlds. */
export async function importOperation({
  op,
  inputs,
  constants = {},
  order,
  attr = {},
  batch = 2,
}: Operation): Promise<Imported> {
  const next = random('operation', op);
  const arrays = Object.values(constants).map((constant) =>
    isKnown(constant)
      ? Int32Array.from(constant.ints)
      : Float32Array.from({ length: product(constant) }, () => next() + 0.25),
  );
  const names = Object.keys(constants);
  const nodes: TestNode[] = [
    ...Object.entries(inputs).map(([name, shape]) => placeholder(name, shape)),
    ...names.map((name) => ({ name, op: 'Const', attr: {} })),
    {
      name: 'result',
      op,
      input: order ?? [...Object.keys(inputs), ...names],
      attr: Object.fromEntries(Object.entries(attr).map(([name, value]) => [name, attrValue(value)])),
    },
  ];
  const weights = Object.values(constants).map((constant, i) => ({
    name: names[i]!,
    shape: isKnown(constant) ? (constant.shape ?? [constant.ints.length]) : constant,
    dtype: isKnown(constant) ? 'int32' : 'float32',
  }));
  return importModel(await writeModel({ nodes, weights, data: bytesOf(...arrays) }), batch);
}

/**
 * Imports a function and runs it in both worlds.
 * @param body Text of a function from `w`, which makes a random weight of a shape, to the function of `x`.
 */
export async function importFunction(shape: readonly (number | null)[], body: string): Promise<Imported> {
  const folder = await mkdtemp(join(tmpdir(), 'espalier-test-'));
  const file = join(folder, 'model.mjs');
  await writeFile(
    file,
    `export default async (tf) => {
      let count = 0;
      const w = (...shape) => tf.variable(tf.randomUniform(shape, 0.25, 1, 'float32', count), true, 'w' + count++);
      return { inputs: { x: ${JSON.stringify(shape)} }, function: (${body})(w) };
    };`,
  );
  return importModel(file);
}

async function importModel(path: string, batch = 2): Promise<Imported> {
  try {
    const model = await readModel(path, { inputShapes: {} });
    const { graph } = importGraph(model.graph, model.weights, rules);
    const tf = await loadBackend('cpu');
    const reference = await model.reference();
    let difference = 0;
    for (const { tensors } of testInputs(model.graph.inputs, { seed: 1, batches: [batch] }).slice(0, 2)) {
      const wanted = await reference.run(tensors);
      const actual = await runGraph(graph, model.weights, rules, tensors, tf);
      for (const one of compareOutputs(wanted, actual)) {
        difference = Math.max(difference, one.difference.notFinite > 0 ? Infinity : one.difference.relative);
      }
    }
    reference.dispose();
    return { ops: graph.nodes.map(({ op, attrs }) => name(op, attrs['activation'])), graph, difference };
  } finally {
    await rm(dirname(path), { recursive: true, force: true });
  }
}

function name(op: string, activation: unknown): string {
  return typeof activation === 'string' && activation !== 'linear' ? `${op} ${activation}` : op;
}

/** A number that is a float even if it is whole. */
export const float = (value: number): { readonly f: number } => ({ f: value });

/** Attributes as `model.json` has them. */
function attrValue(value: unknown): unknown {
  if (typeof value === 'string') return { s: base64(value) };
  if (typeof value === 'number') return { i: String(value) };
  if (typeof value === 'boolean') return { b: value };
  if (!Array.isArray(value)) return value;
  const list: readonly unknown[] = value;
  return list.some((item) => typeof item === 'string')
    ? { list: { s: list.map((item) => base64(String(item))) } }
    : { list: { i: list.map(String) } };
}

function isKnown(constant: Constant): constant is Known {
  return 'ints' in constant;
}

function product(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}
