/** A model in its own runtime, for verification. */
import type * as Tf from '@tensorflow/tfjs';
import { fail } from '../../diagnostics/diagnostic.js';
import type { NamedTensor, NamedTensors, Reference } from '../source-graph.js';
import { isDType } from './recorder.js';
import type { TensorFlow } from './tensorflow.js';

export interface Runtime {
  readonly inputNames: readonly string[];
  /** Runs the model on tensors in the order of `inputNames`; results by the names of the graph's outputs. */
  run(
    inputs: readonly Tf.Tensor[],
  ): Promise<readonly { readonly name: string; readonly tensor: Tf.Tensor }[]>;
  dispose(): void;
}

/** A reference that computes the outputs `asked`, or all of them. */
export function makeReference(
  tf: TensorFlow,
  runtime: Runtime,
  asked: readonly string[] | undefined,
): Reference {
  return {
    async run(inputs) {
      const engine = tf.engine();
      engine.startScope('reference');
      try {
        const tensors = runtime.inputNames.map((name) => toTensor(tf, inputs, name));
        const results = await runtime.run(tensors);
        const named: [string, NamedTensor][] = [];
        for (const name of asked ?? results.map((result) => result.name)) {
          const result = results.find((candidate) => candidate.name === name);
          named.push([name, await toNamedTensor(name, result?.tensor)]);
        }
        return Object.fromEntries(named);
      } finally {
        engine.endScope();
      }
    },
    dispose: () => {
      runtime.dispose();
    },
  };
}

function toTensor(tf: TensorFlow, inputs: NamedTensors, name: string): Tf.Tensor {
  const given = Object.hasOwn(inputs, name) ? inputs[name] : undefined;
  if (given === undefined) throw new Error(`the model's input ${JSON.stringify(name)} was not given`);
  return tf.tensor(given.data, [...given.shape], given.dtype);
}

async function toNamedTensor(name: string, tensor: Tf.Tensor | undefined): Promise<NamedTensor> {
  if (tensor === undefined || !isDType(tensor.dtype)) {
    return fail({
      code: 'E265',
      message: `the model's own runtime does not give the output ${JSON.stringify(name)}`,
      where: `output ${JSON.stringify(name)}`,
      why: 'a model that is code can be compared at its own outputs only',
      help: 'export a model that returns this value',
    });
  }
  return { dtype: tensor.dtype, shape: [...tensor.shape], data: await tensor.data<'float32'>() };
}
