import { describe, expect, it } from 'vitest';
import { commonAxes } from '../../src/lang/common-axes.js';

const N = { batch: 1 };

describe('commonAxes', () => {
  it('splits axes where the other shape does', () => {
    expect(commonAxes([N, 8, 4], [N, 2, 16])).toEqual({
      shape: [N, 2, 4, 4],
      first: [[0], [1, 2], [3]],
      second: [[0], [1], [2, 3]],
    });
  });

  it('splits the batch from what was put into it', () => {
    expect(commonAxes([7, { batch: 2 }, 4], [7, N, 8])).toEqual({
      shape: [7, N, 2, 4],
      first: [[0], [1, 2], [3]],
      second: [[0], [1], [2, 3]],
    });
  });

  it('makes axes of size one of nothing', () => {
    expect(commonAxes([N, 1, 6], [1, N, 6, 1])).toEqual({
      shape: [N, 6],
      first: [[0], [], [1]],
      second: [[], [0], [1], []],
    });
    expect(commonAxes([], [1, 1])).toEqual({ shape: [], first: [], second: [[], []] });
  });

  it('knows shapes that cut across each other, and others', () => {
    expect(commonAxes([2, 3], [3, 2])).toBeNull();
    expect(commonAxes([N, 3], [3, N])).toBeNull();
    expect(commonAxes([2, 3], [7])).toBeNull();
    expect(commonAxes([0, 3], [0])).toBeNull();
  });
});
