import * as tf from '@tensorflow/tfjs-core';

/** The backend of Node.js, with what of it a recording needs. */
export interface RecordableBackend {
  readonly isUsingGpuDevice: boolean;
  /** Calls TensorFlow. A recording stands in for it. */
  binding: TensorFlowBinding;
  /** Tensors as the binding knows them. */
  getInputTensorIds(tensors: readonly tf.Tensor[]): number[];
  loadSavedModelMetaGraph(folder: string, tags: string): number;
  runSavedModel(
    graph: number,
    inputs: readonly tf.Tensor[],
    names: readonly { readonly name: string }[],
    outputs: readonly string[],
  ): tf.Tensor[];
  deleteSavedModel(graph: number): void;
}

/** The functions by which kernels get called, and tensors made and read. */
export interface TensorFlowBinding {
  executeOp(
    name: string,
    attributes: readonly RecordableAttribute[],
    inputs: readonly number[],
    outputs: number,
  ): { readonly id: number }[];
  createTensor(shape: readonly number[], dtype: number, values: unknown): number;
  tensorDataSync(id: number): unknown;
  /** While kernels are written down: has another one in the graph than those that `run` calls. */
  recordInstead?<T extends tf.Tensor>(
    name: string,
    attributes: readonly RecordableAttribute[],
    inputs: readonly tf.Tensor[],
    run: () => T,
  ): T;
}

/** An attribute of an operation. */
export interface RecordableAttribute {
  readonly name: string;
  /** What kind its value is of, in the order of TensorFlow's `TF_AttrType`. */
  readonly type: number;
  readonly value: unknown;
}

/** A tensor that a graph takes: its place among inputs and weights, and what it is called. */
export interface TakenTensor {
  readonly at: number;
  readonly name: string;
}

/** The kernels of a prediction as a graph. */
export interface RecordedGraph {
  /** The nodes of a `GraphDef` of TensorFlow, in the text format of protocol buffers. */
  readonly nodes: readonly string[];
  /** The inputs that it takes, */
  readonly taken: readonly TakenTensor[];
  /** and the weights that it takes before its first run, and keeps: taking one takes about 3 microseconds. */
  readonly kept: readonly TakenTensor[];
  /** The nodes of the outputs, */
  readonly given: readonly string[];
  /** and the names of the outputs, if there are several. */
  readonly names: readonly string[] | null;
  /** Whether it has other kernels than those that ran. */
  readonly isExchanged: boolean;
  /** What TensorFlow calls it, once it is there. */
  id: number | null;
}

/**
 * Predictions in one call of TensorFlow each. The kernels of a prediction are written down as a graph; the next ones of
 * inputs with the same shapes run that. Results are the same; the time between kernels is saved. Large batches are
 * computed in parts.
 */
export class RecordedGraphs {
  /** By the shapes of inputs; null: it can't be a graph. */
  private readonly graphs = new Map<string, RecordedGraph | null>();
  /** Where the graphs are, whatever backend is chosen later. */
  private owner: RecordableBackend | undefined;
  /** Whether graphs may have other kernels than those of the first prediction, until TensorFlow refuses one. */
  private exchanges = true;
  private readonly weights: readonly tf.Tensor[];
  /** The most examples that are computed at once. */
  private readonly most: number;

  /** @param largest bytes of the largest value of one example; 0 where examples can't be told apart */
  constructor(weights: readonly tf.Tensor[], largest = 0) {
    this.weights = weights;
    // Memory of more than 32 MiB comes from the system anew for every kernel, which clears it first.
    this.most = Math.max(1, Math.floor(2 ** 25 / largest));
    // Kernels of oneDNN shall compute on the thread that calls them too, instead of only waking others: half of the
    // wake-ups, which take longer than many a kernel. Read when the first one runs.
    setByDefault('TF_ONEDNN_THREADPOOL_USE_CALLER_THREAD', '1');
  }

  /** Hands a weight to TensorFlow at once: until it is computed with, JavaScript's memory would hold its numbers as well. */
  static keep(weight: tf.Tensor): void {
    const backend = tf.backend() as tf.KernelBackend & Partial<RecordableBackend>;
    backend.getInputTensorIds?.([weight]);
  }

