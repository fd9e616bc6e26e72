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
      let square = 0;
      for (let i = a * length, j = b * length; i < (a + 1) * length; i++, j++) {
        const difference = rows[i]! - rows[j]!;
        square += difference * difference;
      }
      const distance = Math.sqrt(square);
      sums[a]! += distance;
      sums[b]! += distance;
    }
  }
  return sums;
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
