/** A measure over one parameter: what the slices count for that channels own along each of its dimensions. */
import { marginalSums } from './marginal-sums.js';
import type { ChannelSlices, Measure } from './measures/measure.js';

export type OwnedPositions = Pick<ChannelSlices, 'positions' | 'owners'>;

/** The importance, within a parameter, of the channels that own positions of one of its dimensions. */
export type AlongDim = (dim: number, owned: OwnedPositions, channels: number) => Float64Array;

/** Sums are taken for all of some dimensions at once; what is no sum, dimension by dimension. */
export function sliceMeasure(
  { weight, slice, slices }: Measure,
  data: Float32Array,
  shape: readonly number[],
  dims: readonly number[],
): AlongDim {
  if (weight !== undefined) {
    const ascending = [...dims].sort((a, b) => a - b);
    const marginals = marginalSums(data, shape, ascending, weight);
    return (dim, owned, channels) => {
      const ofSlices = sumsOfOwners(marginals.get(dim)!, owned, channels);
      return slice === undefined ? ofSlices : ofSlices.map(slice);
    };
  }
  return (dim, owned, channels) => {
    const outer = shape.slice(0, dim).reduce((a, b) => a * b, 1);
    const inner = shape.slice(dim + 1).reduce((a, b) => a * b, 1);
    return slices!({ data, outer, size: shape[dim]!, inner, ...owned, channels });
  };
}

function sumsOfOwners(
  marginal: Float64Array,
  { positions, owners }: OwnedPositions,
  channels: number,
): Float64Array {
  const sums = new Float64Array(channels);
  for (let k = 0; k < positions.length; k++) sums[owners[k]!]! += marginal[positions[k]!]!;
  return sums;
}
