/** The tensors of a trace: lying in a safetensors file until they are asked for. */
import { open, readFile } from 'node:fs/promises';
import { fail } from '../../diagnostics/diagnostic.js';
import type { TensorData, WeightStore } from '../../ir/graph.js';
import { mapWeights } from '../../ir/weights.js';
import { readLayout, type RawTensor } from '../../files/safetensors.js';
import type { NamedTensor } from '../source-graph.js';
import { decodeTensor, packedTensor, dtypeOf, formatSizes, torchType } from './element-types.js';
import type { TraceTensor } from './trace-file.js';

/** Larger files can't be read at once. */
const maxFileBytes = 2 ** 31 - 1;

/** The bytes of a file of the trace; null if there is none. */
export async function readTraceFile(file: string): Promise<Uint8Array | null> {
  const handle = await open(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (handle === null) return null;
  try {
    const { size } = await handle.stat();
    if (size > maxFileBytes) {
      fail({
        code: 'E224',
        message: `${file} is too large`,
        where: file,
        why: `it has ${size} bytes, and at most ${maxFileBytes} are read`,
        help: 'trace the model with weights of 16 bits: `model.half()`',
      });
    }
    const { buffer, byteOffset, byteLength } = await readFile(handle);
    return new Uint8Array(buffer, byteOffset, byteLength);
  } finally {
    await handle.close();
  }
}

/**
 * The weights of a trace; each is decoded when it is first asked for.
 * @throws DiagnosticError where the file does not hold the tensors that the trace describes.
 */
export function traceWeights(
  bytes: Uint8Array,
  tensors: ReadonlyMap<string, TraceTensor>,
  file: string,
): WeightStore {
  const layout = readLayout(bytes, formatSizes, file);
  for (const tensor of tensors.values()) checkStored(tensor, layout.get(tensor.name), file);
  const store = lazyWeights(tensors, (name) =>
    decodeTensor(layout.get(name)!, `tensor ${JSON.stringify(name)} of ${file}`),
  );
  return { ...store, packed: (name) => (tensors.has(name) ? packedTensor(layout.get(name)!) : null) };
}

/** The weights of a trace of the structure alone: there are none. */
export function missingWeights(tensors: ReadonlyMap<string, TraceTensor>, file: string): WeightStore {
  return lazyWeights(tensors, () =>
    fail({
      code: 'E225',
      message: 'the trace has no weights',
      where: file,
      why: 'it was written with --structure, which is enough for its channel spaces and not for a network',
      help: 'trace the model again without --structure',
    }),
  );
}

function lazyWeights(
  tensors: ReadonlyMap<string, TraceTensor>,
  decode: (name: string) => TensorData,
): WeightStore {
  const decoded = new Map<string, TensorData>();
  const store = mapWeights(decoded);
  return {
    has: (name) => tensors.has(name),
    get: (name) => {
      if (tensors.has(name) && !decoded.has(name)) decoded.set(name, decode(name));
      return store.get(name);
    },
  };
}

function checkStored(tensor: TraceTensor, stored: RawTensor | undefined, file: string): void {
  const described = `${tensor.dtype}[${tensor.shape.join(', ')}]`;
  const found = stored === undefined ? null : `${torchType(stored.format)}[${stored.shape.join(', ')}]`;
  if (found === described) return;
  fail({
    code: 'E224',
    message: `${file} does not hold the tensor ${JSON.stringify(tensor.name)} of the trace`,
    where: file,
    why:
      found === null
        ? 'it has no tensor of that name'
        : `the trace says that it is ${described}, and it is ${found}`,
    help: 'trace.json and the file beside it belong to different traces; trace the model again',
  });
}

/** A tensor of a file as plain data. */
export function namedTensor(layout: ReadonlyMap<string, RawTensor>, name: string, file: string): NamedTensor {
  const stored = layout.get(name);
  const where = `tensor ${JSON.stringify(name)} of ${file}`;
  if (stored === undefined) {
    return fail({
      code: 'E224',
      message: `${file} does not hold the tensor ${JSON.stringify(name)} of the trace`,
      where: file,
      why: 'it has no tensor of that name',
      help: 'trace.json and the file beside it belong to different traces; trace the model again',
    });
  }
  return {
    dtype: dtypeOf(torchType(stored.format), where),
    shape: stored.shape,
    data: decodeTensor(stored, where),
  };
}
