/**
 * Kernels for wasm, in AssemblyScript: `npm run kernels` compiles them into wasm-kernels.helpers.ts. They compute in
 * the memory of TensorFlow.js's own backend, whose tensors are given by their addresses, and add up in the order that it does.
 */

/** How many pixels take turns with the weights while both are in the processor's nearest memory. */
const blockSize: i32 = 32;

/** Bytes of eight numbers. */
const eight: usize = 32;

/** How many bytes `conv2d` needs to compute with. */
export function conv2dScratch(kernelHeight: i32, kernelWidth: i32, channels: i32, outs: i32): usize {
  const taps = kernelHeight * kernelWidth;
  const panels = <usize>(((outs + 7) >> 3) * (taps * channels + 2)) * eight;
  return panels + 4 * eight + ((<usize>(channels + taps * blockSize)) << 2);
}

/**
 * 2-D convolution of NHWC images by weights [kernelHeight, kernelWidth, channels, outs], with a bias.
 * Four pixels and eight channels of the result are computed at once: that many sums fit into registers.
 * @param summand address of what is added before the activation; 0 for nothing
 * @param slopes address of what negative results are multiplied by, one a channel; 0 for nothing
 * @param scratch address of memory to compute with
 * @param low lower limit of results, and `high` the upper one
 */