  /** Computes `run(...inputs)`, which is of the inputs and the weights, and depends on nothing else. */
  predict<I extends readonly tf.Tensor[], R extends tf.TensorContainer>(
    inputs: readonly [...I],
    run: (...inputs: I) => R,
  ): R {
    const examples = inputs[0]?.shape[0] ?? 0;
    const { isUsingGpuDevice } = tf.backend() as tf.KernelBackend & Partial<RecordableBackend>;
    if (examples <= this.most || isUsingGpuDevice) return this.predictAtOnce(inputs, () => run(...inputs));
    return inParts(inputs, Math.ceil(examples / this.most), (part) =>
      this.predictAtOnce(part, () => run(...part)),
    );
  }

  /** Forgets the graphs, and the copies of weights that they hold. */
  dispose(): void {
    for (const shapes of [...this.graphs.keys()]) this.forget(shapes);
  }

  private predictAtOnce<R extends tf.TensorContainer>(inputs: readonly tf.Tensor[], run: () => R): R {
    const sources = [...inputs, ...this.weights];
    for (const tensor of sources) tensor.throwIfDisposed();
    const backend = tf.backend() as unknown as RecordableBackend;
    const shapes = inputs.map(({ shape }) => shape.join()).join(';');
    const graph = this.graphs.get(shapes);
    if (graph === null || !mayRecord(backend)) return tf.tidy(run);
    if (graph === undefined) return this.record(backend, shapes, sources, inputs.length, run);
    try {
      this.owner = backend;
      if (graph.id === null) {
        graph.id = loadGraph(backend, graph);
        if (graph.kept.length > 0) tf.dispose(runGraph(backend, graph.id, sources, graph.kept, ['ready:0']));
      }
      const results = runGraph(backend, graph.id, sources, graph.taken, graph.given);
      if (graph.names === null) return results[0]! as R;
      return Object.fromEntries(graph.names.map((name, i) => [name, results[i]!])) as R;
    } catch {
      // Either the numbers are refused, by kernels as well; or the graph is, and will be again with the same kernels.
      const result = tf.tidy(run);
      this.forget(shapes);
      if (graph.isExchanged) this.exchanges = false;
      else this.graphs.set(shapes, null);
      return result;
    }
  }

  private record<R extends tf.TensorContainer>(
    backend: RecordableBackend,
    shapes: string,
    sources: readonly tf.Tensor[],
    inputs: number,
    run: () => R,
  ): R {
    // Inputs that are one tensor now need not be one later.
    if (new Set(sources.map(({ dataId }) => dataId)).size < sources.length) return tf.tidy(run);
    // Of many shapes, those that come again have graphs, and not too many.
    const unused = [...this.graphs].find(([, other]) => other?.id === null);
    if (this.graphs.size >= 4 && unused !== undefined) this.graphs.delete(unused[0]);
    if (this.graphs.size >= 4) return tf.tidy(run);
    const { result, graph } = recordGraph(backend, sources, inputs, () => tf.tidy(run), this.exchanges);
    this.graphs.set(shapes, graph);
    return result;
  }

  private forget(shapes: string): void {
    const id = this.graphs.get(shapes)?.id ?? null;
    this.graphs.delete(shapes);
    if (id !== null) this.owner?.deleteSavedModel(id);
  }
}

/** Computes examples, which are along the first axis, in parts of about the same size. */
export function inParts<I extends readonly tf.Tensor[], R extends tf.TensorContainer>(
  inputs: readonly [...I],
  parts: number,
  compute: (inputs: I) => R,
): R {
  const examples = inputs[0]!.shape[0]!;
  const size = Math.ceil(examples / parts);
  return tf.tidy(() => {
    const results: R[] = [];
    for (let at = 0; at < examples; at += size) {
      const part = inputs.map((input) => tf.slice(input, at, Math.min(size, examples - at)));
      results.push(compute(part as unknown as I));
      tf.dispose(part);
    }
    const joined = (of: (result: R) => tf.Tensor): tf.Tensor => tf.concat(results.map(of), 0);
    const [first] = results;
    if (first instanceof tf.Tensor) return joined((result) => result as tf.Tensor) as unknown as R;
    const names = Object.keys(first as tf.NamedTensorMap);
    const byName = names.map((name) => [name, joined((result) => (result as tf.NamedTensorMap)[name]!)]);
    return Object.fromEntries(byName) as R;
  });
}

/** Sets a variable of the environment, unless somebody else did. */
export function setByDefault(name: string, value: string): void {
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } };
  if (process?.env !== undefined) process.env[name] ??= value;
}

/** Graphs are for kernels of the processor. */
export function mayRecord({ binding, isUsingGpuDevice }: Partial<RecordableBackend>): boolean {
  return binding !== undefined && !isUsingGpuDevice && builtinModule('fs') !== undefined;
}

