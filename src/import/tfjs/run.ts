/** One run of a model under the trace. */
import type * as Tf from '@tensorflow/tfjs';
import { DiagnosticError, fail } from '../../diagnostics/diagnostic.js';
import type { DType, Shape, TensorData } from '../../ir/graph.js';
import type { NamedTensor } from '../source-graph.js';
import type { Foresee } from './foresee.js';
import { namedOutputs } from './outputs.js';
import { codePlace, printPlace, ScopeStack, withLayerScopes } from './places.js';
import type { Locate } from './places.js';
import { generator, withSeededRandom } from './random.js';
import { Recorder } from './recorder.js';
import type { ParameterCache, StepListener } from './recorder.js';
import type { Recording } from './recording.js';
import type { TensorFlow } from './tensorflow.js';
import { recordKernels, type MakeEmpty } from './trace-backend.js';

export interface TraceInput {
  readonly name: string;
  readonly dtype: DType;
  /** `{ batch: 1 }` where the size follows the batch. */
  readonly shape: Shape;
  /** Values that make sense to the model, where it gave some; they are repeated to fill the shape. */
  readonly example?: NamedTensor;
}

/** What is to be traced. */
export interface TraceSubject {
  readonly name: string;
  readonly inputs: readonly TraceInput[];
  /** Names of the outputs, where the model has some; else they follow from what it returns. */
  readonly outputNames: readonly string[] | null;
  /** Runs the model: a tensor, a list of tensors, or tensors by name; or a promise of these. */
  run(inputs: readonly Tf.Tensor[]): unknown;
  /** Names of the model's tensors by id, beyond those that variables have of their own. */
  readonly names: ReadonlyMap<number, string>;
  readonly locate: Locate;
}

/**
 * Runs the model once with a batch of the given size and data that follow from `seed`.
 * @param foresee Tells results of kernels that depend on the inputs: what it tells is not computed.
 * @param computes Whether it may have to be computed all the same.
 */
export function runOnce(
  tf: TensorFlow,
  subject: TraceSubject,
  batch: number,
  seed: number,
  parameters: ParameterCache,
  foresee: Foresee | null = null,
  computes = true,
): Promise<Recording> {
  return record(tf, subject, { batch, seed, parameters, foresee, computes }, (empty) =>
    subject.inputs.map((input, i) =>
      foresee === null
        ? makeInput(tf, input, batch, seed + i)
        : empty({ dtype: input.dtype, shape: sizesOf(input, batch) }),
    ),
  );
}

/** One result of one kernel call, counted in the order of a recording's nodes. */
export interface StepResult {
  readonly step: number;
  readonly output: number;
}

/** Runs the model once on given inputs, and reads results of single kernels. */
export async function readSteps(
  tf: TensorFlow,
  subject: TraceSubject,
  inputs: () => Tf.Tensor[],
  wanted: readonly StepResult[],
): Promise<NamedTensor[]> {
  const found = new Map<string, NamedTensor>();
  const steps = new Set(wanted.map(({ step }) => step));
  const onStep: StepListener = (step, read) => {
    if (steps.has(step)) read().forEach((value, output) => found.set(`${step}:${output}`, value));
  };
  await record(
    tf,
    subject,
    { batch: 1, seed: 0, parameters: new Map(), foresee: null, computes: true, onStep },
    inputs,
  );
  return wanted.map(({ step, output }) => found.get(`${step}:${output}`)!);
}

interface RecordOptions {
  readonly batch: number;
  readonly seed: number;
  readonly parameters: ParameterCache;
  readonly foresee: Foresee | null;
  readonly computes: boolean;
  readonly onStep?: StepListener;
}

async function record(
  tf: TensorFlow,
  subject: TraceSubject,
  { seed, computes, ...options }: RecordOptions,
  inputs: (empty: MakeEmpty) => Tf.Tensor[],
): Promise<Recording> {
  const engine = tf.engine();
  engine.startScope(subject.name);
  try {
    const scopes = new ScopeStack(tf);
    const { names, locate } = subject;
    const recorder = new Recorder(tf, { ...options, names, scopes, locate });
    return await recordKernels(tf, recorder, computes, async (empty) => {
      const tensors = inputs(empty);
      tensors.forEach((tensor) => {
        recorder.input(tensor);
      });
      return withSeededRandom(
        seed,
        () => withLayerScopes(tf, scopes, () => execute(tf, subject, tensors, recorder)),
        () => {
          recorder.drawing();
        },
      );
    });
  } finally {
    engine.endScope();
  }
}

async function execute(
  tf: TensorFlow,
  subject: TraceSubject,
  tensors: readonly Tf.Tensor[],
  recorder: Recorder,
): Promise<Recording> {
  try {
    const result: unknown = await subject.run(tensors);
    return recorder.finish(namedOutputs(tf, result, subject));
  } catch (error) {
    throw recorder.refusal() ?? (error instanceof DiagnosticError ? error : thrown(error, subject, tensors));
  }
}

/** An error of the model's own, as a diagnostic. */
function thrown(error: unknown, subject: TraceSubject, tensors: readonly Tf.Tensor[]): unknown {
  const place = error instanceof Error ? codePlace(error.stack, subject.locate) : null;
  const shapes = subject.inputs.map(({ name }, i) => `${name}: [${tensors[i]!.shape.join(', ')}]`).join(', ');
  return new DiagnosticError([
    {
      severity: 'error',
      code: 'E254',
      message: `${subject.name} failed while it ran`,
      where: place === null ? subject.name : printPlace(place),
      why: `${error instanceof Error ? error.message : String(error)}\nits inputs were ${shapes}`,
      help: 'check that the model runs with inputs of these shapes; --input NAME=SHAPE states others',
    },
  ]);
}

function makeInput(tf: TensorFlow, input: TraceInput, batch: number, seed: number): Tf.Tensor {
  const shape = sizesOf(input, batch);
  const size = shape.reduce((product, n) => product * n, 1);
  const { dtype, example } = input;
  const data =
    example === undefined ? randomData(dtype, size, seed) : repeated(dtype, example.data, size, seed);
  return tf.tensor(data, shape, dtype);
}

function sizesOf({ shape }: TraceInput, batch: number): number[] {
  return shape.map((dim) => (typeof dim === 'number' ? dim : dim.batch * batch));
}

/** Reals in [0, 1); whole numbers 0 and 1, which are also valid indices almost everywhere. */
function randomData(dtype: DType, size: number, seed: number): TensorData {
  const next = generator(seed);
  const data = emptyData(dtype, size);
  for (let i = 0; i < size; i++) data[i] = dtype === 'float32' ? next() : next() < 0.5 ? 0 : 1;
  return data;
}

/** The example's values in turn, from another one on in every run. */
function repeated(dtype: DType, values: TensorData, size: number, seed: number): TensorData {
  const data = emptyData(dtype, size);
  for (let i = 0; i < size; i++) data[i] = values[(i + seed) % values.length]!;
  return data;
}

/** The largest input that is made for a trace: 1 GiB of floats. */
const maxInputSize = 2 ** 28;

function emptyData(dtype: DType, size: number): TensorData {
  if (size > maxInputSize) {
    fail({
      code: 'E257',
      message: `an input of ${size} numbers is too large to trace`,
      where: 'the inputs',
      help: 'state smaller shapes with --input NAME=SHAPE',
    });
  }
  if (dtype === 'float32') return new Float32Array(size);
  return dtype === 'int32' ? new Int32Array(size) : new Uint8Array(size);
}
