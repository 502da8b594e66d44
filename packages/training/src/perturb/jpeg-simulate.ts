/*
 * What a JPEG round trip does to pixels, without a file in between: the entropy coding loses
 * nothing and is left out. Baseline, 4:2:0, Annex K's tables scaled by the quality, libjpeg-turbo's
 * integer arithmetic throughout. It runs where no codec is at hand.
 *
 * Border blocks are filled as the encoder does: rightwards before chroma is halved, downwards after.
 */
import { type RgbImage, rgbImage } from "@fauxgrad/models/transforms";
import { forwardDct, inverseDct } from "./jpeg-dct.ts";
import { double, fromYcc, halve, type Plane, toYcc } from "./jpeg-planes.ts";

/** ITU-T T.81, Annex K.1: luma, row by row. */
const LUMA_TABLE = [
  16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56,
  14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113,
  92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
] as const;

/** Annex K.2: chroma. */
const CHROMA_TABLE = [
  17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99,
  47, 66, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
  99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
] as const;

/**
 * The image after a round trip through JPEG, as OpenCV's and Pillow's defaults give it.
 *
 * @param quality an integer in 1..100
 * @throws {RangeError} if it is none
 * @see libjpeg-turbo with accurate DCT and fancy upsampling, which it matches bit for bit
 */
export function jpegSimulate(image: RgbImage, quality: number): RgbImage {
  const { width, height } = rgbImage(image.width, image.height, image.data);
  if (!Number.isInteger(quality) || quality < 1 || quality > 100) {
    throw new RangeError(`jpegSimulate: quality is ${quality}\nPass a whole number in 1..100.`);
  }
  const [y, cb, cr] = toYcc(image);
  const luma = coded(y, scaledTable(LUMA_TABLE, quality));
  const table = scaledTable(CHROMA_TABLE, quality);
  const chroma = [cb, cr].map((plane) => {
    const columns = Math.ceil(Math.ceil(width / 2) / 8) * 8;
    const small = coded(halve(plane, columns), table);
    // The decoder knows nothing of what filled the last block.
    return double(cut(small, Math.ceil(width / 2)), width, height);
  });
  return fromYcc(luma, chroma[0]!, chroma[1]!);
}

/** libjpeg's scaling: `(base · scale + 50) / 100`, within 1..255. */
function scaledTable(base: readonly number[], quality: number): Int32Array {
  const scale = quality < 50 ? Math.floor(5000 / quality) : 200 - 2 * quality;
  return Int32Array.from(base, (entry) =>
    Math.min(255, Math.max(1, Math.floor((entry * scale + 50) / 100))),
  );
}

/** Every 8 × 8 block transformed, quantised and back; the last row and column fill the border. */
function coded(plane: Plane, table: Int32Array): Plane {
  const { width, height } = plane;
  const data = new Uint8Array(width * height);
  const block = new Int32Array(64);
  for (let top = 0; top < height; top += 8) {
    for (let left = 0; left < width; left += 8) {
      readBlock(plane, left, top, block);
      forwardDct(block);
      for (let i = 0; i < 64; i += 1) block[i] = quantized(block[i]!, table[i]!);
      inverseDct(block);
      writeBlock(block, { width, height, data }, left, top);
    }
  }
  return { width, height, data };
}

/** To the nearest multiple of `step`, halves away from zero; the transform is 8 times too large. */
function quantized(coefficient: number, step: number): number {
  const level = Math.floor((Math.abs(coefficient) + 4 * step) / (8 * step)) * step;
  return coefficient < 0 ? -level : level;
}

function readBlock({ width, height, data }: Plane, left: number, top: number, block: Int32Array) {
  for (let i = 0; i < 64; i += 1) {
    const x = Math.min(left + (i & 7), width - 1);
    const y = Math.min(top + (i >> 3), height - 1);
    block[i] = data[y * width + x]! - 128;
  }
}

function writeBlock(block: Int32Array, { width, height, data }: Plane, left: number, top: number) {
  for (let i = 0; i < 64; i += 1) {
    const x = left + (i & 7);
    const y = top + (i >> 3);
    if (x < width && y < height) data[y * width + x] = Math.min(255, Math.max(0, block[i]! + 128));
  }
}

/** The first columns. */
function cut({ width, height, data }: Plane, columns: number): Plane {
  if (columns === width) return { width, height, data };
  const kept = new Uint8Array(columns * height);
  for (let y = 0; y < height; y += 1) {
    kept.set(data.subarray(y * width, y * width + columns), y * columns);
  }
  return { width: columns, height, data: kept };
}
