import * as tf from '@tensorflow/tfjs-core';

/** TensorFlow.js's engine, with what a recording stands in for, and needs. */
export interface ReplayEngine {
  runKernel(name: string, inputs: tf.NamedTensorMap | tf.Tensor[], attrs?: tf.NamedAttrMap): unknown;
  makeTensor(...made: unknown[]): tf.Tensor;
  readSync(dataId: object): unknown;
  makeTensorFromTensorInfo(info: tf.TensorInfo): tf.Tensor;
  isTapeOn(): boolean;
  readonly state: { readonly profiling: boolean };
}

/** A kernel that a prediction called; tensors by their ids. */
export interface KernelCall {
  readonly kernel: tf.KernelFunc;
  readonly attrs: tf.NamedAttrMap;
  readonly inputs: readonly (readonly [name: string, id: number])[];
  /** Whether its inputs are a list, not named. */
  readonly isList: boolean;
  readonly results: readonly tf.Tensor[];
}

/** The same with places of tensors: those of a replay's sources and constants, and then of results in their order. */
export interface ReplayStep extends Omit<KernelCall, 'results'> {
  readonly shapes: readonly number[][];
  /** Results that nothing reads afterwards. */
  readonly freed: readonly number[];
}

/** The kernels of a prediction. */
export interface Replay {
  readonly backend: tf.KernelBackend;
  readonly steps: readonly ReplayStep[];
  /** What the prediction made of numbers; no tensors, which would look like forgotten ones. */
  readonly constants: readonly tf.TensorInfo[];
  /** The places of the outputs, */
  readonly given: readonly number[];
  /** and their names, if there are several. */
  readonly names: readonly string[] | null;
}

/**
 * Predictions that call nothing but kernels. Which ones a prediction calls, and when their results can be freed, is noted;
 * the next ones of inputs with the same shapes call them without all that TensorFlow.js does around each.
 */
export class ReplayedKernels {
  /** By the shapes of inputs; null: more than kernels decides what the result is. */
  private readonly replays = new Map<string, Replay | null>();
  private readonly weights: readonly tf.Tensor[];

  constructor(weights: readonly tf.Tensor[]) {
    this.weights = weights;
  }

  /** Computes `run(...inputs)`, which is of the inputs and the weights, and depends on nothing else. */
  predict<I extends readonly tf.Tensor[], R extends tf.TensorContainer>(
    inputs: readonly [...I],
    run: (...inputs: I) => R,
  ): R {
    const sources = [...inputs, ...this.weights];
    for (const tensor of sources) tensor.throwIfDisposed();
    const engine = tf.engine() as unknown as ReplayEngine;
    const shapes = inputs.map(({ shape }) => shape.join()).join(';');
    const replay = this.replays.get(shapes);
    const compute = (): R => tf.tidy(() => run(...inputs));
    // Gradients and profiles are of what the engine sees.
    if (replay === null || engine.isTapeOn() || engine.state.profiling) return compute();
    if (replay === undefined) return this.note(engine, shapes, sources, inputs.length, compute);
    if (replay.backend !== tf.backend()) return compute();
    const result = tf.tidy(() => replayKernels(engine, replay, sources));
    if (result !== undefined) return result as R;
    this.forget(shapes);
    this.replays.set(shapes, null);
    return compute();
  }

  /** Frees what predictions made of numbers. */
  dispose(): void {
    for (const shapes of [...this.replays.keys()]) this.forget(shapes);
  }

  private note<R extends tf.TensorContainer>(
    engine: ReplayEngine,
    shapes: string,
    sources: readonly tf.Tensor[],
    inputs: number,
    compute: () => R,
  ): R {
    // Inputs that are one tensor now need not be one later.
    if (new Set(sources.map(({ id }) => id)).size < sources.length) return compute();
    // New shapes take the place of the oldest ones.
    if (this.replays.size >= 8) this.forget([...this.replays.keys()][0]!);
    const { result, replay } = noteKernels(engine, sources, inputs, compute);
    this.replays.set(shapes, replay);
    return result;
  }

  private forget(shapes: string): void {
    const replay = this.replays.get(shapes);
    if (replay) freeConstants(replay.backend, replay.constants);
    this.replays.delete(shapes);
  }
}

