/**
 * The weight files of emitted modules, in the safetensors format. Written the same way every time; read with every size
 * checked before memory is allocated.
 */
import { elementCount, invalidSafetensors, metadataKey, readLayout } from '../files/safetensors.js';
import type { DType, TensorData } from '../ir/graph.js';

export { readMetadata } from '../files/safetensors.js';

/** Element types in files: ours, and those that weights are packed in; half floats by their bits. */
export type StoredDType = DType | 'float16' | 'uint16' | 'uint8';

export interface StoredTensor {
  readonly dtype: StoredDType;
  readonly shape: readonly number[];
  readonly data: TensorData | Uint16Array;
}

/** The format's names for element types, and their sizes in bytes. */
const formats: Readonly<Record<StoredDType, { readonly name: string; readonly bytes: number }>> = {
  float32: { name: 'F32', bytes: 4 },
  int32: { name: 'I32', bytes: 4 },
  float16: { name: 'F16', bytes: 2 },
  uint16: { name: 'U16', bytes: 2 },
  uint8: { name: 'U8', bytes: 1 },
  bool: { name: 'BOOL', bytes: 1 },
};
const dtypes = new Map(Object.entries(formats).map(([dtype, { name }]) => [name, dtype as StoredDType]));
const sizes = new Map(Object.values(formats).map(({ name, bytes }) => [name, bytes]));

/**
 * Writes tensors in the given order, longer types first so that all of them are aligned. The same tensors give the
 * same bytes.
 * @param metadata free text, kept in the header
 */
export function writeSafetensors(
  tensors: Iterable<readonly [name: string, tensor: StoredTensor]>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const sorted = [...tensors].sort(([, a], [, b]) => formats[b.dtype].bytes - formats[a.dtype].bytes);
  const header: [string, unknown][] = Object.keys(metadata).length > 0 ? [[metadataKey, metadata]] : [];
  let end = 0;
  for (const [name, { dtype, shape, data }] of sorted) {
    if (name === metadataKey) invalidSafetensors(`a tensor can't be called ${metadataKey}`);
    const start = end;
    end += elementCount(shape) * formats[dtype].bytes;
    if (end - start !== data.byteLength)
      invalidSafetensors(`the data of ${JSON.stringify(name)} does not have its shape's size`);
    header.push([name, { dtype: formats[dtype].name, shape, data_offsets: [start, end] }]);
  }
  // Spaces behind the header align the data to eight bytes.
  const unpadded = new TextEncoder().encode(jsonObject(header));
  const headerBytes = Math.ceil(unpadded.length / 8) * 8;
  const file = new Uint8Array(8 + headerBytes + end).fill(0x20, 8, 8 + headerBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.set(unpadded, 8);
  let at = 8 + headerBytes;
  for (const [, { data }] of sorted) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return file;
}

/** JSON with the keys in this order: objects would put keys that look like numbers first, and lose `__proto__`. */
function jsonObject(entries: readonly (readonly [string, unknown])[]): string {
  return `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',')}}`;
}

/**
 * Reads tensors. The data is a view of the file where it is aligned, else a copy.
 * @param file how messages name the file
 */
export function readSafetensors(bytes: Uint8Array, file = 'weights.safetensors'): Map<string, StoredTensor> {
  return new Map(
    [...readLayout(bytes, sizes, file)].map(([name, { format, shape, bytes: data }]) => {
      const dtype = dtypes.get(format)!;
      return [name, { dtype, shape, data: typedData(dtype, data) }];
    }),
  );
}

function typedData(dtype: StoredDType, data: Uint8Array): StoredTensor['data'] {
  const size = formats[dtype].bytes;
  if (size === 1) return data;
  const { buffer, byteOffset, byteLength } = data.byteOffset % size === 0 ? data : data.slice();
  const count = byteLength / size;
  if (size === 2) return new Uint16Array(buffer, byteOffset, count);
  return dtype === 'float32'
    ? new Float32Array(buffer, byteOffset, count)
    : new Int32Array(buffer, byteOffset, count);
}
