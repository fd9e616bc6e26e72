/**
 * A model's own runtime may need kernels that a backend lacks, or has for some types only, and that an emitted module
 * does without. The CPU has them all.
 */
import type { KernelBackend, NamedTensorInfoMap, TensorInfo } from '@tensorflow/tfjs-core';
import { loadBackend, type RunnableBackend, type Tf } from '../emit/tf.js';
import type { Runner } from '../verify/verify.js';

export interface OnCpu {
  readonly run: Runner;
  /** What ran on the CPU, in sentences. */
  remarks(): string[];
}

/** Runs on a backend: kernels that it lacks on the CPU, and where it fails otherwise, all. */
export function orOnCpu(run: Runner, backend: RunnableBackend): OnCpu {
  const missing = new Set<string>();
  let failure: string | null = null;
  const onCpu: Runner = async (inputs) => {
    await loadBackend('cpu');
    try {
      return await run(inputs);
    } finally {
      await loadBackend(backend);
    }
  };
  const onBackend: Runner = async (inputs) => {
    try {
      return await withStandIns(missing, backend, () => run(inputs));
    } catch (error) {
      const kernel = /^Kernel '(\w+)' not registered for backend/.exec((error as Error).message)?.[1];
      if (kernel === undefined || missing.has(kernel)) throw error;
      missing.add(kernel);
      return onBackend(inputs);
    }
  };
  return {
    run: async (inputs) => {
      if (backend === 'cpu') return run(inputs);
      if (failure !== null) return onCpu(inputs);
      try {
        return await onBackend(inputs);
      } catch (error) {
        const results = await onCpu(inputs);
        failure = (error as Error).message;
        return results;
      }
    },
    remarks: () =>
      failure !== null
        ? [`The model's own runtime fails on ${backend} (${failure}): it ran on the CPU.`]
        : [...missing].map(
            (kernel) => `The model's own runtime has no ${kernel} on ${backend}: that ran on the CPU.`,
          ),
  };
}

/** Runs with kernels of the CPU in place of missing ones. Only meanwhile: an emitted module has to do without them. */
async function withStandIns<T>(
  kernels: ReadonlySet<string>,
  backend: RunnableBackend,
  work: () => Promise<T>,
): Promise<T> {
  if (kernels.size === 0) return work();
  await loadBackend('cpu');
  const tf = await loadBackend(backend);
  const unregister = [...kernels].map((kernel) => registerStandIn(tf, kernel));
  try {
    return await work();
  } finally {
    for (const remove of unregister) remove();
  }
}

/** Registers a kernel that computes on the CPU, from and to the memory of the backend in use; the way to remove it again. */
function registerStandIn(tf: Tf, kernelName: string): () => void {
  const kernel = tf.getKernel(kernelName, 'cpu');
  const [backendName, cpu] = [tf.getBackend(), tf.findBackend('cpu')];
  tf.registerKernel({
    kernelName,
    backendName,
    kernelFunc: ({ inputs, attrs, backend }) => {
      const own = backend as KernelBackend;
      const copies = mapTensors(inputs, (tensor) => copied(tensor, own, cpu));
      const computed = kernel.kernelFunc({ inputs: copies, attrs, backend: cpu });
      const results = Array.isArray(computed) ? computed : [computed];
      const moved = results.map((result) => copied(result, cpu, own));
      for (const { dataId } of [...Object.values(copies), ...results]) cpu.disposeData(dataId);
      return Array.isArray(computed) ? moved : moved[0]!;
    },
  });
  return () => tf.unregisterKernel(kernelName, backendName);
}

/** Some kernels take a list. */
function mapTensors(
  inputs: NamedTensorInfoMap,
  map: (tensor: TensorInfo) => TensorInfo,
): Record<string, TensorInfo> {
  const mapped = Object.entries(inputs).map(([name, tensor]) => [name, map(tensor!)] as const);
  return Object.assign(Array.isArray(inputs) ? [] : {}, Object.fromEntries(mapped)) as Record<
    string,
    TensorInfo
  >;
}

function copied({ dataId, shape, dtype }: TensorInfo, from: KernelBackend, to: KernelBackend): TensorInfo {
  return { dataId: to.write(from.readSync(dataId) as Float32Array, shape, dtype), shape, dtype };
}
