import { describe, expect, it } from 'vitest';
import { unpack, unpacksTo, type PackedData } from '../../src/ir/packed.js';

const affine = { kind: 'affine', scale: 0.1, min: -1 } as const;

describe('packed weights', () => {
  it('are codes, scaled, shifted, and multiplied by factors in single precision', () => {
    const packed: PackedData = {
      codes: new Uint8Array([0, 10, 255, 3]),
      coding: affine,
      factors: [
        { data: new Float32Array([3, 7]), run: 1 },
        { data: new Float32Array([0.3, -0.7]), run: 2 },
      ],
    };
    const scaled = [0, 10, 255, 3].map((code) => Math.fround(code * 0.1 - 1));
    const first = scaled.map((value, i) => Math.fround(value * [3, 7][i % 2]!));
    const second = first.map((value, i) => Math.fround(value * Math.fround([0.3, -0.7][i >> 1]!)));
    expect([...unpack(packed)]).toEqual(second);
  });

  it('are told from what differs in one bit', () => {
    const packed: PackedData = { codes: new Uint16Array([1, 2, 3]), coding: affine, factors: [] };
    const numbers = unpack(packed);
    expect(unpacksTo(packed, numbers)).toBe(true);
    new Uint32Array(numbers.buffer)[1]!++;
    expect(unpacksTo(packed, numbers)).toBe(false);
    expect(unpacksTo(packed, numbers.subarray(1))).toBe(false);
    expect(unpacksTo(packed, new Int32Array(3))).toBe(false);
  });
});
