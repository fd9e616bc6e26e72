/** Sums of a parameter over all dimensions but one: what additive measures are made of, in one pass over the data. */

type Weigh = (weight: number) => number;

/**
 * For each of some dimensions, the sum of `of(element)` at each of its indices.
 * @param dims dimensions of the shape, ascending
 */
export function marginalSums(
  data: Float32Array,
  shape: readonly number[],
  dims: readonly number[],
  of: Weigh,
): ReadonlyMap<number, Float64Array> {
  const marginals = new Map(dims.map((dim) => [dim, new Float64Array(shape[dim]!)]));
  const last = dims.at(-1);
  if (last === undefined) return marginals;
  // A row is what lies along the last dimension; the others have one index for all of it.
  const sums = marginals.get(last)!;
  const run = product(shape.slice(last + 1));
  const totals = new Float64Array(product(shape.slice(0, last)));
  if (run === 1) addRows(data, sums, totals, of);
  else addRowsOfRuns(data, run, sums, totals, of);
  for (const dim of dims.slice(0, -1)) {
    addEvery(totals, product(shape.slice(dim + 1, last)), marginals.get(dim)!);
  }
  return marginals;
}

/** Adds up the columns and the rows of a matrix. Four rows at once: additions that don't wait for each other. */
function addRows(data: Float32Array, columns: Float64Array, rows: Float64Array, of: Weigh): void {
  const width = columns.length;
  let row = 0;
  for (; row + 3 < rows.length; row += 4) {
    const start = row * width;
    const [second, third, fourth] = [start + width, start + 2 * width, start + 3 * width];
    let [s0, s1, s2, s3] = [0, 0, 0, 0];
    for (let i = 0; i < width; i++) {
      const v0 = of(data[start + i]!);
      const v1 = of(data[second + i]!);
      const v2 = of(data[third + i]!);
      const v3 = of(data[fourth + i]!);
      columns[i]! += v0 + v1 + (v2 + v3);
      s0 += v0;
      s1 += v1;
      s2 += v2;
      s3 += v3;
    }
    rows[row] = s0;
    rows[row + 1] = s1;
    rows[row + 2] = s2;
    rows[row + 3] = s3;
  }
  for (; row < rows.length; row++) {
    for (let i = 0; i < width; i++) {
      const value = of(data[row * width + i]!);
      columns[i]! += value;
      rows[row]! += value;
    }
  }
}

/** The same for a matrix whose entries are runs of elements; four runs at once. */
function addRowsOfRuns(
  data: Float32Array,
  run: number,
  columns: Float64Array,
  rows: Float64Array,
  of: Weigh,
): void {
  const width = columns.length;
  for (let row = 0; row < rows.length; row++) {
    let total = 0;
    let i = 0;
    for (; i + 3 < width; i += 4) {
      const start = (row * width + i) * run;
      const [second, third, fourth] = [start + run, start + 2 * run, start + 3 * run];
      let [s0, s1, s2, s3] = [0, 0, 0, 0];
      for (let n = 0; n < run; n++) {
        s0 += of(data[start + n]!);
        s1 += of(data[second + n]!);
        s2 += of(data[third + n]!);
        s3 += of(data[fourth + n]!);
      }
      columns[i]! += s0;
      columns[i + 1]! += s1;
      columns[i + 2]! += s2;
      columns[i + 3]! += s3;
      total += s0 + s1 + (s2 + s3);
    }
    for (; i < width; i++) {
      const start = (row * width + i) * run;
      let sum = 0;
      for (let n = start; n < start + run; n++) sum += of(data[n]!);
      columns[i]! += sum;
      total += sum;
    }
    rows[row] = total;
  }
}

/** Adds values to the indices of a dimension, which changes every `stride` values. */
function addEvery(values: Float64Array, stride: number, sums: Float64Array): void {
  for (let i = 0; i < values.length; i++) sums[Math.floor(i / stride) % sums.length]! += values[i]!;
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((a, b) => a * b, 1);
}
