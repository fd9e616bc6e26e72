/** The symbolic batch meets real tensors here. */
import { fail } from '../diagnostics/diagnostic.js';
import type { NamedTensors } from '../import/source-graph.js';
import type { Dim, Graph, Shape } from '../ir/graph.js';

/** A size with the batch filled in. */
export function concreteSize(size: Dim, batch: number): number {
  return typeof size === 'number' ? size : size.batch * batch;
}

/** A shape with the batch filled in. */
export function concreteShape(shape: Shape, batch: number): number[] {
  return shape.map((size) => concreteSize(size, batch));
}

/** Bytes of the largest value that a graph computes, for one example. */
export function largestOfExample({ values, parameters }: Graph): number {
  const bytes = (shape: Shape): number => concreteShape(shape, 1).reduce((size, length) => size * length, 4);
  return Object.keys(values).reduce(
    (most, id) => (id in parameters ? most : Math.max(most, bytes(values[id]!.shape))),
    0,
  );
}

/** Checks that the inputs are those of a graph, and finds the batch size; 1 where no input has a symbolic batch. */
export function batchOfInputs(graph: Graph, inputs: NamedTensors): number {
  let batch: number | null = null;
  for (const { name, value } of graph.inputs) {
    const { shape, dtype } = graph.values[value]!;
    const input = Object.hasOwn(inputs, name) ? inputs[name] : undefined;
    if (input === undefined) return wrongInput(name, 'it is missing');
    if (input.dtype !== dtype) wrongInput(name, `it is ${input.dtype}, not ${dtype}`);
    if (input.shape.length !== shape.length)
      wrongInput(name, `it has ${input.shape.length} axes, not ${shape.length}`);
    shape.forEach((size, i) => {
      const given = input.shape[i]!;
      if (typeof size !== 'number') batch ??= given / size.batch;
      if (given !== concreteSize(size, batch ?? 1)) wrongInput(name, `axis ${i} has size ${given}`);
    });
  }
  return batch ?? 1;
}

function wrongInput(name: string, why: string): never {
  return fail({
    code: 'E509',
    message: `the input ${JSON.stringify(name)} does not fit the model`,
    where: `input ${JSON.stringify(name)}`,
    why: `${why[0]!.toUpperCase()}${why.slice(1)}.`,
    help: 'Give every input the shape and element type of the model’s signature.',
  });
}
