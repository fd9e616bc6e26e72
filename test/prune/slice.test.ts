import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KeptDims } from '../../src/prune/kept.js';
import { sliceTensor } from '../../src/prune/slice.js';

const counted = (shape: readonly number[]): Float32Array =>
  Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i);

describe('slicing a tensor', () => {
  it('gathers rows', () => {
    expect([...sliceTensor(counted([4, 2]), [4, 2], [[0, 3], null])]).toEqual([0, 1, 6, 7]);
  });

  it('gathers columns', () => {
    expect([...sliceTensor(counted([2, 4]), [2, 4], [null, [1, 2]])]).toEqual([1, 2, 5, 6]);
  });

  it('gathers several dimensions at once', () => {
    const kept = [[1], null, [0, 2], null];
    expect([...sliceTensor(counted([2, 2, 3, 2]), [2, 2, 3, 2], kept)]).toEqual([
      12, 13, 16, 17, 18, 19, 22, 23,
    ]);
  });

  it('keeps the kind of data', () => {
    expect(sliceTensor(Int32Array.of(5, 6), [2], [[1]])).toEqual(Int32Array.of(6));
    expect(sliceTensor(Uint8Array.of(1, 0), [2], [[0]])).toEqual(Uint8Array.of(1));
    expect(sliceTensor(Uint16Array.of(7, 8), [2], [[1]])).toEqual(Uint16Array.of(8));
  });

  it('does not copy what is kept whole', () => {
    const data = counted([2, 3]);
    expect(sliceTensor(data, [2, 3], [null, null])).toBe(data);
    const scalar = Float32Array.of(6);
    expect(sliceTensor(scalar, [], [])).toBe(scalar);
  });

  it('agrees with indexing element by element', () => {
    fc.assert(
      fc.property(shapeAndKept(), ({ shape, kept }) => {
        expect([...sliceTensor(counted(shape), shape, kept)]).toEqual(oneByOne(shape, kept));
      }),
    );
  });

  it('of a slice is the slice of the composition', () => {
    fc.assert(
      fc.property(shapeAndKept(), fc.infiniteStream(fc.nat()), ({ shape, kept }, stream) => {
        const once = shape.map((size, dim) => kept[dim]?.length ?? size);
        const again = once.map((size) => subset(size, stream));
        const composed = again.map((list, dim) => {
          const outer = kept[dim];
          if (list === null) return outer ?? null;
          return outer === null || outer === undefined ? list : list.map((i) => outer[i]!);
        });
        const twice = sliceTensor(sliceTensor(counted(shape), shape, kept), once, again);
        expect(twice).toEqual(sliceTensor(counted(shape), shape, composed));
      }),
    );
  });
});

function oneByOne(shape: readonly number[], kept: KeptDims): number[] {
  return shape.reduce<number[]>(
    (offsets, size, dim) => {
      const indices = kept[dim] ?? Array.from({ length: size }, (_, i) => i);
      return offsets.flatMap((offset) => indices.map((index) => offset * size + index));
    },
    [0],
  );
}

function subset(size: number, stream: fc.Stream<number>): number[] | null {
  const [first = 0] = [...stream.take(1)];
  if (first % 3 === 0) return null;
  const flags = [...stream.take(size)];
  const kept = flags.flatMap((flag, i) => (flag % 2 === 0 ? [i] : []));
  return kept.length === 0 ? [first % size] : kept;
}

function shapeAndKept(): fc.Arbitrary<{ shape: number[]; kept: KeptDims }> {
  const dim = fc.integer({ min: 1, max: 5 }).chain((size) =>
    fc.record({
      size: fc.constant(size),
      kept: fc.option(
        fc.subarray(
          Array.from({ length: size }, (_, i) => i),
          { minLength: 1 },
        ),
      ),
    }),
  );
  return fc
    .array(dim, { minLength: 1, maxLength: 4 })
    .map((dims) => ({ shape: dims.map((d) => d.size), kept: dims.map((d) => d.kept) }));
}
