/** LayersModels and GraphModels as subjects of a trace. */
import type * as Tf from '@tensorflow/tfjs';
import { fail } from '../../diagnostics/diagnostic.js';
import type { DType, Shape } from '../../ir/graph.js';
import { resolveShapes } from '../input-shapes.js';
import type { OpenShape } from '../input-shapes.js';
import { Names } from './names.js';
import type { Locate } from './places.js';
import { isDType } from './recorder.js';
import type { TraceInput, TraceSubject } from './run.js';

/** What a model's own declaration says about its inputs, before the user's shapes. */
interface DeclaredInput {
  readonly name: string;
  readonly dtype: string;
  readonly shape: OpenShape | null;
}

/** What the user says about inputs. */
export interface InputChoices {
  readonly shapes: Readonly<Record<string, Shape>>;
  readonly examples: Readonly<Record<string, TraceInput['example']>>;
}

export const authorsPlace: Locate = (place) => place;

/** Runs the model's layers; outputs and parameters have the names that the model gives them. */
export function layersSubject(
  name: string,
  model: Tf.LayersModel,
  choices: InputChoices,
  locate: Locate,
): TraceSubject {
  if (model.inputs.length === 0) {
    fail({
      code: 'E261',
      message: `${name} is a model without layers`,
      where: name,
      why: 'there is nothing to compile, and no input to trace it with',
      help: 'add layers, the first of them with an inputShape',
    });
  }
  // A Sequential has no names until it is built, which would else happen in its first run.
  if (!model.built) model.build(model.inputs[0]!.shape);
  const declared = model.inputs.map((input, i) => ({
    name: model.inputNames[i]!,
    dtype: input.dtype,
    shape: input.shape as OpenShape,
  }));
  return {
    name,
    inputs: traceInputs(name, declared, choices),
    outputNames: uniqueNames(model.outputNames),
    // `predict` would cut the batch into pieces of 32 first; `call` is what it runs on each.
    run: (inputs) => model.call([...inputs], {}),
    names: new Map(model.weights.map((weight) => [weight.read().id, weight.originalName])),
    locate,
  };
}

/** Runs a GraphModel with its own executor. */
export function graphSubject(
  name: string,
  model: Tf.GraphModel,
  choices: InputChoices,
  locate: Locate,
): TraceSubject {
  const declared = model.inputs.map(({ dtype, shape }, i) => ({
    name: model.inputNodes[i]!,
    dtype: dtype ?? 'float32',
    shape: shape === undefined ? null : shape.map((size) => (size < 0 ? null : size)),
  }));
  return {
    name,
    inputs: traceInputs(name, declared, choices),
    outputNames: uniqueNames(model.outputNodes),
    run: (inputs) => {
      const fed = Object.fromEntries(declared.map((input, i) => [input.name, inputs[i]!]));
      return model.execute(fed, model.outputNodes);
    },
    names: new Map(
      Object.entries(model.weights).flatMap(([key, tensors]) => tensors.map(({ id }) => [id, key] as const)),
    ),
    locate,
  };
}

/** Inputs with all that is known about them; only the batch is symbolic. */
export function traceInputs(
  model: string,
  declared: readonly DeclaredInput[],
  { shapes, examples }: InputChoices,
): TraceInput[] {
  const resolved = resolveShapes(
    declared.map(({ name, shape }) => ({ name, own: shape })),
    shapes,
    model,
  );
  return declared.map(({ name, dtype }, i) => ({
    name,
    dtype: checkType(name, dtype, model),
    shape: resolved[i]!,
    ...(Object.hasOwn(examples, name) ? { example: examples[name] } : {}),
  }));
}

function checkType(name: string, dtype: string, model: string): DType {
  if (isDType(dtype)) return dtype;
  const where = `input ${JSON.stringify(name)} of ${model}`;
  return fail({
    code: 'E256',
    message: `${where} has the type ${dtype}`,
    where,
    why: 'only float32, int32 and bool can be compiled',
    help: 'keep this part out of the exported model, before its inputs',
  });
}

/** A layer with several outputs gives them all its own name. */
function uniqueNames(names: readonly string[]): string[] {
  const unique = new Names();
  return names.map((name) => unique.unique(name));
}