/** Computes, and notes the kernels. There is no replay where numbers are read, or tensors are from elsewhere. */
export function noteKernels<R extends tf.TensorContainer>(
  engine: ReplayEngine,
  sources: readonly tf.Tensor[],
  inputs: number,
  compute: () => R,
): { result: R; replay: Replay | null } {
  const { runKernel, makeTensor, readSync } = engine;
  const calls: KernelCall[] = [];
  const backend = tf.backend();
  const constants = new Map<number, tf.TensorInfo>();
  /** Tensors made of numbers, and all whose numbers are the same in every prediction. */
  const made = new Set<number>();
  const fixed = new Set<object>(sources.slice(inputs).map(({ dataId }) => dataId));
  for (const { dataId } of sources.slice(0, inputs)) fixed.delete(dataId);
  let isWhole = true;
  engine.makeTensor = (...values) => {
    const tensor = makeTensor.apply(engine, values);
    made.add(tensor.id);
    fixed.add(tensor.dataId);
    return tensor;
  };
  engine.readSync = (dataId) => {
    isWhole &&= fixed.has(dataId);
    return readSync.call(engine, dataId);
  };
  engine.runKernel = (name, given, attrs) => {
    const named = Object.entries(given as tf.NamedTensorMap).filter(([, tensor]) => tensor != null);
    for (const [, x] of named)
      if (made.has(x.id) && !constants.has(x.id)) constants.set(x.id, sharedWith(backend, x));
    const out = runKernel.call(engine, name, given, attrs);
    calls.push({
      kernel: tf.getKernel(name, tf.getBackend())!.kernelFunc,
      attrs: attrs!,
      inputs: named.map(([input, { id }]) => [input, id]),
      isList: Array.isArray(given),
      // A copy: what runs may reverse the list that it gets.
      results: ([] as tf.Tensor[]).concat(out as tf.Tensor | tf.Tensor[]),
    });
    return out;
  };
  let replay: Replay | null = null;
  try {
    const result = compute();
    const outputs = result instanceof tf.Tensor ? { '': result } : (result as tf.NamedTensorMap);
    if (isWhole) replay = replayOf(calls, sources, constants, outputs);
    return { result, replay };
  } finally {
    Object.assign(engine, { runKernel, makeTensor, readSync });
    if (replay === null) freeConstants(backend, [...constants.values()]);
  }
}

/** The data of a tensor, which stays when the tensor goes. */
export function sharedWith(backend: tf.KernelBackend, x: tf.Tensor): tf.TensorInfo {
  const { kernelFunc } = tf.getKernel('Identity', tf.getBackend())!;
  return kernelFunc({ inputs: { x }, attrs: {}, backend }) as tf.TensorInfo;
}

/** Frees such data. */
export function freeConstants(backend: tf.KernelBackend, constants: readonly tf.TensorInfo[]): void {
  for (const { dataId } of constants) backend.disposeData(dataId);
}

/** Gives tensors their places; null where one is from elsewhere, and where an output is no result of its own. */
export function replayOf(
  calls: readonly KernelCall[],
  sources: readonly tf.Tensor[],
  constants: ReadonlyMap<number, tf.TensorInfo>,
  outputs: tf.NamedTensorMap,
): Replay | null {
  const results = calls.flatMap((call) => call.results.map(({ id }) => id));
  const ids = [...sources.map(({ id }) => id), ...constants.keys(), ...results];
  const places = new Map(ids.map((id, place) => [id, place]));
  const given = Object.values(outputs).map(({ id }) => places.get(id) ?? 0);
  const first = ids.length - results.length;
  const isOwn = new Set(given).size === given.length && given.every((place) => place >= first);
  if (!isOwn || calls.some(({ inputs }) => inputs.some(([, id]) => !places.has(id)))) return null;

  // The last call of each result: what reads it, or makes it.
  const last = new Map<number, number>();
  calls.forEach((call, at) => {
    for (const { id } of call.results) last.set(places.get(id)!, at);
    for (const [, id] of call.inputs) last.set(places.get(id)!, at);
  });
  const freed = calls.map((): number[] => []);
  for (const [place, at] of last) if (place >= first && !given.includes(place)) freed[at]!.push(place);
  const steps = calls.map(({ kernel, attrs, inputs, isList, results }, at): ReplayStep => ({
    kernel,
    attrs,
    inputs: inputs.map(([name, id]) => [name, places.get(id)!]),
    isList,
    shapes: results.map(({ shape }) => shape),
    freed: freed[at]!,
  }));
  const names = '' in outputs ? null : Object.keys(outputs);
  return { backend: tf.backend(), steps, constants: [...constants.values()], given, names };
}

/** Calls the kernels of a prediction. Undefined, with nothing left, where a result has another shape than there. */
export function replayKernels(
  engine: ReplayEngine,
  { backend, steps, constants, given, names }: Replay,
  sources: readonly tf.Tensor[],
): tf.Tensor | tf.NamedTensorMap | undefined {
  const values: (tf.TensorInfo | null)[] = [...sources, ...constants];
  const first = values.length;
  const free = (place: number): void => {
    const value = values[place]!;
    values[place] = null;
    if (value instanceof tf.Tensor) value.dispose();
    else backend.disposeData(value.dataId);
  };
  let isSame = false;
  try {
    for (const { kernel, attrs, inputs, isList, shapes, freed } of steps) {
      const taken: Record<string, tf.TensorInfo> = isList ? ([] as never) : {};
      for (const [name, place] of inputs) taken[name] = values[place]!;
      const out = kernel({ inputs: taken, attrs, backend });
      const results = Array.isArray(out) ? out : [out];
      values.push(...results);
      if (!results.every(({ shape }, i) => tf.util.arraysEqual(shape, shapes[i]!))) return undefined;
      for (const place of freed) free(place);
    }
    isSame = true;
  } finally {
    if (!isSame) values.forEach((value, place) => place >= first && value !== null && free(place));
  }
  const outputs = given.map((place) => {
    const value = values[place]!;
    return value instanceof tf.Tensor ? value : engine.makeTensorFromTensorInfo(value);
  });
  return names === null ? outputs[0]! : Object.fromEntries(names.map((name, i) => [name, outputs[i]!]));
}
