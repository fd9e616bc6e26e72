/** Reads a TensorFlow.js LayersModel: it is loaded with TensorFlow.js itself, from memory, and traced. */
import type * as Tf from '@tensorflow/tfjs';
import { DiagnosticError } from '../../diagnostics/diagnostic.js';
import type { WeightStore } from '../../ir/graph.js';
import { unpacksTo } from '../../ir/packed.js';
import { field } from '../files/json.js';
import { readModelFiles } from '../files/model-files.js';
import type { ModelFiles } from '../files/model-files.js';
import { memoize } from '../memoize.js';
import type { ReadOptions, SourceModel } from '../source-graph.js';
import { Belongings } from './belongings.js';
import { authorsPlace, layersSubject } from './model-subjects.js';
import { namedOutputs } from './outputs.js';
import type { TraceSubject } from './run.js';
import { makeReference } from './runtime.js';
import type { Runtime } from './runtime.js';
import { exclusively, loadLayers, onBackend } from './tensorflow.js';
import type { TensorFlow } from './tensorflow.js';
import { selectOutputs, trace } from './trace.js';

/** Reads the model.json at `path` and its weight files. */
export async function readLayersModel(path: string, options: ReadOptions): Promise<SourceModel> {
  const files = await readModelFiles(path);
  const tf = await loadLayers();
  const subjectOf = (model: Tf.LayersModel): TraceSubject =>
    layersSubject(files.name, model, { shapes: options.inputShapes, examples: {} }, authorsPlace);
  const traced = await exclusively(() =>
    onBackend(tf, 'cpu', async () => {
      const belongings = new Belongings(tf);
      try {
        const model = await belongings.collect(() => loadModel(tf, files));
        return await belongings.collect(() => trace(tf, subjectOf(model), options.rules));
      } finally {
        belongings.dispose();
      }
    }),
  );
  return {
    graph: selectOutputs(traced.graph, options.outputs),
    weights: withPacked(traced.weights, files.weights),
    hash: files.hash,
    reference: async (outputs) => {
      const belongings = new Belongings(tf);
      const model = await belongings.collect(() => loadModel(tf, files));
      const subject = subjectOf(model);
      const runtime: Runtime = {
        subject,
        run: (inputs) => {
          const batchSize = inputs[0]!.shape[0] ?? 1;
          return Promise.resolve(namedOutputs(tf, model.predict([...inputs], { batchSize }), subject));
        },
        dispose: () => {
          belongings.dispose();
        },
      };
      return makeReference(tf, runtime, traced, outputs ?? options.outputs);
    },
  };
}

/** What TensorFlow.js decoded, together with what the files store, where that is the same. */
function withPacked(decoded: WeightStore, stored: WeightStore): WeightStore {
  return {
    has: (name) => decoded.has(name),
    get: (name) => decoded.get(name),
    // Several passes ask; the codes are a view of the files.
    packed: memoize((name) => {
      const packed = stored.packed?.(name) ?? null;
      return packed !== null && unpacksTo(packed, decoded.get(name)) ? packed : null;
    }),
  };
}

/** Loads the model from memory. Its training configuration is left out: an optimizer is no part of the network. */
async function loadModel(tf: TensorFlow, files: ModelFiles): Promise<Tf.LayersModel> {
  const topology = structuredClone(field(files.json, 'modelTopology')) as unknown as Record<string, unknown>;
  const manifest = structuredClone(
    files.json['weightsManifest'] ?? [],
  ) as unknown as Tf.io.WeightsManifestConfig;
  const artifacts: Tf.io.ModelArtifacts = {
    modelTopology: topology,
    weightSpecs: manifest.flatMap(({ weights }) => weights),
    weightData: files.groups.map(({ bytes }) => new Uint8Array(bytes).buffer),
  };
  try {
    return await tf.loadLayersModel({ load: () => Promise.resolve(artifacts) });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new DiagnosticError([
      {
        severity: 'error',
        code: 'E266',
        message: `TensorFlow.js can't load ${files.file}`,
        where: files.file,
        why: error.message,
        help:
          'check that the model.json and its weights belong together. A model with layers of your own is read from a\n' +
          'module that registers them and loads it: export default async (tf) => ({ model: await … })',
      },
    ]);
  }
}
