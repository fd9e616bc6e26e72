import { describe, expect, it } from 'vitest';
import { readSubscripts, type SubscriptMasks } from '../../src/lang/subscripts.js';

const none: SubscriptMasks = { begin: 0, end: 0, ellipsis: 0, newAxis: 0, shrink: 0 };

describe('subscripts', () => {
  it('x[1:3, :2] of [4, 5, 6] leaves the axes that are not mentioned whole', () => {
    expect(readSubscripts([4, 5, 6], [1, 0], [3, 2], [1, 1], none)).toEqual({
      begin: [1, 0, 0],
      size: [2, 2, 6],
      strides: [1, 1, 1],
      reversed: [],
      dropped: [],
      added: [],
      shape: [2, 2, 6],
    });
  });

  it('x[..., 0] of [N, 5, 6] drops the last axis and keeps the batch', () => {
    const got = readSubscripts([{ batch: 1 }, 5, 6], [0, 0], [0, 1], [1, 1], {
      ...none,
      ellipsis: 1,
      shrink: 2,
    });
    expect(got).toMatchObject({
      begin: [0, 0, 0],
      size: [{ batch: 1 }, 5, 1],
      dropped: [2],
      shape: [{ batch: 1 }, 5],
    });
  });

  it('x[:, None, -1, 1::2] counts new axes, indices from the end, and strides', () => {
    const masks = { ...none, begin: 1, end: 1 | 8, newAxis: 2, shrink: 4 };
    const got = readSubscripts([2, 5, 6], [0, 0, -1, 1], [0, 0, 0, 0], [1, 1, 1, 2], masks);
    expect(got).toMatchObject({
      begin: [0, 4, 1],
      size: [2, 1, 3],
      strides: [1, 1, 2],
      dropped: [1],
      added: [1],
      shape: [2, 1, 3],
    });
  });

  it('x[::-2] of [5] is a box of the reversed axis: 4, 2, 0', () => {
    const got = readSubscripts([5], [0], [0], [-2], { ...none, begin: 1, end: 1 });
    expect(got).toMatchObject({ reversed: [0], begin: [0], size: [3], strides: [2] });
  });

  it('x[3:0:-1] of [5] is 3, 2, 1', () => {
    const got = readSubscripts([5], [3], [0], [-1], none);
    expect(got).toMatchObject({ reversed: [0], begin: [1], size: [3], strides: [1] });
  });

  it('clamps bounds, and finds nothing where they cross', () => {
    expect(readSubscripts([5], [-9], [9], [1], none)).toMatchObject({ begin: [0], size: [5] });
    expect(readSubscripts([5], [4], [2], [1], none)).toMatchObject({ size: [0], shape: [0] });
  });

  it('refuses what it can not know', () => {
    const batch = [{ batch: 1 }];
    expect(() => readSubscripts(batch, [0], [1], [1], { ...none, shrink: 1 })).toThrow(
      'one index of the symbolic batch',
    );
    expect(() => readSubscripts(batch, [1], [0], [1], { ...none, end: 1 })).toThrow('only be taken whole');
    expect(() => readSubscripts([5], [7], [8], [1], { ...none, shrink: 1 })).toThrow(
      'index 7 is outside an axis of 5',
    );
    expect(() => readSubscripts([5], [0, 0], [1, 1], [1, 1], none)).toThrow(
      '2 subscripts for a tensor of 1 axes',
    );
  });
});
