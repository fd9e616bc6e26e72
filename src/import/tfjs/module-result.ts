/** What a module's function returned: a model or a function, and its inputs. Anything else is explained. */
import type * as Tf from '@tensorflow/tfjs';
import { fail } from '../../diagnostics/diagnostic.js';
import type { Shape } from '../../ir/graph.js';
import type { ReadOptions } from '../source-graph.js';
import type { OpenShape } from '../input-shapes.js';
import { graphSubject, layersSubject, traceInputs } from './model-subjects.js';
import type { InputChoices } from './model-subjects.js';
import { describe } from './outputs.js';
import type { Locate } from './places.js';
import { asTensorData, isDType } from './recorder.js';
import type { TraceInput, TraceSubject } from './run.js';
import type { WholeTensorFlow } from './tensorflow.js';

const expected =
  'return { function, inputs }, such as { function: (x) => x.relu(), inputs: { x: [null, 4] } }, or { model }\n' +
  'with a LayersModel or a GraphModel; null stands for the batch';

interface GivenInput {
  readonly dtype: string;
  /** Null where it is open, and as a whole where an example shows one shape of many. */
  readonly shape: OpenShape;
  readonly example?: TraceInput['example'];
}

/** The subject of the trace that a module's result stands for. */
export function moduleSubject(
  tf: WholeTensorFlow,
  name: string,
  result: unknown,
  options: ReadOptions,
  locate: Locate,
): TraceSubject {
  if (typeof result !== 'object' || result === null) {
    return fail({
      code: 'E261',
      message: `the default export of ${name} returned ${describe(result)}`,
      where: name,
      why: 'it must return what is to be compiled',
      help: expected,
    });
  }
  const { model, function: run, inputs } = result as Readonly<Record<string, unknown>>;
  if ((model === undefined) === (run === undefined)) {
    fail({
      code: 'E261',
      message: `the default export of ${name} returned ${model === undefined ? 'neither a model nor a function' : 'a model and a function'}`,
      where: name,
      why: `it returned ${describe(result)}`,
      help: expected,
    });
  }
  const given = readInputs(tf, name, inputs);
  if (model !== undefined) return modelSubject(tf, name, model, given, options, locate);
  if (typeof run === 'function') {
    return functionSubject(name, run as (...args: unknown[]) => unknown, given, options, locate);
  }
  return fail({
    code: 'E261',
    message: `\`function\` is ${describe(run)}`,
    where: name,
    why: 'it must be a function from tensors to tensors',
    help: expected,
  });
}

function modelSubject(
  tf: WholeTensorFlow,
  name: string,
  model: unknown,
  given: ReadonlyMap<string, GivenInput>,
  options: ReadOptions,
  locate: Locate,
): TraceSubject {
  const shapes = [...given].map(([key, { shape }]): [string, Shape] => [
    key,
    shape.map((size, i) => (size === null ? (i === 0 ? { batch: 1 } : -1) : size)),
  ]);
  const choices: InputChoices = {
    shapes: { ...Object.fromEntries(shapes), ...options.inputShapes },
    examples: examplesOf(given),
  };
  if (model instanceof tf.LayersModel) return layersSubject(name, model, choices, locate);
  if (model instanceof tf.GraphModel) return graphSubject(name, model as Tf.GraphModel, choices, locate);
  const foreign = typeof model === 'object' && model !== null && 'predict' in model;
  return fail({
    code: 'E261',
    message: '`model` is neither a LayersModel nor a GraphModel of this TensorFlow.js',
    where: name,
    why: foreign ? 'it comes from another copy of TensorFlow.js' : `it is ${describe(model)}`,
    help: foreign ? 'make it with the `tf` that the module is given' : expected,
  });
}

/** A function takes its one input as a tensor, or several as an object by their names. */
function functionSubject(
  name: string,
  run: (...args: unknown[]) => unknown,
  given: ReadonlyMap<string, GivenInput>,
  { inputShapes }: ReadOptions,
  locate: Locate,
): TraceSubject {
  if (given.size === 0) {
    fail({
      code: 'E260',
      message: `${name} says nothing about the inputs of its function`,
      where: name,
      why: 'the function is run on tensors of these shapes',
      help: expected,
    });
  }
  const names = [...given.keys()];
  const declared = [...given].map(([key, { dtype, shape, example }]) => ({
    name: key,
    dtype,
    // An example has one shape of many: --input may state any other.
    shape: example !== undefined && Object.hasOwn(inputShapes, key) ? null : shape,
  }));
  return {
    name,
    inputs: traceInputs(name, declared, { shapes: inputShapes, examples: examplesOf(given) }),
    outputNames: null,
    run: (tensors) =>
      names.length === 1
        ? run(tensors[0])
        : run(Object.fromEntries(names.map((key, i) => [key, tensors[i]]))),
    names: new Map(),
    locate,
  };
}

function examplesOf(given: ReadonlyMap<string, GivenInput>): InputChoices['examples'] {
  return Object.fromEntries(
    [...given].filter(([, { example }]) => example !== undefined).map(([key, { example }]) => [key, example]),
  );
}

/** Inputs by name: an example tensor, a shape, or `{ shape, dtype }`. */
function readInputs(tf: WholeTensorFlow, name: string, inputs: unknown): ReadonlyMap<string, GivenInput> {
  if (inputs === undefined) return new Map();
  if (typeof inputs !== 'object' || inputs === null || Array.isArray(inputs) || inputs instanceof tf.Tensor) {
    return fail({
      code: 'E260',
      message: `\`inputs\` is ${inputs instanceof tf.Tensor ? 'a tensor' : describe(inputs)}`,
      where: name,
      why: 'inputs have names, which the compiled model uses too',
      help: 'give an object from names to shapes or example tensors: { x: [null, 4] }',
    });
  }
  return new Map(Object.entries(inputs).map(([key, value]) => [key, readInput(tf, name, key, value)]));
}

function readInput(tf: WholeTensorFlow, name: string, key: string, value: unknown): GivenInput {
  if (value instanceof tf.Tensor && !value.isDisposed && isDType(value.dtype)) {
    const { dtype, shape } = value;
    const data = asTensorData(value.dataSync(), dtype).slice();
    return { dtype, shape: [...shape], example: { dtype, shape: [...shape], data } };
  }
  const record = (Array.isArray(value) ? { shape: value } : value) as { shape?: unknown; dtype?: unknown };
  const { shape, dtype = 'float32' } = typeof record === 'object' && record !== null ? record : {};
  if (!(value instanceof tf.Tensor) && isOpenShape(shape) && typeof dtype === 'string' && isDType(dtype)) {
    return { dtype, shape: shape.map((size) => (size === -1 ? null : size)) };
  }
  return fail({
    code: 'E260',
    message: `the input ${JSON.stringify(key)} is ${value instanceof tf.Tensor ? 'no usable tensor' : describe(value)}`,
    where: name,
    why: 'an input is an example tensor of float32, int32 or bool, a shape, or { shape, dtype }',
    help: `write its shape, with null for the batch: inputs: { ${JSON.stringify(key)}: [null, 4] }`,
  });
}

function isOpenShape(shape: unknown): shape is OpenShape {
  return (
    Array.isArray(shape) &&
    shape.every(
      (size: unknown) =>
        size === null || (typeof size === 'number' && Number.isSafeInteger(size) && size >= -1),
    )
  );
}