/**
 * Runs kernels, and writes them down. The graph is null where more than kernels decides what the result is.
 * @param exchanges whether the graph may have other kernels, where these ask for it
 */
export function recordGraph<R extends tf.TensorContainer>(
  backend: RecordableBackend,
  sources: readonly tf.Tensor[],
  inputs: number,
  run: () => R,
  exchanges: boolean,
): { result: R; graph: RecordedGraph | null } {
  const { binding } = backend;
  const ids = backend.getInputTensorIds(sources);
  const nodes: string[] = [];
  const taken: TakenTensor[] = [];
  const kept: TakenTensor[] = [];
  const variables: { readonly name: string; readonly type: number; readonly assigned: string }[] = [];
  /** The nodes of tensors by their ids. */
  const nodeOf = new Map<number, string>();
  const computed = new Set(ids.slice(0, inputs));
  let isWhole = true;
  /** The kernels that run will not be in the graph. */
  let isReplaced = false;
  let isExchanged = false;
  let bytes = 0;

  const add = (
    operation: string,
    from: readonly string[],
    attributes: readonly string[],
    name = `n${nodes.length}`,
  ): string => {
    const inputs = from.map((node) => `input: "${node}" `).join('');
    nodes.push(`node { name: "${name}" op: "${operation}" ${inputs}${attributes.join('')}} `);
    return name;
  };
  const take = (id: number): string => {
    const at = ids.indexOf(id);
    const type = tensorTypes[sources[at]?.dtype as keyof typeof tensorTypes];
    if (type === undefined) throw new Error('a tensor from elsewhere');
    const attributes = [attributeText('dtype', `type: ${type}`)];
    const node = add('Placeholder', [], attributes);
    (at < inputs ? taken : kept).push({ at, name: `${node}:0` });
    if (at < inputs) return node;
    // A variable keeps the tensor itself, not a copy.
    const shape = attributeText('shape', `shape { ${shapeText(sources[at]!.shape)}}`);
    const shared = attributeText('shared_name', `s: "${node}"`);
    const variable = add('VarHandleOp', [], [...attributes, shape, shared]);
    variables.push({ name: variable, type, assigned: add('AssignVariableOp', [variable, node], attributes) });
    return `read:${variables.length - 1}`;
  };
  /** What can't be written down spoils the graph, not the result. */
  const note = (write: () => void): void => {
    try {
      if (isWhole && !isReplaced) write();
    } catch {
      isWhole = false;
    }
  };

  const addKernel = (
    operation: string,
    attributes: readonly RecordableAttribute[],
    from: readonly number[],
    made: readonly number[],
  ): void => {
    for (const id of from) if (!nodeOf.has(id)) nodeOf.set(id, take(id));
    const name = add(
      operation,
      from.map((id) => nodeOf.get(id)!),
      attributes.map(writtenAttribute),
    );
    made.forEach((id, i) => {
      nodeOf.set(id, `${name}:${i}`);
      computed.add(id);
    });
  };

  const recording: TensorFlowBinding = {
    executeOp: (...call: Parameters<TensorFlowBinding['executeOp']>) => {
      const made = binding.executeOp(...call);
      const [operation, attributes, from] = call;
      const results = made.map(({ id }) => id);
      note(() => addKernel(operation, attributes, from, results));
      return made;
    },
    recordInstead: (operation, attributes, inputs, run) => {
      if (!exchanges || isReplaced) return run();
      const from = backend.getInputTensorIds(inputs);
      isReplaced = isExchanged = true;
      const result = run();
      isReplaced = false;
      const results = backend.getInputTensorIds([result]);
      note(() => addKernel(operation, attributes, from, results));
      return result;
    },
    createTensor: (...call: Parameters<TensorFlowBinding['createTensor']>) => {
      const id = binding.createTensor(...call);
      const [shape, type, values] = call;
      note(() => {
        if (!ArrayBuffer.isView(values) || (bytes += values.byteLength) > 2 ** 18)
          throw new Error('not small');
        const data = Array.from(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
        const content = data.map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
        nodeOf.set(id, add('Const', [], constantAttributes(shape, type, content)));
      });
      return id;
    },
    tensorDataSync: (id: number) => {
      // What is computed from it in JavaScript is not in the graph.
      if (computed.has(id)) isWhole = false;
      return binding.tensorDataSync(id);
    },
  };
  // It also has TensorFlow's constants.
  backend.binding = Object.create(binding, Object.getOwnPropertyDescriptors(recording)) as TensorFlowBinding;
  try {
    const result = run();
    const outputs = result instanceof tf.Tensor ? [result] : Object.values(result as tf.NamedTensorMap);
    const given = backend.getInputTensorIds(outputs).map((id) => nodeOf.get(id));
    const names = result instanceof tf.Tensor ? null : Object.keys(result as tf.NamedTensorMap);
    const isGraph = isWhole && outputs.every((_, i) => given[i]?.includes(':'));
    if (!isGraph) return { result, graph: null };
    if (variables.length > 0) {
      // One kernel reads all weights: two hundred would take longer than many a layer.
      const read = variables.map((variable) => variable.name);
      const types = `list { ${variables.map(({ type }) => `type: ${type} `).join('')}}`;
      const attributes = [attributeText('N', `i: ${read.length}`), attributeText('dtypes', types)];
      add('_ReadVariablesOp', read, attributes, 'read');
      const assigned = variables.map((variable) => `^${variable.assigned}`);
      add('Const', assigned, constantAttributes([], tensorTypes.bool, '\\000'), 'ready');
    }
    return {
      result,
      graph: { nodes, taken, kept, given: given as string[], names, isExchanged, id: null },
    };
  } finally {
    backend.binding = binding;
  }
}

/** Gives a graph to TensorFlow, which takes it from a file. */
export function loadGraph(backend: RecordableBackend, { nodes }: RecordedGraph): number {
  // On the thread that calls: a change of threads takes as long as many a kernel. Read when the first graph is loaded.
  setByDefault('TF_NUM_INTEROP_THREADS', '-1');
  const fs = builtinModule('fs')!;
  const folder = fs.mkdtempSync(`${builtinModule('os')!.tmpdir()}/graph-`);
  try {
    // Operations have versions; what is recorded means the same since this one.
    const graph = `graph_def { ${nodes.join('')}versions { producer: 1000 } }`;
    fs.writeFileSync(
      `${folder}/saved_model.pbtxt`,
      `saved_model_schema_version: 1 meta_graphs { meta_info_def { tags: "serve" } ${graph} }`,
    );
    return backend.loadSavedModelMetaGraph(folder, 'serve');
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

/** Computes some nodes of a graph that TensorFlow has. */
export function runGraph(
  backend: RecordableBackend,
  graph: number,
  sources: readonly tf.Tensor[],
  taken: readonly TakenTensor[],
  given: readonly string[],
): tf.Tensor[] {
  const tensors = taken.map(({ at }) => sources[at]!);
  return backend.runSavedModel(graph, tensors, taken, given);
}

/** Element types, as TensorFlow numbers them. */
export const tensorTypes = { float32: 1, int32: 3, bool: 10 };

/** What a graph's file is written and removed with. */
export interface BuiltinModule {
  tmpdir(): string;
  mkdtempSync(prefix: string): string;
  writeFileSync(path: string, text: string): void;
  rmSync(path: string, options: { recursive: boolean }): void;
}

/** A module of Node.js itself; undefined where there is none, or no way to it. */
export function builtinModule(name: 'fs' | 'os'): BuiltinModule | undefined {
  const { process } = globalThis as {
    process?: { getBuiltinModule?: (name: string) => BuiltinModule | undefined };
  };
  return process?.getBuiltinModule?.(name);
}

/** A shape, as a graph has it. */
export function shapeText(shape: readonly number[]): string {
  return shape.map((size) => `dim { size: ${size} } `).join('');
}

/** The attributes of a constant. @param content its bytes, escaped */
export function constantAttributes(shape: readonly number[], type: number, content: string): string[] {
  const tensor = `dtype: ${type} tensor_shape { ${shapeText(shape)}} tensor_content: "${content}"`;
  return [attributeText('dtype', `type: ${type}`), attributeText('value', `tensor { ${tensor} }`)];
}

/** An attribute of a node. */
export function attributeText(name: string, value: string): string {
  return `attr { key: "${name}" value { ${value} } } `;
}

/** An attribute of a call as one of a node. */
export function writtenAttribute({ name, type, value }: RecordableAttribute): string {
  const field = ['s', 'i', 'f', 'b', 'type', 'shape'][type]!;
  if (field === 'shape') return attributeText(name, `shape { ${shapeText(value as number[])} }`);
  const written = (one: unknown): string => `${field}: ${field === 's' ? JSON.stringify(one) : String(one)} `;
  const text = Array.isArray(value) ? `list { ${value.map(written).join('')} }` : written(value);
  return attributeText(name, text);
}
