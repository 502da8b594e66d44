import { type RgbImage, resize } from "@fauxgrad/models/transforms";
import { dct2d, dctMatrix } from "./dct.ts";
import { luma } from "./luma.ts";

/** A picture's look in few bytes. */
export interface PerceptualHash {
  /** 64 bits: the DCT hash. Similar pictures differ in few of them. */
  readonly bits: Uint32Array;
  /** The picture as 16 × 16 grey values, to confirm a likeness. */
  readonly thumbnail: Uint8Array;
  /** Nearly one colour: its bits are noise, and it resembles every other such picture. */
  readonly isFlat: boolean;
}

const SIDE = 32;
const KEPT = 8;
const MATRIX = dctMatrix(SIDE);
/** Standard deviation of grey values below which a picture is flat. */
const FLAT = 2;

/**
 * The DCT hash ("pHash", Zauner 2010) of a picture: shrunk to 32 × 32 grey values, of whose 8 × 8
 * lowest frequencies each bit says whether the coefficient is above the median of the 63 without
 * the mean. The mean's own bit is 0.
 *
 * It survives scaling, JPEG, small shifts of brightness and contrast; mirroring, rotating and
 * cropping by more than a few percent it does not.
 */
export function perceptualHash(image: RgbImage): PerceptualHash {
  const { data } = luma(resize(image, { width: SIDE, height: SIDE }, "bilinear"));
  const coefficients = dct2d(data, MATRIX, { size: SIDE, keep: KEPT });
  const sorted = coefficients.slice(1).sort();
  const median = sorted[(sorted.length - 1) / 2]!;
  const bits = new Uint32Array(2);
  for (let i = 1; i < coefficients.length; i += 1) {
    if (coefficients[i]! > median) bits[i >> 5]! |= 1 << (i & 31);
  }
  return { bits, thumbnail: halved(data), isFlat: deviation(data) < FLAT };
}

function halved(values: Float32Array): Uint8Array {
  const side = SIDE / 2;
  const half = new Uint8Array(side * side);
  for (let y = 0; y < side; y += 1) {
    for (let x = 0; x < side; x += 1) {
      const at = 2 * y * SIDE + 2 * x;
      const sum = values[at]! + values[at + 1]! + values[at + SIDE]! + values[at + SIDE + 1]!;
      half[y * side + x] = Math.round(sum / 4);
    }
  }
  return half;
}

function deviation(values: Float32Array): number {
  let sum = 0;
  let squares = 0;
  for (const value of values) {
    sum += value;
    squares += value * value;
  }
  const mean = sum / values.length;
  return Math.sqrt(Math.max(0, squares / values.length - mean * mean));
}
