/**
 * A model that is code, as a graph: it is run a few times under a trace of its kernels, with batches of different sizes
 * and different data, and what is the same in all runs is the graph.
 *
 * - The last of three runs checks the model's code only: its kernels give empty results of the sizes that follow from the
 *   first two. What kernels make of other sizes is for the rules to say, which are held against the trace.
 * - With rules that can tell the results of all kernels nothing is computed at all.
 * - Numbers that are equal in all runs are constant, numbers proportional to the batch are `{ batch: k }`; others are
 *   refused, as are runs whose kernels differ.
 * - What depends on no input and no parameter is computed here: it becomes a constant. Where it has the batch among its
 *   sizes, as the zeros do that a recurrent layer starts from, it must be the same all along the batch: it becomes a
 *   constant with size 1 there, and a node that repeats it.
 * - What no output needs is left out.
 */
import { createHash } from 'node:crypto';
import { DiagnosticError, fail } from '../../diagnostics/diagnostic.js';
import type { RuleSet } from '../../lang/ast.js';
import type { SourceGraph } from '../source-graph.js';
import { alignRecordings, type Aligned } from './align.js';
import { buildSourceGraph, parseRef } from './build-source-graph.js';
import type { BuiltGraph } from './build-source-graph.js';
import { asInRuns, byRules, type Foresee } from './foresee.js';
import type { ParameterCache } from './recorder.js';
import type { Recording } from './recording.js';
import { runOnce } from './run.js';
import type { TraceSubject } from './run.js';
import type { TensorFlow } from './tensorflow.js';

export type { TraceInput, TraceSubject } from './run.js';

/** Two sizes show how numbers follow the batch, one of them the one that most people run; the third checks it. */
const batches = [2, 1, 5];
const computedRuns = 2;

export interface Trace extends BuiltGraph {
  /** Makes a hash of all that the first run did: kernels, attributes, constants. */
  readonly fingerprint: () => string;
}

/**
 * Traces a model.
 * @param rules Where given, they are asked first what kernels give.
 */
export async function trace(
  tf: TensorFlow,
  subject: TraceSubject,
  rules: RuleSet | null = null,
): Promise<Trace> {
  if (rules === null) return tracedRuns(tf, subject, null);
  try {
    return await tracedRuns(tf, subject, byRules(rules));
  } catch (error) {
    // What the rules can't tell is computed; so is what seems wrong, to say in the model's own terms what it is.
    if (error instanceof DiagnosticError) return tracedRuns(tf, subject, null);
    throw error;
  }
}

async function tracedRuns(tf: TensorFlow, subject: TraceSubject, rules: Foresee | null): Promise<Trace> {
  const parameters: ParameterCache = new Map();
  const recordings: Recording[] = [];
  for (const [i, batch] of batchesOf(subject).entries()) {
    const aligned = i < computedRuns ? null : alignedSoFar(subject.name, recordings);
    const foresee = aligned === null ? rules : asInRuns(aligned, batch);
    recordings.push(await runOnce(tf, subject, batch, seedOf(i), parameters, foresee, rules === null));
  }
  const aligned = alignRecordings(subject.name, recordings);
  return { ...buildSourceGraph(subject, aligned), fingerprint: () => fingerprint(recordings[0]!) };
}

/** What the runs have in common; null where they differ, which one more run will show better. */
function alignedSoFar(model: string, recordings: readonly Recording[]): Aligned | null {
  try {
    return alignRecordings(model, recordings);
  } catch (error) {
    if (error instanceof DiagnosticError) return null;
    throw error;
  }
}

/** The fingerprint that a trace of the model would have now. */
export async function traceFingerprint(tf: TensorFlow, subject: TraceSubject): Promise<string> {
  return fingerprint(await runOnce(tf, subject, batchesOf(subject)[0]!, seedOf(0), new Map()));
}

/** The batch of every run. Without a symbolic size, two runs with different data still show what depends on them. */
function batchesOf({ inputs }: TraceSubject): readonly number[] {
  const symbolic = inputs.some(({ shape }) => shape.some((dim) => typeof dim !== 'number'));
  return symbolic ? batches : [1, 1];
}

function seedOf(run: number): number {
  return 1000 * (run + 1);
}

/** Names are left out: the engine numbers them through for the whole process, and so do layers. */
function fingerprint({ nodes, constants, outputs }: Recording): string {
  const hash = createHash('sha256');
  for (const { type, inputs, attrs } of nodes) hash.update(JSON.stringify([type, inputs, attrs]));
  for (const { dtype, shape, data } of constants) hash.update(JSON.stringify([dtype, shape])).update(data);
  return hash.update(JSON.stringify(outputs.map(({ ref }) => ref))).digest('hex');
}

/** The graph with the outputs that were asked for, by name: outputs of the model, or results of its nodes. */
export function selectOutputs(graph: SourceGraph, asked: readonly string[] | undefined): SourceGraph {
  if (asked === undefined) return graph;
  const outputs = asked.map((name) => {
    const own = graph.outputs.find((output) => output.name === name);
    if (own !== undefined) return own;
    const ref = parseRef(graph, name);
    if (ref !== null) return { name, ref };
    return fail({
      code: 'E215',
      message: `the model has no node named ${JSON.stringify(name)}`,
      where: graph.name,
      why: 'it was asked for as an output',
      help: `name an output of the model (${graph.outputs.map((o) => o.name).join(', ')}) or a node, as \`ir\` shows them`,
    });
  });
  return { ...graph, outputs };
}
