/** A model in its own runtime, for verification. */
import type * as Tf from '@tensorflow/tfjs';
import { fail } from '../../diagnostics/diagnostic.js';
import type { NamedTensor, NamedTensors, Reference } from '../source-graph.js';
import { parseRef } from './build-source-graph.js';
import type { BuiltGraph } from './build-source-graph.js';
import type { NamedOutput } from './outputs.js';
import { isDType } from './recorder.js';
import { readSteps } from './run.js';
import type { StepResult, TraceSubject } from './run.js';
import type { TensorFlow } from './tensorflow.js';

export interface Runtime {
  /** The model as it is traced. */
  readonly subject: TraceSubject;
  /** The model as its users run it: results by the names of the graph's outputs. */
  run(inputs: readonly Tf.Tensor[]): Promise<readonly NamedOutput[]>;
  dispose(): void;
}

/**
 * A reference that computes the outputs `asked`, or all of them. Results of nodes, which stand in for outputs that can't
 * be compiled, are read off the kernels while the model runs.
 */
export function makeReference(
  tf: TensorFlow,
  runtime: Runtime,
  { graph, steps }: BuiltGraph,
  asked: readonly string[] | undefined,
): Reference {
  const own = graph.outputs.map(({ name }) => name);
  const names = asked ?? own;
  const inner = names.filter((name) => !own.includes(name));
  const wanted = inner.map((name) => findStep(graph, steps, name));
  const missing = wanted.indexOf(null);
  if (missing >= 0) {
    runtime.dispose();
    unknownOutput(inner[missing]!);
  }
  const results = wanted.filter((result) => result !== null);

  const compute = async (inputs: NamedTensors): Promise<Map<string, NamedTensor>> => {
    const tensors = (): Tf.Tensor[] => graph.inputs.map(({ name }) => toTensor(tf, inputs, name));
    const values = new Map<string, NamedTensor>();
    if (inner.length > 0) {
      const read = await readSteps(tf, runtime.subject, tensors, results);
      read.forEach((value, i) => values.set(inner[i]!, value));
    }
    if (inner.length < names.length) {
      for (const { name, tensor } of await runtime.run(tensors())) {
        values.set(name, await toNamedTensor(name, tensor));
      }
    }
    return values;
  };

  return {
    async run(inputs) {
      const engine = tf.engine();
      engine.startScope('reference');
      try {
        const values = await compute(inputs);
        return Object.fromEntries(names.map((name) => [name, values.get(name) ?? unknownOutput(name)]));
      } finally {
        engine.endScope();
      }
    },
    dispose: () => {
      runtime.dispose();
    },
  };
}

function findStep(graph: BuiltGraph['graph'], steps: BuiltGraph['steps'], name: string): StepResult | null {
  const ref = parseRef(graph, name);
  const step = ref === null ? undefined : steps.get(ref.node);
  return ref === null || step === undefined ? null : { step, output: ref.output };
}

function toTensor(tf: TensorFlow, inputs: NamedTensors, name: string): Tf.Tensor {
  const given = Object.hasOwn(inputs, name) ? inputs[name] : undefined;
  if (given === undefined) throw new Error(`the model's input ${JSON.stringify(name)} was not given`);
  return tf.tensor(given.data, [...given.shape], given.dtype);
}

async function toNamedTensor(name: string, tensor: Tf.Tensor): Promise<NamedTensor> {
  if (!isDType(tensor.dtype)) return unknownOutput(name);
  return { dtype: tensor.dtype, shape: [...tensor.shape], data: await tensor.data<'float32'>() };
}

function unknownOutput(name: string): never {
  return fail({
    code: 'E265',
    message: `the model's own runtime does not give the output ${JSON.stringify(name)}`,
    where: `output ${JSON.stringify(name)}`,
    why: 'it is neither an output of the model nor the result of a kernel',
    help: 'export a model that returns this value',
  });
}
