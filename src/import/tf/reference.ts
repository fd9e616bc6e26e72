/** The model in its own runtime, for verification. TensorFlow.js is loaded only here. */
import type * as Tf from '@tensorflow/tfjs-core';
import type { NamedTensor, NamedTensors, Reference } from '../source-graph.js';
import type { ModelFiles } from '../files/model-files.js';
import { field } from '../files/json.js';

/** Loads the model with `loadGraphModel` from memory; `outputs` may name any node of the graph. */
export async function loadReference(files: ModelFiles, outputs: readonly string[]): Promise<Reference> {
  const [tf, { loadGraphModel }] = await Promise.all([
    import('@tensorflow/tfjs-core'),
    import('@tensorflow/tfjs-converter'),
  ]);
  const model = await loadGraphModel({ load: () => Promise.resolve(artifacts(files)) } as Tf.io.IOHandler);
  let usesControlFlow = false;

  const execute = async (inputs: Tf.NamedTensorMap): Promise<Tf.Tensor[]> => {
    if (!usesControlFlow) {
      try {
        return asList(model.execute(inputs, [...outputs]));
      } catch (error) {
        // The runtime says so itself when a model has to be run asynchronously.
        if (!(error instanceof Error) || !error.message.includes('executeAsync')) throw error;
        usesControlFlow = true;
      }
    }
    return asList(await model.executeAsync(inputs, [...outputs]));
  };

  return {
    async run(inputs) {
      const tensors = Object.fromEntries(
        Object.entries(inputs).map(([name, { data, shape, dtype }]) => [
          name,
          tf.tensor(data, [...shape], dtype),
        ]),
      );
      const results = await execute(tensors);
      const named: [string, NamedTensor][] = [];
      for (const [i, name] of outputs.entries()) named.push([name, await asNamedTensor(results[i]!)]);
      // An output may be an input, handed through: dispose each tensor once.
      tf.dispose([...new Set([...results, ...Object.values(tensors)])]);
      return Object.fromEntries(named) satisfies NamedTensors;
    },
    dispose: () => model.dispose(),
  };
}

/** Fresh objects, because the runtime writes into the ones it is given. */
function artifacts(files: ModelFiles): Tf.io.ModelArtifacts {
  const json = structuredClone(files.json) as unknown as Tf.io.ModelJSON;
  return {
    ...json,
    modelTopology: { versions: {}, ...(json.modelTopology as object) },
    weightSpecs: json.weightsManifest.flatMap(({ weights }) => weights),
    weightData: files.groups.map(({ bytes }) => new Uint8Array(bytes).buffer),
    ...(field(files.json, 'signature') === undefined ? { signature: undefined } : {}),
  };
}

function asList(tensors: Tf.Tensor | Tf.Tensor[]): Tf.Tensor[] {
  return Array.isArray(tensors) ? tensors : [tensors];
}

async function asNamedTensor(tensor: Tf.Tensor): Promise<NamedTensor> {
  if (tensor.dtype !== 'float32' && tensor.dtype !== 'int32' && tensor.dtype !== 'bool') {
    throw new Error(`the runtime returned a tensor of type ${tensor.dtype}`);
  }
  return { dtype: tensor.dtype, shape: [...tensor.shape], data: await tensor.data() };
}