export function conv2d(
  x: usize,
  weights: usize,
  bias: usize,
  summand: usize,
  slopes: usize,
  y: usize,
  scratch: usize,
  images: i32,
  height: i32,
  width: i32,
  channels: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  strideHeight: i32,
  strideWidth: i32,
  dilationHeight: i32,
  dilationWidth: i32,
  top: i32,
  left: i32,
  outHeight: i32,
  outWidth: i32,
  outs: i32,
  low: f32,
  high: f32,
): void {
  const part = scratch;
  const zeros = part + 4 * eight;
  const pixelBytes = (<usize>channels) << 2;
  const table = zeros + pixelBytes;
  const taps = kernelHeight * kernelWidth;
  const panels = table + ((<usize>(taps * blockSize)) << 2);
  const outBytes = (<usize>outs) << 2;
  const panelBytes = <usize>(taps * channels + 2) * eight;
  memory.fill(zeros, 0, pixelBytes);
  // For every eight channels: biases, slopes, and weights in the order in which they are needed.
  for (let at: usize = 0, panel = panels; at < outBytes; at += eight, panel += panelBytes) {
    const bytes = min(eight, outBytes - at);
    memory.copy(panel, bias + at, bytes);
    if (slopes) memory.copy(panel + eight, slopes + at, bytes);
    copyRows(weights + at, outBytes, panel + 2 * eight, eight, taps * channels, bytes);
  }

  const lowest = f32x4.splat(low);
  const highest = f32x4.splat(high);
  const pixels = images * outHeight * outWidth;
  let image = x;
  let outRow = 0;
  let outColumn = 0;
  for (let first = 0; first < pixels; first += blockSize) {
    const count = min(blockSize, pixels - first);
    // The addresses of what every tap of the kernel meets; outside the image, and after the last pixel, that is zeros.
    for (let i = 0; i < blockSize; i++) {
      let entry = table + ((<usize>i) << 2);
      for (let ky = 0; ky < kernelHeight; ky++) {
        const row = outRow * strideHeight - top + ky * dilationHeight;
        for (let kx = 0; kx < kernelWidth; kx++) {
          const column = outColumn * strideWidth - left + kx * dilationWidth;
          const isInside = i < count && <u32>row < <u32>height && <u32>column < <u32>width;
          store<usize>(entry, isInside ? image + <usize>(row * width + column) * pixelBytes : zeros);
          entry += (<usize>blockSize) << 2;
        }
      }
      if (++outColumn < outWidth) continue;
      outColumn = 0;
      if (++outRow < outHeight) continue;
      outRow = 0;
      image += <usize>(height * width) * pixelBytes;
    }

    for (let at: usize = 0, panel = panels; at < outBytes; at += eight, panel += panelBytes) {
      const bytes = min(eight, outBytes - at);
      for (let pixel = 0; pixel < count; pixel += 4) {
        let sum00 = v128.load(panel);
        let sum01 = v128.load(panel, 16);
        let sum10 = sum00;
        let sum11 = sum01;
        let sum20 = sum00;
        let sum21 = sum01;
        let sum30 = sum00;
        let sum31 = sum01;
        let weight = panel + 2 * eight;
        let entry = table + ((<usize>pixel) << 2);
        for (const end = panel + panelBytes; weight < end; entry += (<usize>blockSize) << 2) {
          let x0 = load<usize>(entry);
          let x1 = load<usize>(entry, 4);
          let x2 = load<usize>(entry, 8);
          let x3 = load<usize>(entry, 12);
          for (const stop = weight + (pixelBytes << 3); weight < stop; weight += eight) {
            const w0 = v128.load(weight);
            const w1 = v128.load(weight, 16);
            const s0 = v128.load32_splat(x0);
            x0 += 4;
            sum00 = f32x4.add(sum00, f32x4.mul(s0, w0));
            sum01 = f32x4.add(sum01, f32x4.mul(s0, w1));
            const s1 = v128.load32_splat(x1);
            x1 += 4;
            sum10 = f32x4.add(sum10, f32x4.mul(s1, w0));
            sum11 = f32x4.add(sum11, f32x4.mul(s1, w1));
            const s2 = v128.load32_splat(x2);
            x2 += 4;
            sum20 = f32x4.add(sum20, f32x4.mul(s2, w0));
            sum21 = f32x4.add(sum21, f32x4.mul(s2, w1));
            const s3 = v128.load32_splat(x3);
            x3 += 4;
            sum30 = f32x4.add(sum30, f32x4.mul(s3, w0));
            sum31 = f32x4.add(sum31, f32x4.mul(s3, w1));
          }
        }

        // Fewer pixels or channels than are computed at once are put elsewhere first.
        const offset = <usize>(first + pixel) * outBytes + at;
        const rows = min(4, count - pixel);
        const isPart = rows < 4 || bytes < eight;
        let to = y + offset;
        let from = summand + offset;
        let step = outBytes;
        if (isPart) {
          if (summand) copyRows(from, outBytes, part, eight, rows, bytes);
          to = part;
          from = part;
          step = eight;
        }
        if (summand) {
          sum00 = f32x4.add(sum00, v128.load(from));
          sum01 = f32x4.add(sum01, v128.load(from, 16));
          from += step;
          sum10 = f32x4.add(sum10, v128.load(from));
          sum11 = f32x4.add(sum11, v128.load(from, 16));
          from += step;
          sum20 = f32x4.add(sum20, v128.load(from));
          sum21 = f32x4.add(sum21, v128.load(from, 16));
          from += step;
          sum30 = f32x4.add(sum30, v128.load(from));
          sum31 = f32x4.add(sum31, v128.load(from, 16));
        }
        if (slopes) {
          const slopes0 = v128.load(panel, 32);
          const slopes1 = v128.load(panel, 48);
          sum00 = sloped(sum00, slopes0);
          sum01 = sloped(sum01, slopes1);
          sum10 = sloped(sum10, slopes0);
          sum11 = sloped(sum11, slopes1);
          sum20 = sloped(sum20, slopes0);
          sum21 = sloped(sum21, slopes1);
          sum30 = sloped(sum30, slopes0);
          sum31 = sloped(sum31, slopes1);
        }
        v128.store(to, f32x4.pmin(f32x4.pmax(sum00, lowest), highest));
        v128.store(to, f32x4.pmin(f32x4.pmax(sum01, lowest), highest), 16);
        to += step;
        v128.store(to, f32x4.pmin(f32x4.pmax(sum10, lowest), highest));
        v128.store(to, f32x4.pmin(f32x4.pmax(sum11, lowest), highest), 16);
        to += step;
        v128.store(to, f32x4.pmin(f32x4.pmax(sum20, lowest), highest));
        v128.store(to, f32x4.pmin(f32x4.pmax(sum21, lowest), highest), 16);
        to += step;
        v128.store(to, f32x4.pmin(f32x4.pmax(sum30, lowest), highest));
        v128.store(to, f32x4.pmin(f32x4.pmax(sum31, lowest), highest), 16);
        if (isPart) copyRows(part, eight, y + offset, outBytes, rows, bytes);
      }
    }
  }
}

/** Numbers where they are not negative, else their products with the slopes. */
function sloped(sum: v128, slopes: v128): v128 {
  return v128.bitselect(f32x4.mul(sum, slopes), sum, f32x4.lt(sum, f32x4.splat(0)));
}

/** Copies the first bytes of rows to rows of another length. */
function copyRows(from: usize, fromBytes: usize, to: usize, toBytes: usize, rows: i32, bytes: usize): void {
  for (; rows > 0; rows--, from += fromBytes, to += toBytes) {
    if (bytes == eight) {
      v128.store(to, v128.load(from));
      v128.store(to, v128.load(from, 16), 16);
    } else memory.copy(to, from, bytes);
  }
}
