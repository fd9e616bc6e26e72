/** PyTorch does not run here: what the model itself makes of some inputs comes with the trace. */
import { fail } from '../../diagnostics/diagnostic.js';
import { readLayout } from '../../files/safetensors.js';
import type { NamedTensor, NamedTensors, Reference, SourceExample } from '../source-graph.js';
import { formatSizes } from './element-types.js';
import { namedTensor } from './tensors.js';
import type { TraceExample } from './trace-file.js';

/** The example runs that a file holds. */
export function readExamples(
  examples: readonly TraceExample[],
  bytes: Uint8Array,
  file: string,
): readonly SourceExample[] {
  const layout = readLayout(bytes, formatSizes, file);
  const read = (names: ReadonlyMap<string, string>): NamedTensors =>
    Object.fromEntries([...names].map(([name, stored]) => [name, namedTensor(layout, stored, file)]));
  return examples.map(({ name, inputs, outputs }) => ({
    name,
    inputs: read(inputs),
    outputs: read(outputs),
  }));
}

/** Answers for the inputs of the examples, and no others. */
export function exampleReference(
  examples: readonly SourceExample[],
  outputs: readonly string[],
  file: string,
): Reference {
  if (examples.length === 0) {
    fail({
      code: 'E228',
      message: 'the trace has no examples to verify with',
      where: file,
      why: 'PyTorch does not run here, so the tracer writes example inputs and what the model makes of them',
      help: 'trace the model again with --examples 2, or compile with --no-verify',
    });
  }
  return {
    run: (inputs) => {
      const example = examples.find((one) => sameTensors(one.inputs, inputs));
      if (example === undefined) {
        return fail({
          code: 'E228',
          message: 'the trace has no example of these inputs',
          where: file,
          why: `PyTorch does not run here; what is known of the model are ${examples.length} examples`,
          help: 'run the model with the inputs of its examples',
        });
      }
      return Promise.resolve(
        Object.fromEntries(outputs.map((name) => [name, outputOf(example, name, file)])),
      );
    },
    dispose: () => undefined,
  };
}

function outputOf(example: SourceExample, name: string, file: string): NamedTensor {
  if (Object.hasOwn(example.outputs, name)) return example.outputs[name]!;
  return fail({
    code: 'E228',
    message: `the trace's examples have no output ${JSON.stringify(name)}`,
    where: file,
    why: `they have ${Object.keys(example.outputs).join(', ')}`,
    help: 'only the outputs of the whole model can be verified',
  });
}

function sameTensors(a: NamedTensors, b: NamedTensors): boolean {
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && sameTensor(a[name]!, b[name]!))
  );
}

function sameTensor(a: NamedTensor, b: NamedTensor): boolean {
  if (a === b) return true;
  return (
    a.dtype === b.dtype &&
    a.shape.length === b.shape.length &&
    a.shape.every((size, axis) => size === b.shape[axis]) &&
    a.data.length === b.data.length &&
    a.data.every((value, i) => Object.is(value, b.data[i]))
  );
}
