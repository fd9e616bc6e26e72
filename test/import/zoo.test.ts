/** Every GraphModel of the zoo, as the rules import it, against its own runtime. */
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { runGraph } from '../../src/emit/interpret.js';
import { importGraph } from '../../src/import/build-graph.js';
import { readModel } from '../../src/import/read-model.js';
import type { NamedTensor, NamedTensors } from '../../src/import/source-graph.js';
import type { Graph, Shape } from '../../src/ir/graph.js';
import { loadRules } from '../../src/lang/load.js';
import { zooEntries, zooModel } from '../zoo/fetch.mjs';

const graphModels = (await zooEntries()).filter(({ format }) => format.startsWith('graph'));

beforeAll(async () => {
  await tf.setBackend('wasm');
});

function atBatchOne(shape: Shape): number[] {
  return shape.map((dim) => (typeof dim === 'number' ? dim : dim.batch));
}

/** The same numbers every time: images of 0 to 255 where whole numbers are asked for, else of 0 to 1. */
function makeInputs(graph: Graph): NamedTensors {
  return Object.fromEntries(
    graph.inputs.map(({ name, value }): [string, NamedTensor] => {
      const { dtype, shape } = graph.values[value]!;
      const sizes = atBatchOne(shape);
      const count = sizes.reduce((product, size) => product * size, 1);
      let state = 1;
      const next = (): number => (state = (state * 48271) % 2147483647) / 2147483647;
      const data =
        dtype === 'int32'
          ? Int32Array.from({ length: count }, () => Math.floor(next() * 256))
          : Float32Array.from({ length: count }, next);
      return [name, { dtype, shape: sizes, data }];
    }),
  );
}

describe('the zoo', () => {
  test.each(graphModels.map(({ name }) => name))(
    '%s',
    async (name) => {
      const model = await readModel(await zooModel(name), { inputShapes: {} });
      const rules = loadRules([]);
      const { graph, weights, tail } = importGraph(model.graph, model.weights, rules);
      expect(tail?.why).toBe(
        name === 'handtrack' ? 'how many boxes are left depends on their scores' : undefined,
      );
      const inputs = makeInputs(graph);
      const reference = await model.reference(graph.outputs.map((output) => output.name));
      const wanted = await reference.run(inputs);
      reference.dispose();
      const found = await runGraph(graph, weights, rules, inputs, tf);
      for (const { name: output, value } of graph.outputs) {
        const { dtype, shape } = graph.values[value]!;
        expect({ dtype, shape: atBatchOne(shape) }).toEqual({
          dtype: wanted[output]!.dtype,
          shape: wanted[output]!.shape,
        });
        expect(difference(found[output]!, wanted[output]!)).toBeLessThan(1e-6);
      }
    },
    300_000,
  );
});

/** The largest difference, relative to the largest number. */
function difference(found: NamedTensor, wanted: NamedTensor): number {
  let largest = 0;
  let scale = 0;
  wanted.data.forEach((value, i) => {
    largest = Math.max(largest, Math.abs(value - found.data[i]!));
    scale = Math.max(scale, Math.abs(value));
  });
  return largest / scale;
}
