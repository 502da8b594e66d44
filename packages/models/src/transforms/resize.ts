/*
 * Pillow's 8-bit resampling, bit for bit (src/libImaging/Resample.c; nearest: Geometry.c).
 *
 * Separable: rows first, then columns, with a uint8 image in between. A pass is skipped when its
 * size does not change. The kernel is widened by the scale factor when shrinking, which is what
 * makes the result antialiased, and its weights are 22-bit fixed-point numbers. The first pass
 * computes only the rows that the second one reads.
 */
import { checkImage, checkSide, type RgbImage } from "./image.ts";
import { type Axis, type KernelName, resampleAxis } from "./resize-kernels.ts";

/** Pillow's filters. `nearest` picks pixels; the others are {@link KernelName}s. */
export type ResizeFilter = "nearest" | KernelName;

/** Size of the result. The aspect ratio is not kept. */
export interface ResizeSize {
  readonly width: number;
  readonly height: number;
}

const PRECISION_BITS = 22;
const HALF = 1 << (PRECISION_BITS - 1);

/**
 * The image resampled to `size`, as `PIL.Image.resize(size, filter)` of Pillow 9.4 does it.
 * An image that has that size already is returned unchanged.
 *
 * @throws {RangeError} if a side is not a positive integer
 * @see Pillow, src/libImaging/Resample.c, which it matches
 */
export function resize(
  image: RgbImage,
  size: ResizeSize,
  filter: ResizeFilter = "bilinear",
): RgbImage {
  checkImage("resize", image);
  checkSide("resize", "width", size.width);
  checkSide("resize", "height", size.height);
  if (image.width === size.width && image.height === size.height) return image;
  if (filter === "nearest") return nearest(image, size);

  const rows = resampleAxis(image.height, size.height, filter);
  const firstRow = rows.start[0]!;
  const last = size.height - 1;
  const lastRow = rows.start[last]! + rows.count[last]!;

  let current = image;
  let offset = 0;
  if (image.width !== size.width) {
    const columns = resampleAxis(image.width, size.width, filter);
    current = resampleRows(image, columns, firstRow, lastRow);
    offset = firstRow;
  }
  return image.height === size.height ? current : resampleColumns(current, rows, offset);
}

/** First pass: every row of `[firstRow, lastRow)` to the axis' length. */
function resampleRows(image: RgbImage, axis: Axis, firstRow: number, lastRow: number): RgbImage {
  const { length, taps, start, count, weights } = axis;
  const height = lastRow - firstRow;
  const source = image.data;
  const data = new Uint8Array(length * height * 3);
  const clamped = new Uint8ClampedArray(data.buffer);
  let write = 0;
  for (let y = firstRow; y < lastRow; y += 1) {
    const row = y * image.width * 3;
    for (let x = 0; x < length; x += 1) {
      let read = row + start[x]! * 3;
      let red = HALF;
      let green = HALF;
      let blue = HALF;
      const end = x * taps + count[x]!;
      for (let tap = x * taps; tap < end; tap += 1) {
        const weight = weights[tap]!;
        red += source[read]! * weight;
        green += source[read + 1]! * weight;
        blue += source[read + 2]! * weight;
        read += 3;
      }
      clamped[write] = red >> PRECISION_BITS;
      clamped[write + 1] = green >> PRECISION_BITS;
      clamped[write + 2] = blue >> PRECISION_BITS;
      write += 3;
    }
  }
  return { width: length, height, data };
}

/** Second pass: a weighted sum of whole rows, so that memory is read in order. */
function resampleColumns(image: RgbImage, axis: Axis, rowOffset: number): RgbImage {
  const { length, taps, start, count, weights } = axis;
  const stride = image.width * 3;
  const source = image.data;
  const data = new Uint8Array(stride * length);
  const clamped = new Uint8ClampedArray(data.buffer);
  const sums = new Int32Array(stride);
  for (let y = 0; y < length; y += 1) {
    sums.fill(HALF);
    let read = (start[y]! - rowOffset) * stride;
    const end = y * taps + count[y]!;
    for (let tap = y * taps; tap < end; tap += 1) {
      const weight = weights[tap]!;
      for (let i = 0; i < stride; i += 1) {
        sums[i] = sums[i]! + source[read + i]! * weight;
      }
      read += stride;
    }
    const write = y * stride;
    for (let i = 0; i < stride; i += 1) clamped[write + i] = sums[i]! >> PRECISION_BITS;
  }
  return { width: image.width, height: length, data };
}

/** Pillow's nearest: the source pixel under the centre of each output pixel. */
function nearest(image: RgbImage, size: ResizeSize): RgbImage {
  const columns = nearestIndices(image.width, size.width);
  const rows = nearestIndices(image.height, size.height);
  const data = new Uint8Array(size.width * size.height * 3);
  let write = 0;
  for (const row of rows) {
    const base = row * image.width;
    for (const column of columns) {
      const read = (base + column) * 3;
      data[write] = image.data[read]!;
      data[write + 1] = image.data[read + 1]!;
      data[write + 2] = image.data[read + 2]!;
      write += 3;
    }
  }
  return { width: size.width, height: size.height, data };
}

/** The position is accumulated, not multiplied: Pillow's rounding errors belong to the result. */
function nearestIndices(from: number, to: number): Int32Array {
  const indices = new Int32Array(to);
  const scale = from / to;
  let position = scale * 0.5;
  for (let i = 0; i < to; i += 1) {
    indices[i] = Math.min(Math.trunc(position), from - 1);
    position += scale;
  }
  return indices;
}
