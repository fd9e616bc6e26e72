/**
 * A model that is code, as a graph: it is run a few times under a trace of its kernels, with batches of different sizes
 * and different data, and what is the same in all runs is the graph.
 *
 * - Numbers that are equal in all runs are constant, numbers proportional to the batch are `{ batch: k }`; others are
 *   refused, as are runs whose kernels differ.
 * - What depends on no input and no parameter is computed here: it becomes a constant. Where it has the batch among its
 *   sizes, as the zeros do that a recurrent layer starts from, it must be the same all along the batch: it becomes a
 *   constant with size 1 there, and a node that repeats it.
 * - What no output needs is left out.
 */
import type * as Tf from '@tensorflow/tfjs';
import type { WeightStore } from '../../ir/graph.js';
import type { SourceGraph } from '../source-graph.js';
import { alignRecordings } from './align.js';
import { buildSourceGraph } from './build-source-graph.js';
import type { ParameterCache } from './recorder.js';
import type { Recording } from './recording.js';
import { runOnce } from './run.js';
import type { TraceSubject } from './run.js';
import type { TensorFlow } from './tensorflow.js';

export type { TraceInput, TraceSubject } from './run.js';

/** Two sizes show how numbers follow the batch; one is what most people run; five catches what small sizes hide. */
const batches = [2, 3, 1, 5];

export interface Trace {
  readonly graph: SourceGraph;
  readonly weights: WeightStore;
  /** The tensors that the model had before the last run, and so owns. */
  readonly constants: readonly Tf.Tensor[];
}

/** Traces a model. Its own tensors must be on the cpu backend, or on none. */
export async function trace(tf: TensorFlow, subject: TraceSubject): Promise<Trace> {
  const symbolic = subject.inputs.some(({ shape }) => shape.some((dim) => typeof dim !== 'number'));
  const parameters: ParameterCache = new Map();
  const recordings: Recording[] = [];
  let constants: readonly Tf.Tensor[] = [];
  // Without a batch, two runs with different data still show what depends on them.
  for (const [i, batch] of (symbolic ? batches : [1, 1]).entries()) {
    const run = await runOnce(tf, subject, batch, 1000 * (i + 1), parameters);
    recordings.push(run.recording);
    constants = run.constants;
  }
  const aligned = alignRecordings(subject.name, recordings);
  return { ...buildSourceGraph(subject, aligned), constants };
}
