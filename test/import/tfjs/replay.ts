/** Runs a traced graph kernel by kernel, with TensorFlow.js's own kernels: what the trace must be good for. */
import type { Attr } from '../../../src/ir/graph.js';
import { loadTensorFlow, onBackend } from '../../../src/import/tfjs/tensorflow.js';
import type { NamedTensors, SourceModel } from '../../../src/import/source-graph.js';
import type * as Tf from '@tensorflow/tfjs';

/** The values of the graph's outputs for a batch of the given size. */
export async function replay(
  { graph, weights }: SourceModel,
  inputs: NamedTensors,
  batch: number,
): Promise<Record<string, number[]>> {
  const tf = await loadTensorFlow();
  return onBackend(tf, 'cpu', async () => {
    const engine = tf.engine();
    engine.startScope('replay');
    try {
      const values = new Map<string, readonly Tf.Tensor[]>();
      for (const { name, dtype } of graph.inputs) {
        values.set(name, [tf.tensor(inputs[name]!.data, [...inputs[name]!.shape], dtype)]);
      }
      for (const { name, dtype, shape } of graph.constants) {
        values.set(name, [tf.tensor(weights.get(name), [...shape], dtype)]);
      }
      for (const node of graph.nodes) {
        const args = node.inputs.map(({ name, node: from, output }) => ({
          name,
          tensor: values.get(from)![output]!,
        }));
        const list = args.every(({ name }) => name === '') && args.length > 0;
        const named = list
          ? args.map(({ tensor }) => tensor)
          : Object.fromEntries(args.map(({ name, tensor }) => [name, tensor]));
        const attrs = concrete(node.attrs, batch);
        const results: Tf.Tensor | Tf.Tensor[] = engine.runKernel(
          node.type,
          named as unknown as Tf.NamedTensorMap,
          attrs as unknown as Tf.NamedAttrMap,
        );
        const tensors = Array.isArray(results) ? results : [results];
        const shapes = node.types!.map(({ shape }) => concrete(shape, batch));
        const actual = tensors.map(({ shape }) => shape);
        if (JSON.stringify(actual) !== JSON.stringify(shapes)) {
          throw new Error(
            `${node.name} is ${JSON.stringify(actual)}, the trace says ${JSON.stringify(shapes)}`,
          );
        }
        values.set(node.name, tensors);
      }
      return Object.fromEntries(
        await Promise.all(
          graph.outputs.map(async ({ name, ref }) => [
            name,
            [...(await values.get(ref.node)![ref.output]!.data<'float32'>())],
          ]),
        ),
      ) as Record<string, number[]>;
    } finally {
      engine.endScope();
    }
  });
}

function concrete(value: Attr, batch: number): Attr {
  if (Array.isArray(value)) return value.map((item: Attr) => concrete(item, batch));
  if (typeof value !== 'object' || value === null) return value;
  if ('batch' in value && typeof value.batch === 'number') return value.batch * batch;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, concrete(item as Attr, batch)]));
}

/** The largest difference between a replay and the model's own runtime, relative to the largest value. */
export async function replayDifference(
  model: SourceModel,
  inputs: NamedTensors,
  batch: number,
): Promise<number> {
  const replayed = await replay(model, inputs, batch);
  const reference = await model.reference();
  const expected = await reference.run(inputs);
  reference.dispose();
  let difference = 0;
  let scale = 0;
  for (const [name, { data }] of Object.entries(expected)) {
    data.forEach((value, i) => {
      difference = Math.max(difference, Math.abs(value - replayed[name]![i]!));
      scale = Math.max(scale, Math.abs(value));
    });
  }
  return difference / scale;
}
