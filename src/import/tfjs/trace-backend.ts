/**
 * A TensorFlow.js backend that hands every kernel to a recorder. Kernels run on the wasm backend where it has them, and
 * on the cpu backend otherwise: the trace needs shapes, not speed records, but convolutions in plain JavaScript would
 * make it take minutes.
 */
import type * as Tf from '@tensorflow/tfjs';
import { newTensorData } from '../../ir/weights.js';
import type { KernelInputs, KernelResult, KernelRun, Recorder } from './recorder.js';
import type { RecordedType } from './recording.js';
import { loadFastBackend, onBackend } from './tensorflow.js';
import type { TensorFlow } from './tensorflow.js';

const backendName = 'espalier-trace';

interface Session {
  readonly recorder: Recorder;
  runOf(kernel: string, inputs: KernelInputs, attrs: object | undefined): KernelRun;
}

/** The trace that is under way. Kernels can't be unregistered, so they are registered once and ask here. */
let session: Session | null = null;

/** Makes a tensor of a type; its values are zeros. */
export type MakeEmpty = (type: RecordedType) => Tf.Tensor;

/**
 * Runs `work` with every kernel going through `recorder`; the backend is gone afterwards.
 * @param computes Whether there is anything to compute that takes time.
 */
export async function recordKernels<T>(
  tf: TensorFlow,
  recorder: Recorder,
  computes: boolean,
  work: (empty: MakeEmpty) => Promise<T>,
): Promise<T> {
  const cpu = tf.findBackend('cpu');
  const fast = computes ? await onBackend(tf, 'cpu', () => loadFastBackend(tf)) : null;
  const empties = new EmptyData();
  const backend = traceBackend(tf, { cpu, fast, empties }, (dataId) => {
    session?.recorder.reading(dataId);
  });
  registerKernels(tf, fast === null ? ['cpu'] : ['cpu', 'wasm']);
  tf.registerBackend(backendName, () => backend, 0);
  try {
    return await onBackend(tf, backendName, async () => {
      const runOf: Session['runOf'] = (...call) =>
        Object.assign(() => runKernel(tf, { cpu, fast, trace: backend }, ...call), {
          empty: (types: RecordedType | readonly RecordedType[]) =>
            'dtype' in types ? empties.make(types) : types.map((type) => empties.make(type)),
        });
      session = { recorder, runOf };
      try {
        return await work((type) => tf.engine().makeTensorFromTensorInfo(empties.make(type)));
      } finally {
        session = null;
      }
    });
  } finally {
    tf.removeBackend(backendName);
  }
}

/** Registers every kernel of `backends` again under the trace's name. */
function registerKernels(tf: TensorFlow, backends: readonly string[]): void {
  for (const { kernelName } of backends.flatMap((name) => tf.getKernelsForBackend(name))) {
    if ((tf.getKernel(kernelName, backendName) as Tf.KernelConfig | undefined) !== undefined) continue;
    tf.registerKernel({
      kernelName,
      backendName,
      kernelFunc: ({ inputs, attrs }) => {
        const { recorder, runOf } = session!;
        return recorder.kernel(kernelName, inputs, attrs, runOf(kernelName, inputs, attrs));
      },
    });
  }
}

interface Backends {
  readonly cpu: Tf.KernelBackend;
  readonly fast: Tf.KernelBackend | null;
  readonly trace: Tf.KernelBackend;
}

function runKernel(
  tf: TensorFlow,
  { cpu, fast, trace }: Backends,
  kernelName: string,
  inputs: KernelInputs,
  attrs: object | undefined,
): KernelResult {
  const attempt = (backend: Tf.KernelBackend, name: string): KernelResult => {
    const kernel = tf.getKernel(kernelName, name);
    bringData(tf, trace, backend, Object.values(inputs).flat());
    return kernel.kernelFunc({
      inputs: inputs as Tf.NamedTensorInfoMap,
      backend,
      attrs: attrs as Tf.NamedAttrMap,
    });
  };
  const has = (name: string): boolean =>
    (tf.getKernel(kernelName, name) as Tf.KernelConfig | undefined) !== undefined;
  if (fast !== null && has('wasm')) {
    try {
      return attempt(fast, 'wasm');
    } catch (error) {
      // The fast backend knows fewer element types and ranks; where the call itself is wrong, the cpu backend says so.
      if (!has('cpu')) throw error;
    }
  }
  return attempt(cpu, 'cpu');
}

