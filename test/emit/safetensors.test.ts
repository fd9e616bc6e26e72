import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DiagnosticError } from '../../src/diagnostics/diagnostic.js';
import {
  readMetadata,
  readSafetensors,
  writeSafetensors,
  type StoredTensor,
} from '../../src/emit/safetensors.js';

const shape = fc.array(fc.nat(4), { maxLength: 4 });
const count = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);

const tensor: fc.Arbitrary<StoredTensor> = shape.chain((sizes) => {
  const n = { minLength: count(sizes), maxLength: count(sizes) };
  return fc.oneof(
    fc.float32Array(n).map((data) => ({ dtype: 'float32' as const, shape: sizes, data })),
    fc.int32Array(n).map((data) => ({ dtype: 'int32' as const, shape: sizes, data })),
    fc.uint8Array({ ...n, max: 1 }).map((data) => ({ dtype: 'bool' as const, shape: sizes, data })),
    fc.uint8Array(n).map((data) => ({ dtype: 'uint8' as const, shape: sizes, data })),
    fc.uint16Array(n).map((data) => ({ dtype: 'float16' as const, shape: sizes, data })),
  );
});

const name = fc.oneof(
  fc.string().filter((text) => text !== '__metadata__'),
  fc.constantFrom('__proto__', 'constructor', '0', 'a/b:0', '한국어', '"\\\n'),
);
const tensors = fc.uniqueArray(fc.tuple(name, tensor), { selector: ([key]) => key, maxLength: 6 });

/** A file with this header and so many bytes of data. */
function file(header: unknown, dataBytes = 0): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

function whyRefused(bytes: Uint8Array): string | undefined {
  try {
    readSafetensors(bytes);
  } catch (error) {
    if (error instanceof DiagnosticError) return error.diagnostics[0]!.why;
    throw error;
  }
  return undefined;
}

describe('safetensors', () => {
  it('reads what it wrote, wherever the bytes lie in memory', () => {
    fc.assert(
      fc.property(tensors, fc.nat(3), (written, offset) => {
        const bytes = writeSafetensors(written);
        const moved = new Uint8Array(bytes.length + offset).subarray(offset);
        moved.set(bytes);
        const read = readSafetensors(moved);
        expect(new Map(written.map(([key]) => [key, read.get(key)]))).toEqual(new Map(written));
        expect(read.size).toBe(written.length);
      }),
    );
  });

  it('writes exactly these bytes', () => {
    const bytes = writeSafetensors(
      [
        ['mask', { dtype: 'bool', shape: [3], data: new Uint8Array([1, 0, 1]) }],
        ['k', { dtype: 'float32', shape: [1, 2], data: new Float32Array([0, 1]) }],
      ],
      { format: 'tf' },
    );
    const header =
      '{"__metadata__":{"format":"tf"},"k":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},' +
      '"mask":{"dtype":"BOOL","shape":[3],"data_offsets":[8,11]}}';
    expect(new TextDecoder().decode(bytes.subarray(8, -11)).trimEnd()).toBe(header);
    expect([...bytes.subarray(-11)]).toEqual([0, 0, 0, 0, 0, 0, 0x80, 0x3f, 1, 0, 1]);
    expect((bytes.length - 11) % 8).toBe(0);
    expect([...readMetadata(bytes)]).toEqual([['format', 'tf']]);
  });

  it('ends in a diagnostic, never in another error, however the file is damaged', () => {
    fc.assert(
      fc.property(
        tensors,
        fc.infiniteStream(fc.nat()),
        fc.nat(8),
        fc.nat(),
        (written, random, flips, cut) => {
          const bytes = writeSafetensors(written);
          for (let i = 0; i < flips; i++) {
            bytes[random.next().value % bytes.length] = random.next().value & 255;
          }
          whyRefused(bytes.subarray(0, cut % 2 === 0 ? bytes.length : cut % bytes.length));
        },
      ),
      { numRuns: 500 },
    );
  });

  const f32 = (sizes: unknown, offsets: unknown): unknown => ({
    dtype: 'F32',
    shape: sizes,
    data_offsets: offsets,
  });

  it.each([
    [new Uint8Array(7), 'It is shorter than the eight bytes that every such file starts with.'],
    [new Uint8Array(8).fill(255), 'Its header would have 18446744073709552000 bytes.'],
    [file('{}').subarray(0, 9), 'Its header of 2 bytes ends after the file.'],
    [file('[]'), 'Its header is not a JSON object.'],
    [file({ a: 1 }), 'Its tensor "a" is not described by an object.'],
    [
      file({ a: { dtype: 'F64', shape: [], data_offsets: [0, 8] } }, 8),
      'Its tensor "a" has the element type "F64", not F32, I32, F16, U16, U8 or BOOL.',
    ],
    [file({ a: f32([1, -1], [0, 4]) }, 4), 'Its tensor "a" has no shape of whole numbers.'],
    [file({ a: f32([1e300, 1e300], [0, 4]) }, 4), 'Its tensor "a" has no shape of whole numbers.'],
    [file({ a: f32([1], [0]) }, 4), 'Its tensor "a" has no two offsets.'],
    [file({ a: f32([1], [4, 0]) }, 4), 'Its tensor "a" lies outside the file\'s 4 bytes of data.'],
    [
      file({ a: f32([2 ** 40], [0, 2 ** 42]) }, 4),
      'Its tensor "a" lies outside the file\'s 4 bytes of data.',
    ],
    [file({ a: f32([2], [0, 4]) }, 4), 'Its tensor "a" does not have its shape\'s size.'],
    [
      file({ a: f32([1], [0, 4]), b: f32([1], [2, 6]) }, 6),
      'There is a gap or an overlap before its tensor "b".',
    ],
    [file({ a: f32([1], [0, 4]) }, 5), 'Its tensors have 4 bytes, its data 5.'],
  ])('refuses a bad file (%#): %s', (bytes, why) => {
    expect(whyRefused(bytes)).toBe(why);
  });
});
