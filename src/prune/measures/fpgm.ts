import type { ChannelSlices, Measure } from './measure.js';

/**
 * Distance from the other channels: `Σ_d ‖c − d‖₂` within each parameter slice. Channels near the geometric median
 * of their space are replaceable by the rest and go first.
 * Y. He et al., Filter Pruning via Geometric Median for Deep Neural Networks Acceleration, CVPR 2019, equation 6.
 *
 * Distances are taken one by one, not through scalar products, which would cancel for channels that are alike:
 * channels² / 2 times the slice's length operations, and one copy of the parameter.
 */
export const fpgm: Measure = {
  name: 'fpgm',
  summary: 'distance from the other channels (geometric median)',
  slices: sumOfDistances,
};

function sumOfDistances(slices: ChannelSlices): Float64Array {
  const { channels } = slices;
  const { rows, length } = rowPerChannel(slices);
  const sums = new Float64Array(channels);
  for (let a = 0; a < channels; a++) {
    for (let b = a + 1; b < channels; b++) {
      const distance = Math.sqrt(squaredDistance(rows, a * length, b * length, length));
      sums[a]! += distance;
      sums[b]! += distance;
    }
  }
  return sums;
}

/** Four sums side by side: additions that don't wait for each other. */
function squaredDistance(rows: Float32Array, a: number, b: number, length: number): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  let i = 0;
  for (; i + 3 < length; i += 4) {
    const d0 = rows[a + i]! - rows[b + i]!;
    const d1 = rows[a + i + 1]! - rows[b + i + 1]!;
    const d2 = rows[a + i + 2]! - rows[b + i + 2]!;
    const d3 = rows[a + i + 3]! - rows[b + i + 3]!;
    s0 += d0 * d0;
    s1 += d1 * d1;
    s2 += d2 * d2;
    s3 += d3 * d3;
  }
  for (; i < length; i++) {
    const d = rows[a + i]! - rows[b + i]!;
    s0 += d * d;
  }
  return s0 + s1 + (s2 + s3);
}

/** The slices side by side: row c is channel c's. */
function rowPerChannel(slices: ChannelSlices): { rows: Float32Array; length: number } {
  const { data, outer, size, inner, positions, owners, channels } = slices;
  const length = (outer * inner * positions.length) / channels;
  const rows = new Float32Array(channels * length);
  const filled = new Uint32Array(channels);
  for (let o = 0; o < outer; o++) {
    for (let k = 0; k < positions.length; k++) {
      const start = (o * size + positions[k]!) * inner;
      const channel = owners[k]!;
      rows.set(data.subarray(start, start + inner), channel * length + filled[channel]!);
      filled[channel]! += inner;
    }
  }
  return { rows, length };
}
