/**
 * The safetensors format: eight bytes with the length of a JSON header, the header, the data of all tensors. Every size
 * is checked before anything is believed; nothing is decoded or copied here.
 */
import { fail } from '../diagnostics/diagnostic.js';

/** A tensor as it lies in the file. */
export interface RawTensor {
  /** The format's name of the element type, e.g. `BF16`. */
  readonly format: string;
  readonly shape: readonly number[];
  /** A view of the file. */
  readonly bytes: Uint8Array;
}

/** Larger headers than this are refused, as in the reference implementation. */
const maxHeaderBytes = 100_000_000;
/** The format's own key for free text. */
export const metadataKey = '__metadata__';

/**
 * All tensors of a file.
 * @param sizes the element types that are accepted, with their sizes in bytes
 * @param file how messages name the file
 */
export function readLayout(
  bytes: Uint8Array,
  sizes: ReadonlyMap<string, number>,
  file: string,
): Map<string, RawTensor> {
  const { header, dataStart } = readHeader(bytes, file);
  const dataBytes = bytes.length - dataStart;
  const entries = [...header]
    .filter(([name]) => name !== metadataKey)
    .map(([name, value]) => [name, readEntry(name, value, dataBytes, sizes, file)] as const);
  checkCoverage(entries, dataBytes, file);
  return new Map(
    entries.map(([name, { format, shape, start, end }]) => [
      name,
      { format, shape, bytes: bytes.subarray(dataStart + start, dataStart + end) },
    ]),
  );
}

/** The free text in the header. */
export function readMetadata(bytes: Uint8Array, file = 'weights.safetensors'): Map<string, string> {
  const value = readHeader(bytes, file).header.get(metadataKey);
  if (value === undefined) return new Map();
  if (!isObject(value)) return invalidSafetensors('its metadata is not an object', file);
  return new Map(
    Object.entries(value).map(([key, text]) =>
      typeof text === 'string'
        ? [key, text]
        : invalidSafetensors(`its metadata ${JSON.stringify(key)} is not text`, file),
    ),
  );
}

function readHeader(bytes: Uint8Array, file: string): { header: Map<string, unknown>; dataStart: number } {
  if (bytes.length < 8) {
    return invalidSafetensors('it is shorter than the eight bytes that every such file starts with', file);
  }
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
  if (length > maxHeaderBytes) return invalidSafetensors(`its header would have ${length} bytes`, file);
  if (length > bytes.length - 8) {
    return invalidSafetensors(`its header of ${length} bytes ends after the file`, file);
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, 8 + length)));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return invalidSafetensors(`its header is not JSON: ${why}`, file);
  }
  if (!isObject(parsed)) return invalidSafetensors('its header is not a JSON object', file);
  return { header: new Map(Object.entries(parsed)), dataStart: 8 + length };
}

/** Where in the data a tensor is. */
interface Entry {
  readonly format: string;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

function readEntry(
  name: string,
  value: unknown,
  dataBytes: number,
  sizes: ReadonlyMap<string, number>,
  file: string,
): Entry {
  const wrong = (why: string): never => invalidSafetensors(`its tensor ${JSON.stringify(name)} ${why}`, file);
  if (!isObject(value)) return wrong('is not described by an object');
  const { dtype: format, shape, data_offsets: offsets } = value;
  const size = typeof format === 'string' ? sizes.get(format) : undefined;
  if (size === undefined) {
    const known = [...sizes.keys()];
    const list = `${known.slice(0, -1).join(', ')} or ${known.at(-1)!}`;
    return wrong(`has the element type ${JSON.stringify(format)}, not ${list}`);
  }
  if (!isSizes(shape)) return wrong('has no shape of whole numbers');
  if (!isSizes(offsets) || offsets.length !== 2) return wrong('has no two offsets');
  const [start, end] = offsets as [number, number];
  if (start > end || end > dataBytes) return wrong(`lies outside the file's ${dataBytes} bytes of data`);
  if (elementCount(shape) * size !== end - start) return wrong(`does not have its shape's size`);
  return { format: format as string, shape, start, end };
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
    if (start !== at) {
      invalidSafetensors(`there is a gap or an overlap before its tensor ${JSON.stringify(name)}`, file);
    }
    at = end;
  }
  if (at !== dataBytes) invalidSafetensors(`its tensors have ${at} bytes, its data ${dataBytes}`, file);
}

/** How many elements a shape has; infinite or inexact products never equal a byte count. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function isSizes(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && (size as number) >= 0);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @throws always: the file is not what it says. */
export function invalidSafetensors(why: string, file = 'weights.safetensors'): never {
  return fail({
    code: 'E790',
    message: `${file} is not a valid safetensors file`,
    where: file,
    why: `${why[0]!.toUpperCase()}${why.slice(1)}.`,
    help: 'The file may be damaged or cut off: write or download it again.',
  });
}
