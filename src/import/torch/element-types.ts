/** From PyTorch's element types to those that TensorFlow.js has, and from bytes of either kind to numbers. */
import { fail } from '../../diagnostics/diagnostic.js';
import type { DType, TensorData } from '../../ir/graph.js';
import type { RawTensor } from '../../files/safetensors.js';
import { unpack, type PackedData } from '../../ir/packed.js';
import { aligned, asUint16 } from '../files/weight-data.js';

/** By PyTorch's names. */
const dtypes = new Map<string, DType>([
  ['float64', 'float32'],
  ['float32', 'float32'],
  ['float16', 'float32'],
  ['bfloat16', 'float32'],
  ['int64', 'int32'],
  ['int32', 'int32'],
  ['int16', 'int32'],
  ['int8', 'int32'],
  ['uint8', 'int32'],
  ['bool', 'bool'],
]);

/** The element types of weight files, by safetensors' names: PyTorch's name, and the size in bytes. */
const formats = new Map<string, { readonly torch: string; readonly bytes: number }>([
  ['F64', { torch: 'float64', bytes: 8 }],
  ['F32', { torch: 'float32', bytes: 4 }],
  ['F16', { torch: 'float16', bytes: 2 }],
  ['BF16', { torch: 'bfloat16', bytes: 2 }],
  ['I64', { torch: 'int64', bytes: 8 }],
  ['I32', { torch: 'int32', bytes: 4 }],
  ['I16', { torch: 'int16', bytes: 2 }],
  ['I8', { torch: 'int8', bytes: 1 }],
  ['U8', { torch: 'uint8', bytes: 1 }],
  ['BOOL', { torch: 'bool', bytes: 1 }],
]);

export const formatSizes: ReadonlyMap<string, number> = new Map(
  [...formats].map(([name, { bytes }]) => [name, bytes]),
);

/** PyTorch's name for what a file stores. */
export function torchType(format: string): string {
  return formats.get(format)!.torch;
}

/** The element type that stands for one of PyTorch's; undefined where none does. */
export function dtypeFor(torch: string): DType | undefined {
  return dtypes.get(torch);
}

/** @throws DiagnosticError for types that TensorFlow.js has nothing for. */
export function dtypeOf(torch: string, where: string): DType {
  return (
    dtypes.get(torch) ??
    fail({
      code: 'E226',
      message: `the element type ${JSON.stringify(torch)} is not supported`,
      where,
      why: 'a network of tensors is made of floats, whole numbers and booleans',
      help: 'exclude the part of the model that uses it before tracing it',
    })
  );
}

/** The numbers of a tensor. Whole numbers of 64 bits must fit in 32. */
export function decodeTensor({ format, bytes }: RawTensor, where: string): TensorData {
  switch (format) {
    case 'F32':
      return view(bytes, Float32Array);
    case 'F64':
      return Float32Array.from(view(bytes, Float64Array));
    case 'F16':
      return unpack(packedHalves(bytes));
    case 'BF16':
      return decodeBfloat16(asUint16(bytes));
    case 'I32':
      return view(bytes, Int32Array);
    case 'I64':
      return narrowed(view(bytes, BigInt64Array), where);
    case 'I16':
      return Int32Array.from(view(bytes, Int16Array));
    case 'I8':
      return Int32Array.from(view(bytes, Int8Array));
    case 'U8':
      return Int32Array.from(bytes);
    default:
      return bytes;
  }
}

/** A tensor as it is stored, where that takes fewer bits than its numbers; null where it doesn't. */
export function packedTensor({ format, bytes }: RawTensor): PackedData | null {
  return format === 'F16' ? packedHalves(bytes) : null;
}

function packedHalves(bytes: Uint8Array): PackedData {
  return { codes: asUint16(bytes), coding: { kind: 'float16' }, factors: [] };
}

type NumberArray<T> = new (buffer: ArrayBufferLike, offset: number, length: number) => T;

function view<T>(bytes: Uint8Array, type: NumberArray<T> & { readonly BYTES_PER_ELEMENT: number }): T {
  const size = type.BYTES_PER_ELEMENT;
  const { buffer, byteOffset, byteLength } = aligned(bytes, size);
  return new type(buffer, byteOffset, byteLength / size);
}

/** A bfloat16 is the upper half of a float32. */
function decodeBfloat16(halves: Uint16Array): Float32Array {
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) bits[i] = halves[i]! << 16;
  return new Float32Array(bits.buffer);
}

function narrowed(values: BigInt64Array, where: string): Int32Array {
  const result = new Int32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    const narrow = BigInt.asIntN(32, value);
    if (narrow !== value) {
      return fail({
        code: 'E227',
        message: `the whole number ${value} does not fit in 32 bits`,
        where,
        why: 'TensorFlow.js has whole numbers of 32 bits, PyTorch of 64',
        help: 'change the model so that it does without such numbers; a bound that is never reached can be smaller',
      });
    }
    result[i] = Number(narrow);
  }
  return result;
}
