/**
 * Weights in fewer bits: what a model's files store, and how the numbers follow from it. Nothing is rounded anew: what
 * can't be told exactly is not packed.
 */
import type { TensorData } from './graph.js';

/** How a stored code becomes a number: half precision by its bits, or `code * scale + min`. */
export type Coding =
  { readonly kind: 'float16' } | { readonly kind: 'affine'; readonly scale: number; readonly min: number };

/** Numbers that the elements are multiplied by, in turn: each of them for `run` elements, and again from the first. */
export interface Factor {
  readonly data: Float32Array;
  readonly run: number;
}

export interface PackedData {
  readonly codes: Uint8Array | Uint16Array;
  readonly coding: Coding;
  /** Multiplied in one after the other, in single precision. */
  readonly factors: readonly Factor[];
}

/** The numbers of a packed weight. */
export function unpack({ codes, coding, factors }: PackedData): Float32Array {
  const numbers = decode(codes, coding);
  for (const { data, run } of factors) {
    for (let at = 0; at < numbers.length;) {
      for (const factor of data) {
        for (const end = at + run; at < end; at++) numbers[at]! *= factor;
      }
    }
  }
  return numbers;
}

function decode(codes: Uint8Array | Uint16Array, coding: Coding): Float32Array {
  const numbers = new Float32Array(codes.length);
  if (coding.kind === 'affine') {
    const { scale, min } = coding;
    for (let i = 0; i < codes.length; i++) numbers[i] = codes[i]! * scale + min;
    return numbers;
  }
  const bits = new Uint32Array(numbers.buffer);
  for (let i = 0; i < codes.length; i++) bits[i] = halfToFloatBits(codes[i]!);
  return numbers;
}

/** Sign and 10 bits of mantissa move up; the exponent's bias goes from 15 to 127. */
function halfToFloatBits(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >> 10) & 0x1f;
  const mantissa = half & 0x3ff;
  if (exponent === 0x1f) return (sign | 0x7f800000 | (mantissa << 13)) >>> 0;
  if (exponent !== 0) return (sign | ((exponent + 112) << 23) | (mantissa << 13)) >>> 0;
  if (mantissa === 0) return sign >>> 0;
  // A subnormal half is a normal float: shift until the leading one falls off at the top.
  const shift = Math.clz32(mantissa) - 21;
  return (sign | ((113 - shift) << 23) | (((mantissa << shift) & 0x3ff) << 13)) >>> 0;
}

/** Whether the numbers of a packed weight are these, to the last bit. */
export function unpacksTo(packed: PackedData, data: TensorData): boolean {
  if (!(data instanceof Float32Array) || packed.codes.length !== data.length) return false;
  return Buffer.compare(bytesOf(unpack(packed)), bytesOf(data)) === 0;
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
