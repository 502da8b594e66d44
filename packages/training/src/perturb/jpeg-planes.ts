/*
 * Colours of a JPEG file, bit for bit as libjpeg-turbo (jccolor.c, jcsample.c, jcprepct.c,
 * jdsample.c, jdcolor.c): YCbCr with 16 fractional bits, chroma halved both ways by means that
 * round alternately down and up, and doubled again by a triangle filter ("fancy upsampling").
 *
 *     full: Y, Cb, Cr [H, W]  →  chroma [⌈H / 2⌉, ⌈W / 2⌉]  →  back to [H, W]
 */
import { type RgbImage, rgbImage } from "@fauxgrad/models/transforms";

/** Samples of one component, row by row. */
export interface Plane {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

const BITS = 16;
const HALF = 1 << (BITS - 1);
/** A factor with 16 fractional bits. */
const fixed = (factor: number) => Math.floor(factor * (1 << BITS) + 0.5);

const Y_RED = fixed(0.299);
const Y_GREEN = fixed(0.587);
const Y_BLUE = fixed(0.114);
const CB_RED = fixed(0.16874);
const CB_GREEN = fixed(0.33126);
const CR_GREEN = fixed(0.41869);
const CR_BLUE = fixed(0.08131);
const CHROMA_MAIN = fixed(0.5);
/** 128, and rounding that never reaches 256. */
const CHROMA_OFFSET = (128 << BITS) + HALF - 1;

const RED_CR = fixed(1.402);
const BLUE_CB = fixed(1.772);
const GREEN_CR = fixed(0.71414);
const GREEN_CB = fixed(0.34414);

/** Luma and both chromas of an image, each `[H, W]`. */
export function toYcc({ width, height, data }: RgbImage): [y: Plane, cb: Plane, cr: Plane] {
  const size = width * height;
  const [y, cb, cr] = [new Uint8Array(size), new Uint8Array(size), new Uint8Array(size)];
  for (let i = 0, read = 0; i < size; i += 1, read += 3) {
    const red = data[read]!;
    const green = data[read + 1]!;
    const blue = data[read + 2]!;
    y[i] = (Y_RED * red + Y_GREEN * green + Y_BLUE * blue + HALF) >> BITS;
    cb[i] = (CHROMA_MAIN * blue - CB_RED * red - CB_GREEN * green + CHROMA_OFFSET) >> BITS;
    cr[i] = (CHROMA_MAIN * red - CR_GREEN * green - CR_BLUE * blue + CHROMA_OFFSET) >> BITS;
  }
  return [
    { width, height, data: y },
    { width, height, data: cb },
    { width, height, data: cr },
  ];
}

/** The image of three planes of one size. */
export function fromYcc(y: Plane, cb: Plane, cr: Plane): RgbImage {
  const { width, height } = y;
  const data = new Uint8ClampedArray(width * height * 3);
  for (let i = 0, write = 0; i < y.data.length; i += 1, write += 3) {
    const luma = y.data[i]!;
    const blueness = cb.data[i]! - 128;
    const redness = cr.data[i]! - 128;
    data[write] = luma + ((RED_CR * redness + HALF) >> BITS);
    data[write + 1] = luma + ((HALF - GREEN_CB * blueness - GREEN_CR * redness) >> BITS);
    data[write + 2] = luma + ((BLUE_CB * blueness + HALF) >> BITS);
  }
  return rgbImage(width, height, new Uint8Array(data.buffer));
}

/**
 * Half as wide and high: `(a + b + c + d + 1) >> 2` in even columns, `+ 2` in odd ones. The last
 * row and column are repeated where the sides are odd.
 *
 * @param columns of the result, at least ⌈W / 2⌉: the encoder fills its last block before it halves
 */
export function halve({ width, height, data }: Plane, columns: number): Plane {
  const rows = Math.ceil(height / 2);
  const halved = new Uint8Array(columns * rows);
  for (let y = 0; y < rows; y += 1) {
    const upper = 2 * y * width;
    const lower = Math.min(2 * y + 1, height - 1) * width;
    for (let x = 0; x < columns; x += 1) {
      const left = Math.min(2 * x, width - 1);
      const right = Math.min(2 * x + 1, width - 1);
      const sum =
        data[upper + left]! + data[upper + right]! + data[lower + left]! + data[lower + right]!;
      halved[y * columns + x] = (sum + 1 + (x & 1)) >> 2;
    }
  }
  return { width: columns, height: rows, data: halved };
}

/**
 * Twice as wide and high, cut to the given size: each sample ¾ of the nearest and ¼ of the next
 * one, both ways; planes of one or two columns are repeated instead, as libjpeg does.
 */
export function double(plane: Plane, width: number, height: number): Plane {
  const doubled = new Uint8Array(width * height);
  const sums = new Int32Array(plane.width);
  for (let y = 0; y < height; y += 1) {
    const row = doubled.subarray(y * width, (y + 1) * width);
    if (plane.width <= 2) {
      const start = (y >> 1) * plane.width;
      for (let x = 0; x < width; x += 1) row[x] = plane.data[start + (x >> 1)]!;
      continue;
    }
    columnSums(plane, y, sums);
    triangleRow(sums, row);
  }
  return { width, height, data: doubled };
}

/** Three times the nearest row and once the one beyond, of which the outermost is repeated. */
function columnSums({ width, height, data }: Plane, y: number, sums: Int32Array): void {
  const near = (y >> 1) * width;
  const beyond = (y >> 1) + (y % 2 === 0 ? -1 : 1);
  const far = Math.min(Math.max(beyond, 0), height - 1) * width;
  for (let x = 0; x < width; x += 1) sums[x] = 3 * data[near + x]! + data[far + x]!;
}

/** Sixteenths, rounded by 8 in even columns and by 7 in odd ones. */
function triangleRow(sums: Int32Array, row: Uint8Array): void {
  const last = sums.length - 1;
  for (let x = 0; x < row.length; x += 1) {
    const at = x >> 1;
    const isEven = x % 2 === 0;
    const neighbour = isEven ? Math.max(at - 1, 0) : Math.min(at + 1, last);
    row[x] = (3 * sums[at]! + sums[neighbour]! + (isEven ? 8 : 7)) >> 4;
  }
}
