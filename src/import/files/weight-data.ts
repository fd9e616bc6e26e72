/** From the bytes of a weight file to numbers, bit for bit as TensorFlow.js decodes them. */
import type { TensorData } from '../../ir/graph.js';
import type { WeightSpec } from './weight-spec.js';

/** Decodes one weight from the concatenated bytes of its group. */
export function decodeWeight(spec: WeightSpec, group: Uint8Array): TensorData {
  const bytes = group.subarray(spec.offset, spec.offset + spec.bytes);
  const { encoding } = spec;
  switch (encoding.kind) {
    case 'plain':
      return decodePlain(spec, bytes);
    case 'float16':
      return decodeFloat16(asUint16(bytes));
    case 'affine': {
      const stored = encoding.bits === 8 ? bytes : asUint16(bytes);
      const { scale, min } = encoding;
      if (spec.dtype === 'int32') {
        const values = new Int32Array(stored.length);
        for (let i = 0; i < stored.length; i++) values[i] = Math.round(stored[i]! * scale + min);
        return values;
      }
      const values = new Float32Array(stored.length);
      for (let i = 0; i < stored.length; i++) values[i] = stored[i]! * scale + min;
      return values;
    }
  }
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

/** IEEE half floats as floats. */
export function decodeFloat16(halves: Uint16Array): Float32Array {
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) bits[i] = halfToFloatBits(halves[i]!);
  return new Float32Array(bits.buffer);
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
