/** Reads what the PyTorch tracer has written: `trace.json`, and the weights and examples beside it. */
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { fail } from '../../diagnostics/diagnostic.js';
import { overlayWeights } from '../../ir/weights.js';
import { parseJson } from '../files/json.js';
import { readModelJson } from '../files/model-files.js';
import type { ReadOptions, SourceConstant, SourceGraph, SourceModel } from '../source-graph.js';
import { dtypeFor } from './element-types.js';
import { exampleReference, readExamples } from './examples.js';
import { backwardGraph, programGraph } from './source-graphs.js';
import { missingWeights, readTraceFile, traceWeights } from './tensors.js';
import { parseTrace, type Trace } from './trace-file.js';

/**
 * Reads the trace.json at `path`. The program is what is compiled; the backward graph comes along for comparison.
 * @throws DiagnosticError for a trace that is damaged or has no program
 */
export async function readTorchTrace(path: string, options: ReadOptions): Promise<SourceModel> {
  const text = await readModelJson(path);
  const trace = parseTrace(parseJson(text, path), path);
  checkInputShapes(trace, options, path);
  if (trace.program === null) return noProgram(trace, path);
  const { graph, numbers } = programGraph(trace, trace.program, path);
  const hash = createHash('sha256').update(text);

  const beside = (name: string): string => join(dirname(path), name);
  const weightsFile = beside('weights.safetensors');
  const bytes = trace.hasWeights ? await readTraceFile(weightsFile) : null;
  if (trace.hasWeights && bytes === null) missingFile(weightsFile, path);
  if (bytes !== null) hash.update(bytes);
  const weights =
    bytes === null ? missingWeights(trace.tensors, path) : traceWeights(bytes, trace.tensors, weightsFile);

  const examplesFile = beside('examples.safetensors');
  const stored = trace.examples.length > 0 ? await readTraceFile(examplesFile) : null;
  if (trace.examples.length > 0 && stored === null) missingFile(examplesFile, path);
  const examples = stored === null ? [] : readExamples(trace.examples, stored, examplesFile);

  const compiled = withOutputs(graph, options.outputs, path);
  const names = compiled.outputs.map(({ name }) => name);
  return {
    graph: compiled,
    weights: overlayWeights(weights, numbers),
    hash: hash.digest('hex'),
    // The check is made where the promise is awaited, as with models that are loaded.
    reference: (outputs) => Promise.resolve().then(() => exampleReference(examples, outputs ?? names, path)),
    examples,
    state: stateOf(trace),
    ...(trace.backward === null ? {} : { backward: backwardGraph(trace, trace.backward, path).graph }),
  };
}

/** The backward graph of the trace at `path`, which may have no program. */
export async function readBackwardGraph(path: string): Promise<SourceGraph> {
  const trace = parseTrace(parseJson(await readModelJson(path), path), path);
  if (trace.backward !== null) return backwardGraph(trace, trace.backward, path).graph;
  return fail({
    code: 'E223',
    message: 'the trace has no backward graph',
    where: path,
    ...(trace.missing.backward === null ? {} : { why: trace.missing.backward }),
    help: 'a model has one where its outputs are computed from floats by operations that have a gradient',
  });
}

/** What `state_dict` holds, but for element types that TensorFlow.js has nothing like. */
function stateOf({ tensors }: Trace): SourceConstant[] {
  return [...tensors.values()].flatMap(({ name, kind, dtype, shape }) => {
    const own = kind === 'constant' ? undefined : dtypeFor(dtype);
    return own === undefined ? [] : [{ name, dtype: own, shape }];
  });
}

function noProgram(trace: Trace, path: string): never {
  return fail({
    code: 'E223',
    message: 'the trace has no program to compile',
    where: path,
    ...(trace.missing.program === null ? {} : { why: trace.missing.program }),
    help:
      'change the model so that torch.export takes it: no Python control flow that depends on the values of tensors;\n' +
      'its backward graph alone is enough for channel spaces, and not for a network',
  });
}

function missingFile(file: string, path: string): never {
  return fail({
    code: 'E703',
    message: `the file ${file} is missing`,
    where: path,
    help: 'a trace is the folder that the tracer has written, with all of its files',
  });
}

/** A trace states the shapes of its inputs: `--input` may say the same, and nothing else. */
function checkInputShapes(trace: Trace, { inputShapes }: ReadOptions, path: string): void {
  for (const [name, shape] of Object.entries(inputShapes)) {
    const stated = trace.inputs.find((input) => input.name === name)?.shape;
    if (stated !== undefined && JSON.stringify(stated) === JSON.stringify(shape)) continue;
    fail({
      code: 'E209',
      message: `--input ${name} does not fit the trace`,
      where: path,
      why:
        stated === undefined
          ? `its inputs are ${trace.inputs.map((input) => input.name).join(', ')}`
          : 'a trace is made for one shape of each input',
      help: 'give the tracer the shape: `python espalier_tracer.py MODEL --input NAME=SHAPE --out DIR`',
    });
  }
}

function withOutputs(graph: SourceGraph, wanted: readonly string[] | undefined, path: string): SourceGraph {
  if (wanted === undefined) return graph;
  const outputs = wanted.map((name) => {
    const output = graph.outputs.find((one) => one.name === name);
    if (output !== undefined) return output;
    return fail({
      code: 'E215',
      message: `the model has no output ${JSON.stringify(name)}`,
      where: path,
      why: `its outputs are ${graph.outputs.map((one) => one.name).join(', ')}`,
      help: 'name one of them',
    });
  });
  return { ...graph, outputs };
}
