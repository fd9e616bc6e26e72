/** Reads any model that the compiler knows: tells the format, then calls that format's reader. */
import { readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fail } from '../diagnostics/diagnostic.js';
import { field, isArray, isObject, parseJson } from './files/json.js';
import { readModelJson } from './files/model-files.js';
import type { ReadOptions, SourceModel } from './source-graph.js';
import { isTrace } from './torch/trace-file.js';

/** What a path holds. */
export type ModelFormat = 'graph-model' | 'layers-model' | 'module' | 'torch-trace';

/** Modules that export a function of `tf`. */
const moduleExtensions = ['.js', '.mjs', '.cjs', '.ts', '.mts', '.cts'];

/** How to get from other formats to one that is read. */
const conversions = new Map([
  ['.h5', { what: 'a Keras model in HDF5', flag: 'keras' }],
  ['.hdf5', { what: 'a Keras model in HDF5', flag: 'keras' }],
  ['.pb', { what: 'a TensorFlow SavedModel', flag: 'tf_saved_model' }],
]);

/** How PyTorch saves models: code and data that only PyTorch can run. */
const torchExtensions = ['.pt', '.pth', '.pt2', '.ckpt', '.safetensors'];

/**
 * Reads the model at `path`: a model.json or trace.json, a folder that has one, or a JavaScript or TypeScript module.
 * @throws DiagnosticError for everything else, saying what it is and what to do.
 */
export async function readModel(path: string, options: ReadOptions): Promise<SourceModel> {
  const { format, file } = await detectFormat(path);
  switch (format) {
    case 'graph-model':
      return (await import('./tf/read-graph-model.js')).readGraphModel(file, options);
    case 'layers-model':
      return (await import('./tfjs/read-layers-model.js')).readLayersModel(file, options);
    case 'module':
      return (await import('./tfjs/read-function-module.js')).readFunctionModule(file, options);
    case 'torch-trace':
      return (await import('./torch/read-torch-trace.js')).readTorchTrace(file, options);
  }
}

/** The format of the model at `path`, and its main file. */
export async function detectFormat(
  path: string,
): Promise<{ readonly format: ModelFormat; readonly file: string }> {
  const info = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error;
    return null;
  });
  if (info === null) {
    return fail({
      code: 'E210',
      message: `there is no file ${path}`,
      where: path,
      help: 'give the path of a model.json or trace.json, of a folder with one, or of a JavaScript module',
    });
  }
  const file = info.isDirectory() ? await modelInFolder(path) : path;
  const extension = extname(file).toLowerCase();
  if (moduleExtensions.includes(extension)) return { format: 'module', file };
  if (extension === '.json') return { format: await jsonFormat(file), file };
  return otherFormat(file, extension);
}

async function modelInFolder(folder: string): Promise<string> {
  const names = await readdir(folder);
  if (names.includes('model.json')) return join(folder, 'model.json');
  if (names.includes('trace.json')) return join(folder, 'trace.json');
  if (names.includes('saved_model.pb')) return otherFormat(folder, '.pb');
  const found = names.filter((name) => name.endsWith('.json')).sort();
  return fail({
    code: 'E210',
    message: `the folder ${folder} has no model.json and no trace.json`,
    where: folder,
    why: found.length === 0 ? 'it has no .json file' : `it has ${found.slice(0, 5).join(', ')}`,
    help: 'give the path of the model’s .json file itself',
  });
}

/** Told by the graph's structure; the `format` field is often missing or wrong. */
async function jsonFormat(file: string): Promise<ModelFormat> {
  const model = parseJson(await readModelJson(file), file);
  if (isTrace(model)) return 'torch-trace';
  const topology = isObject(model) ? field(model, 'modelTopology') : undefined;
  if (isObject(topology)) {
    if (isArray(field(topology, 'node'))) return 'graph-model';
    const config = field(topology, 'model_config') ?? field(topology, 'modelConfig');
    if (isObject(config) || typeof field(topology, 'class_name') === 'string') return 'layers-model';
  }
  return fail({
    code: 'E212',
    message: `${file} is JSON, and neither a TensorFlow.js model nor a trace`,
    where: file,
    why:
      topology === undefined
        ? 'it has no `modelTopology`'
        : 'its `modelTopology` has neither a list `node` (GraphModel) nor a `model_config` (LayersModel)',
    help: 'give the model.json that the TensorFlow.js converter or `model.save` wrote, or the trace.json of the PyTorch tracer',
  });
}

function otherFormat(file: string, extension: string): never {
  const conversion = conversions.get(extension);
  if (conversion !== undefined) {
    const { what, flag } = conversion;
    return fail({
      code: 'E212',
      message: `${file} is ${what}, which is not read directly`,
      where: file,
      help: `convert it: tensorflowjs_converter --input_format=${flag} --output_format=tfjs_graph_model ${file} OUTPUT_FOLDER`,
    });
  }
  if (extension === '.keras') {
    return fail({
      code: 'E212',
      message: `${file} is a Keras model, which is not read directly`,
      where: file,
      help: "export it from Python as a SavedModel, model.export('saved'), and convert that: tensorflowjs_converter --input_format=tf_saved_model --output_format=tfjs_graph_model saved OUTPUT_FOLDER",
    });
  }
  if (torchExtensions.includes(extension)) {
    return fail({
      code: 'E212',
      message: `${file} is a file of PyTorch, which is not read directly`,
      where: file,
      why: 'a saved model holds weights, or code that only PyTorch can run',
      help: 'trace the model where PyTorch is: `espalier tracer > espalier_tracer.py`, then `python espalier_tracer.py --help`',
    });
  }
  return fail({
    code: 'E212',
    message: `${file} is no model that is read`,
    where: file,
    why:
      extension === '.onnx'
        ? 'ONNX models are not read'
        : extension === '.bin'
          ? 'it may hold weights; the model is the .json file beside it'
          : `files that end in ${extension === '' ? 'nothing' : extension} are not known`,
    help: 'give a TensorFlow.js model.json (GraphModel or LayersModel), a trace.json, or a JavaScript or TypeScript module',
  });
}
