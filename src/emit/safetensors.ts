/**
 * The safetensors format: eight bytes with the length of a JSON header, the header, the data of all tensors. Written
 * the same way every time; read with every size checked before memory is allocated.
 */
import { fail } from '../diagnostics/diagnostic.js';
import type { DType, TensorData } from '../ir/graph.js';

export interface StoredTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: TensorData;
}

/** The format's names for our element types, and their sizes in bytes. */
const formats: Readonly<Record<DType, { readonly name: string; readonly bytes: number }>> = {
  float32: { name: 'F32', bytes: 4 },
  int32: { name: 'I32', bytes: 4 },
  bool: { name: 'BOOL', bytes: 1 },
};
const dtypes = new Map(Object.entries(formats).map(([dtype, { name }]) => [name, dtype as DType]));

/** Larger headers than this are refused, as in the reference implementation. */
const maxHeaderBytes = 100_000_000;
/** The format's own key for free text. */
const metadataKey = '__metadata__';

/** Where in the data a tensor is. */
interface Entry {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

/**
 * Writes tensors in the given order, four-byte types first so that all of them are aligned. The same tensors give the
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
    if (name === metadataKey) invalid(`a tensor can't be called ${metadataKey}`);
    const start = end;
    end += elementCount(shape) * formats[dtype].bytes;
    if (end - start !== data.byteLength)
      invalid(`the data of ${JSON.stringify(name)} does not have its shape's size`);
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
  const { header, dataStart } = readHeader(bytes, file);
  const dataBytes = bytes.length - dataStart;
  const entries = [...header]
    .filter(([name]) => name !== metadataKey)
    .map(([name, value]) => [name, readEntry(name, value, dataBytes, file)] as const);
  checkCoverage(entries, dataBytes, file);
  return new Map(
    entries.map(([name, { dtype, shape, start, end }]) => {
      const data = bytes.subarray(dataStart + start, dataStart + end);
      return [name, { dtype, shape, data: typedData(dtype, data) }];
    }),
  );
}

/** The free text in the header. */
export function readMetadata(bytes: Uint8Array, file = 'weights.safetensors'): Map<string, string> {
  const value = readHeader(bytes, file).header.get(metadataKey);
  if (value === undefined) return new Map();
  if (!isObject(value)) return invalid('its metadata is not an object', file);
  return new Map(
    Object.entries(value).map(([key, text]) =>
      typeof text === 'string'
        ? [key, text]
        : invalid(`its metadata ${JSON.stringify(key)} is not text`, file),
    ),
  );
}

function readHeader(bytes: Uint8Array, file: string): { header: Map<string, unknown>; dataStart: number } {
  if (bytes.length < 8)
    return invalid('it is shorter than the eight bytes that every such file starts with', file);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
  if (length > maxHeaderBytes) return invalid(`its header would have ${length} bytes`, file);
  if (length > bytes.length - 8) return invalid(`its header of ${length} bytes ends after the file`, file);
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, 8 + length)));
  } catch (error) {
    return invalid(`its header is not JSON: ${error instanceof Error ? error.message : String(error)}`, file);
  }
  if (!isObject(parsed)) return invalid('its header is not a JSON object', file);
  return { header: new Map(Object.entries(parsed)), dataStart: 8 + length };
}

function readEntry(name: string, value: unknown, dataBytes: number, file: string): Entry {
  const wrong = (why: string): never => invalid(`its tensor ${JSON.stringify(name)} ${why}`, file);
  if (!isObject(value)) return wrong('is not described by an object');
  const { dtype: format, shape, data_offsets: offsets } = value;
  const dtype = typeof format === 'string' ? dtypes.get(format) : undefined;
  if (dtype === undefined)
    return wrong(`has the element type ${JSON.stringify(format)}, not F32, I32 or BOOL`);
  if (!isSizes(shape)) return wrong('has no shape of whole numbers');
  if (!isSizes(offsets) || offsets.length !== 2) return wrong('has no two offsets');
  const [start, end] = offsets as [number, number];
  if (start > end || end > dataBytes) return wrong(`lies outside the file's ${dataBytes} bytes of data`);
  if (elementCount(shape) * formats[dtype].bytes !== end - start)
    return wrong(`does not have its shape's size`);
  return { dtype, shape, start, end };
}

/** The format wants no gap and no overlap: then nobody hides anything in between. */
function checkCoverage(
  entries: readonly (readonly [string, Entry])[],
  dataBytes: number,
  file: string,
): void {
  let at = 0;
  for (const [name, { start, end }] of [...entries].sort(
    ([, a], [, b]) => a.start - b.start || a.end - b.end,
  )) {
    if (start !== at) invalid(`there is a gap or an overlap before its tensor ${JSON.stringify(name)}`, file);
    at = end;
  }
  if (at !== dataBytes) invalid(`its tensors have ${at} bytes, its data ${dataBytes}`, file);
}

function typedData(dtype: DType, data: Uint8Array): TensorData {
  if (dtype === 'bool') return data;
  const { buffer, byteOffset, byteLength } = data.byteOffset % 4 === 0 ? data : data.slice();
  const count = byteLength / 4;
  return dtype === 'float32'
    ? new Float32Array(buffer, byteOffset, count)
    : new Int32Array(buffer, byteOffset, count);
}

/** How many elements a shape has; infinite or inexact products never equal a byte count. */
function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function isSizes(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && (size as number) >= 0);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(why: string, file = 'weights.safetensors'): never {
  return fail({
    code: 'E790',
    message: `${file} is not a valid safetensors file`,
    where: file,
    why: `${why[0]!.toUpperCase()}${why.slice(1)}.`,
    help: 'The file may be damaged or cut off: write or download it again.',
  });
}
