/** Reads a model that is code: a module whose default export is `async (tf) => ({ model })` or `({ function, inputs })`. */
import { createHash } from 'node:crypto';
import { basename, extname } from 'node:path';
import { DiagnosticError, fail } from '../../diagnostics/diagnostic.js';
import type { ReadOptions, Reference, SourceModel } from '../source-graph.js';
import { Belongings } from './belongings.js';
import { loadModule } from './load-module.js';
import type { LoadedModule } from './load-module.js';
import { moduleSubject } from './module-result.js';
import { describe, namedOutputs } from './outputs.js';
import { codePlace, printPlace } from './places.js';
import { withSeededRandom } from './random.js';
import type { TraceSubject } from './run.js';
import { makeReference } from './runtime.js';
import type { Runtime } from './runtime.js';
import { exclusively, loadTensorFlow, onBackend } from './tensorflow.js';
import type { WholeTensorFlow } from './tensorflow.js';
import { selectOutputs, trace, traceFingerprint } from './trace.js';
import type { BuiltGraph } from './build-source-graph.js';

/** Weights that a module draws at random are the same every time it is read. */
const weightSeed = 1;

/** Reads the module at `path` and traces what it exports. */
export async function readFunctionModule(path: string, options: ReadOptions): Promise<SourceModel> {
  const tf = await loadTensorFlow();
  return exclusively(async () => {
    const module = await onBackend(tf, 'cpu', () => loadModule(path));
    const name = basename(path, extname(path));
    const instantiate = (belongings: Belongings): Promise<TraceSubject> =>
      belongings.collect(async () =>
        moduleSubject(tf, name, await callExport(tf, path, module), options, module.locate),
      );
    const traced = await onBackend(tf, 'cpu', async () => {
      const belongings = new Belongings(tf);
      try {
        const subject = await instantiate(belongings);
        return await belongings.collect(() => trace(tf, subject));
      } finally {
        belongings.dispose();
      }
    });
    const fingerprint = traced.fingerprint();
    return {
      graph: selectOutputs(traced.graph, options.outputs),
      weights: traced.weights,
      hash: createHash('sha256').update(module.source).update(fingerprint).digest('hex'),
      reference: (outputs) =>
        exclusively(() =>
          loadReference(tf, path, instantiate, { ...traced, fingerprint }, outputs ?? options.outputs),
        ),
    };
  });
}

/** Calls the module's default export. */
async function callExport(
  tf: WholeTensorFlow,
  path: string,
  { exported, locate }: LoadedModule,
): Promise<unknown> {
  if (typeof exported !== 'function') {
    return fail({
      code: 'E267',
      message:
        exported === undefined ? `${path} has no default export` : `${path} exports ${describe(exported)}`,
      where: path,
      why: 'a module is given TensorFlow.js, and makes its model with it',
      help: 'export default async (tf) => ({ function: (x) => x.relu(), inputs: { x: [null, 4] } });',
    });
  }
  const make = exported as (tf: WholeTensorFlow) => unknown;
  try {
    return await withSeededRandom(weightSeed, async () => make(tf));
  } catch (error) {
    if (error instanceof DiagnosticError) throw error;
    const place = error instanceof Error ? codePlace(error.stack, locate) : null;
    throw new DiagnosticError([
      {
        severity: 'error',
        code: 'E254',
        message: `the default export of ${path} failed`,
        where: place === null ? path : printPlace(place),
        why: error instanceof Error ? error.message : String(error),
        help: 'the function is called with the tf namespace of @tensorflow/tfjs, on its cpu backend',
      },
    ]);
  }
}

/** Makes the model once more, and checks that it is the same one. */
async function loadReference(
  tf: WholeTensorFlow,
  path: string,
  instantiate: (belongings: Belongings) => Promise<TraceSubject>,
  traced: BuiltGraph & { readonly fingerprint: string },
  outputs: readonly string[] | undefined,
): Promise<Reference> {
  const belongings = new Belongings(tf);
  const subject = await onBackend(tf, 'cpu', async () => {
    const made = await instantiate(belongings);
    if ((await belongings.collect(() => traceFingerprint(tf, made))) === traced.fingerprint) return made;
    belongings.dispose();
    return fail({
      code: 'E264',
      message: `${path} makes another model every time it is called`,
      where: path,
      why: 'its weights or its kernels differ from those of the first call',
      help: 'load the weights from a file, or draw them with a seed: only Math.random and what uses it are repeatable',
    });
  });
  // Layers that have no name of their own are numbered through, so that the same model has other names now.
  const outputNames = subject.outputNames && traced.graph.outputs.map((output) => output.name);
  const runtime: Runtime = {
    subject,
    run: async (inputs) =>
      namedOutputs(tf, await belongings.collect(async () => subject.run(inputs)), {
        ...subject,
        outputNames,
      }),
    dispose: () => {
      belongings.dispose();
    },
  };
  return makeReference(tf, runtime, traced, outputs);
}