/** Moves the trace's own tensors to the backend that is to read them. All others TensorFlow.js moves itself. */
function bringData(
  tf: TensorFlow,
  trace: Tf.KernelBackend,
  target: Tf.KernelBackend,
  tensors: readonly (Tf.TensorInfo | null | undefined)[],
): void {
  const { tensorInfo } = tf.engine().state;
  for (const tensor of tensors) {
    if (tensor === null || tensor === undefined || target.refCount(tensor.dataId) > 0) continue;
    const { dataId, shape, dtype } = tensor;
    if (tensorInfo.get(dataId)?.backend !== trace) continue;
    const [values, references] = [trace.readSync(dataId), trace.refCount(dataId)];
    trace.disposeData(dataId, true);
    target.move(dataId, values, shape, dtype, references);
  }
}

/** What a backend does with data that is there. */
type DataOwner = Pick<Tf.KernelBackend, 'readSync' | 'read' | 'refCount' | 'incRef' | 'disposeData'>;

/** Data of tensors that only have a type: zeros, made if somebody reads them after all. */
class EmptyData implements DataOwner {
  private readonly entries = new Map<object, { readonly type: RecordedType; references: number }>();

  get size(): number {
    return this.entries.size;
  }

  make(type: RecordedType): Tf.TensorInfo {
    const dataId = {};
    this.entries.set(dataId, { type, references: 1 });
    return { dataId, dtype: type.dtype, shape: [...type.shape] };
  }

  readSync(dataId: object): Tf.BackendValues {
    const { dtype, shape } = this.entries.get(dataId)!.type;
    return newTensorData(
      dtype,
      shape.reduce((product, size) => product * size, 1),
    );
  }

  read(dataId: object): Promise<Tf.BackendValues> {
    return Promise.resolve(this.readSync(dataId));
  }

  refCount(dataId: object): number {
    return this.entries.get(dataId)?.references ?? 0;
  }

  incRef(dataId: object): void {
    this.entries.get(dataId)!.references++;
  }

  disposeData(dataId: object, force = false): boolean {
    const entry = this.entries.get(dataId);
    if (entry === undefined) return true;
    entry.references--;
    if (!force && entry.references > 0) return false;
    return this.entries.delete(dataId);
  }
}

interface Owners {
  readonly cpu: Tf.KernelBackend;
  readonly fast: Tf.KernelBackend | null;
  readonly empties: EmptyData;
}

/** One backend in front of others: data belongs to the one that made it. `onRead` is told before values are read. */
function traceBackend(
  tf: TensorFlow,
  { cpu, fast, empties }: Owners,
  onRead: (dataId: object) => void,
): Tf.KernelBackend {
  const owner = (dataId: object): DataOwner => {
    if (empties.refCount(dataId) > 0) return empties;
    return fast !== null && fast.refCount(dataId) > 0 ? fast : cpu;
  };
  class TraceBackend extends tf.KernelBackend {
    override write(values: Tf.BackendValues, shape: number[], dtype: Tf.DataType): object {
      return cpu.write(values, shape, dtype);
    }
    override move(
      dataId: object,
      values: Tf.BackendValues,
      shape: number[],
      dtype: Tf.DataType,
      references: number,
    ): void {
      cpu.move(dataId, values, shape, dtype, references);
    }
    override readSync(dataId: object): Tf.BackendValues {
      onRead(dataId);
      return owner(dataId).readSync(dataId);
    }
    override async read(dataId: object): Promise<Tf.BackendValues> {
      onRead(dataId);
      return owner(dataId).read(dataId);
    }
    override refCount(dataId: object): number {
      return owner(dataId).refCount(dataId);
    }
    override incRef(dataId: object): void {
      owner(dataId).incRef(dataId);
    }
    override disposeData(dataId: object, force?: boolean): boolean {
      return owner(dataId).disposeData(dataId, force);
    }
    override numDataIds(): number {
      return cpu.numDataIds() + (fast?.numDataIds() ?? 0) + empties.size;
    }
    override memory(): { unreliable: boolean } {
      return { unreliable: true };
    }
    override floatPrecision(): 16 | 32 {
      return 32;
    }
    override dispose(): void {
      // The data stays with the backends that own it.
    }
  }
  return new TraceBackend();
}
