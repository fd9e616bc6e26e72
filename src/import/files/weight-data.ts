/** From the bytes of a weight file to numbers, bit for bit as TensorFlow.js decodes them. */
import type { TensorData } from '../../ir/graph.js';
import { unpack, type PackedData } from '../../ir/packed.js';
import type { WeightSpec } from './weight-spec.js';

/** Decodes one weight from the concatenated bytes of its group. */
export function decodeWeight(spec: WeightSpec, group: Uint8Array): TensorData {
  const bytes = group.subarray(spec.offset, spec.offset + spec.bytes);
  const packed = packedWeight(spec, group);
  if (packed !== null) return unpack(packed);
  const { encoding } = spec;
  return encoding.kind === 'affine' ? decodeWhole(codesOf(spec, bytes), encoding) : decodePlain(spec, bytes);
}

type Affine = Extract<WeightSpec['encoding'], { kind: 'affine' }>;

/** A weight as it is stored, where that takes fewer bits than its numbers; null where it doesn't. */
export function packedWeight(spec: WeightSpec, group: Uint8Array): PackedData | null {
  const { encoding, dtype } = spec;
  if (encoding.kind === 'plain' || dtype !== 'float32') return null;
  const codes = codesOf(spec, group.subarray(spec.offset, spec.offset + spec.bytes));
  return { codes, coding: encoding, factors: [] };
}

function codesOf({ encoding }: WeightSpec, bytes: Uint8Array): Uint8Array | Uint16Array {
  return encoding.kind === 'affine' && encoding.bits === 8 ? bytes : asUint16(bytes);
}

function decodeWhole(codes: Uint8Array | Uint16Array, { scale, min }: Affine): Int32Array {
  const values = new Int32Array(codes.length);
  for (let i = 0; i < codes.length; i++) values[i] = Math.round(codes[i]! * scale + min);
  return values;
}

function decodePlain(spec: WeightSpec, bytes: Uint8Array): TensorData {
  if (spec.dtype === 'bool') return bytes;
  const { buffer, byteOffset } = aligned(bytes, 4);
  return spec.dtype === 'int32'
    ? new Int32Array(buffer, byteOffset, spec.size)
    : new Float32Array(buffer, byteOffset, spec.size);
}

/** The bytes as 16-bit words; a view where they are aligned, else a copy. */
export function asUint16(bytes: Uint8Array): Uint16Array {
  const { buffer, byteOffset } = aligned(bytes, 2);
  return new Uint16Array(buffer, byteOffset, bytes.length / 2);
}

/** Typed arrays must start at a multiple of their element's size: copies the bytes where they don't. */
export function aligned(bytes: Uint8Array, size: number): Uint8Array {
  return bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes);
}
