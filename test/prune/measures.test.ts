import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { measures } from '../../src/prune/importance.js';
import { lastToGo, removalOrder } from '../../src/prune/order.js';
import { random } from '../../src/prune/random.js';
import { type OwnedPositions, sliceMeasure } from '../../src/prune/slice-measure.js';

/** A parameter cut along a dimension, and who owns which of its positions. */
interface Cut extends OwnedPositions {
  readonly data: Float32Array;
  readonly shape: readonly number[];
  readonly dim: number;
  readonly channels: number;
}

/** Channels (1, -4), (-2, 4), (2, 3). */
const columns: Cut = {
  data: Float32Array.of(1, -2, 2, -4, 4, 3),
  shape: [2, 3],
  dim: 1,
  positions: [0, 1, 2],
  owners: [0, 1, 2],
  channels: 3,
};

/** Rows that belong to channels 1, 0, another space, and 1 and 0 once more. */
const rows: Cut = {
  data: Float32Array.of(3, 0, 1, 1, 9, 9, 0, 4, 1, 1),
  shape: [5, 2],
  dim: 0,
  positions: [0, 1, 3, 4],
  owners: [1, 0, 1, 0],
  channels: 2,
};

function measured(name: string, { data, shape, dim, channels, ...owned }: Cut): number[] {
  const measure = measures.get(name)!;
  const sums = sliceMeasure(measure, data, shape, [dim])(dim, owned, channels);
  return [...(measure.finish === undefined ? sums : measure.finish(sums, random(1)))];
}

describe('importance measures', () => {
  it('l1 adds up absolute weights', () => {
    expect(measured('l1', columns)).toEqual([5, 6, 5]);
    expect(measured('l1', rows)).toEqual([4, 7]);
  });

  it('l2 is the norm of a slice, wherever its parts are', () => {
    expect(measured('l2', columns)).toEqual([Math.sqrt(17), Math.sqrt(20), Math.sqrt(13)]);
    expect(measured('l2', rows)).toEqual([2, 5]);
  });

  it('bn-scale adds up absolute scales and asks for the role', () => {
    expect(measured('bn-scale', { ...columns, data: Float32Array.of(1, -2, 2), shape: [1, 3] })).toEqual([
      1, 2, 2,
    ]);
    expect(measures.get('bn-scale')!.role).toEqual({ name: 'scale', fallback: 'l2' });
  });

  it('fpgm adds up distances from the other channels', () => {
    const [ab, ac, bc] = [Math.hypot(3, 8), Math.hypot(1, 7), Math.hypot(4, 1)];
    expect(measured('fpgm', columns)).toEqual([ab + ac, ab + bc, ac + bc]);
    const nine = Float32Array.from({ length: 18 }, (_, i) => (i < 9 ? i : 0));
    const long = { data: nine, shape: [2, 9], dim: 0, positions: [0, 1], owners: [0, 1], channels: 2 };
    expect(measured('fpgm', long)).toEqual([Math.sqrt(204), Math.sqrt(204)]);
    // channel 0 is (1, 1, 1, 1), channel 1 is (3, 0, 0, 4)
    expect(measured('fpgm', rows)).toEqual([Math.sqrt(15), Math.sqrt(15)]);
  });

  it('lamp relates a channel to those that are not smaller', () => {
    // squares 17, 20, 13
    expect(measured('lamp', columns)).toEqual([17 / 37, 1, 13 / 50]);
  });

  it('lamp counts equal channels for each other, and zeros for nothing', () => {
    const { finish } = measures.get('lamp')!;
    expect([...finish!(Float64Array.of(4, 0, 4, 2), random(1))]).toEqual([0.5, 0, 0.5, 0.2]);
    expect([...finish!(Float64Array.of(0, 0), random(1))]).toEqual([0, 0]);
  });

  it('random does not read weights', () => {
    const { weight, slices, finish } = measures.get('random')!;
    expect(weight ?? slices).toBeUndefined();
    const scores = [...finish!(new Float64Array(3), random(5))];
    expect(scores).toEqual([...finish!(new Float64Array(3), random(5))]);
    expect(new Set(scores).size).toBe(3);
  });

  it('every measure has a line for --help', () => {
    for (const [name, measure] of measures) {
      expect(measure.name).toBe(name);
      expect(measure.summary).toMatch(/^[a-zA-Z].{10,}[^.]$/);
    }
    expect([...measures.keys()]).toEqual(['l1', 'l2', 'bn-scale', 'fpgm', 'lamp', 'random']);
  });
});

describe('the order of removal', () => {
  it('is by importance, then by index', () => {
    expect(removalOrder(Float64Array.of(2, 1, 2, 0))).toEqual([3, 1, 0, 2]);
  });

  it('ends with infinities and what is not a number', () => {
    expect(removalOrder(Float64Array.of(NaN, 1, Infinity, -Infinity))).toEqual([3, 1, 0, 2]);
  });

  it('ends with the channels that stay', () => {
    const scores = fc.array(
      fc.oneof(fc.integer({ min: 0, max: 4 }), fc.constantFrom(NaN, Infinity, -Infinity)),
      {
        minLength: 1,
      },
    );
    fc.assert(
      fc.property(scores, fc.nat(), (list, drawn) => {
        const given = Float64Array.from(list);
        const count = 1 + (drawn % given.length);
        const last = removalOrder(given).slice(-count);
        expect(lastToGo(given, count)).toEqual(last.sort((a, b) => a - b));
      }),
    );
  });
});
