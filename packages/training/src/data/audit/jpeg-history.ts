/*
 * Whether a picture was once a JPEG, from its pixels alone: a PNG keeps what compression did.
 */
import { dct2d, dctMatrix } from "./dct.ts";
import { luminanceTable, ZIGZAG } from "./jpeg-tables.ts";
import type { Plane } from "./luma.ts";

/** What a picture's pixels tell of a former JPEG compression. */
export interface JpegHistory {
  /** libjpeg's quality that explains the coefficients best; null if none does. */
  readonly quality: number | null;
  /** How well, in −1..1: 1 if every coefficient is a multiple of its step, about 0 by chance. */
  readonly comb: number;
  /** Steps across the borders of blocks over steps elsewhere; about 1 without blocks. */
  readonly blockiness: number;
  /** Where the blocks begin, 0..7 each; not 0 after a crop. */
  readonly offset: readonly [x: number, y: number];
}

const BLOCK = 8;
const MATRIX = dctMatrix(BLOCK);
const MOST_BLOCKS = 256;
/** Of the zigzag order: later ones are quantised to zero mostly. */
const COEFFICIENTS = 20;
const LEAST_QUALITY = 10;
const MOST_QUALITY = 97;
/** Of coefficients that are not zero, below which nothing is said: the comb's error is 0.7/√60. */
const LEAST_SAMPLES = 60;
/** A comb above it is no chance: more than four times that error. */
const COMB = 0.4;
/** Borders this much steeper show a grid that does not begin at the corner. */
const SHIFTED_GRID = 1.08;

/**
 * Looks for a former JPEG compression in the luma of a picture.
 *
 * A coefficient `c` of an 8 × 8 block that was quantised with step `s` is a multiple of `s`, up to
 * the rounding of pixels (σ ≈ 0.2). So `cos(2π c / s)` is near 1, on average
 * `exp(−2π² σ² / s²)`; for other pictures it is 0 or below. That mean, over the coefficients of at
 * least half a step, is the comb; the quality is the one whose table has the largest. Half its steps
 * would explain the same coefficients, but no better, as the formula says.
 *
 * Found: qualities up to about 96, at any place of the grid where blocks show. Not found: above that,
 * and after any scaling. Pictures with few edges have too few coefficients to say.
 */
export function jpegHistory(plane: Plane): JpegHistory {
  const across = borders(plane, 1, plane.width);
  const down = borders(plane, plane.width, 1);
  const blockiness = (across.ratios[0]! + down.ratios[0]!) / 2;
  const aligned = { ...comb(plane, 0, 0), offset: [0, 0] as const };
  const [x, y] = [across.best, down.best];
  const shows = across.ratios[x]! > SHIFTED_GRID && down.ratios[y]! > SHIFTED_GRID;
  const shifted =
    shows && (x > 0 || y > 0) ? { ...comb(plane, x, y), offset: [x, y] as const } : aligned;
  const found = shifted.score > aligned.score ? shifted : aligned;
  const { score, quality, offset } = found;
  return { quality: score >= COMB ? quality : null, comb: score, blockiness, offset };
}

/**
 * Mean absolute steps between neighbours, for each place of a border in the grid of 8: over the
 * median of the places. Index 0: blocks begin at the corner.
 *
 * @param step  from a pixel to its neighbour
 * @param other from a line to the next
 */
function borders(
  { width, height, data }: Plane,
  step: number,
  other: number,
): { readonly ratios: readonly number[]; readonly best: number } {
  const [length, lines] = step === 1 ? [width, height] : [height, width];
  const sums = new Float64Array(BLOCK);
  const counts = new Float64Array(BLOCK);
  for (let line = 0; line < lines; line += 1) {
    for (let i = 1; i < length; i += 1) {
      const at = line * other + i * step;
      sums[i % BLOCK]! += Math.abs(data[at]! - data[at - step]!);
      counts[i % BLOCK]! += 1;
    }
  }
  const means = [...sums].map((sum, i) => (counts[i]! > 0 ? sum / counts[i]! : 0));
  const median = means.toSorted((a, b) => a - b)[BLOCK / 2]!;
  const ratios = means.map((mean) => (median > 0 ? mean / median : 1));
  return { ratios, best: ratios.indexOf(Math.max(...ratios)) };
}

function comb(plane: Plane, x: number, y: number): { score: number; quality: number | null } {
  const samples = coefficientsOf(plane, x, y);
  let best = { score: 0, quality: null as number | null };
  const known = new Map<number, { count: number; sum: number }>();
  for (let quality = LEAST_QUALITY; quality <= MOST_QUALITY; quality += 1) {
    const table = luminanceTable(quality);
    let count = 0;
    let sum = 0;
    for (const [k, values] of samples.entries()) {
      const step = table[ZIGZAG[k + 1]!]!;
      // A step of 1 is finer than the rounding of pixels.
      if (step < 2) continue;
      const key = k * 256 + step;
      const part = known.get(key) ?? teeth(values, step);
      known.set(key, part);
      count += part.count;
      sum += part.sum;
    }
    if (count >= LEAST_SAMPLES && sum / count > best.score) best = { score: sum / count, quality };
  }
  return best;
}

function teeth(values: Float64Array, step: number): { count: number; sum: number } {
  let count = 0;
  let sum = 0;
  for (const value of values) {
    if (value < step / 2) break;
    count += 1;
    sum += Math.cos((2 * Math.PI * value) / step);
  }
  return { count, sum };
}

/**
 * Magnitudes of the first coefficients without the mean, of blocks spread over the picture, the
 * largest first.
 */
function coefficientsOf({ width, height, data }: Plane, x: number, y: number): Float64Array[] {
  const columns = Math.floor((width - x) / BLOCK);
  const rows = Math.floor((height - y) / BLOCK);
  const blocks = Math.max(0, columns) * Math.max(0, rows);
  const count = Math.min(blocks, MOST_BLOCKS);
  const samples = Array.from({ length: COEFFICIENTS }, () => new Float64Array(count));
  for (let i = 0; i < count; i += 1) {
    const block = Math.floor((i * blocks) / count);
    const top = y + BLOCK * Math.floor(block / columns);
    const left = x + BLOCK * (block % columns);
    const at = top * width + left;
    const coefficients = dct2d(data, MATRIX, { size: BLOCK, at, stride: width });
    for (let k = 0; k < COEFFICIENTS; k += 1) {
      samples[k]![i] = Math.abs(coefficients[ZIGZAG[k + 1]!]!);
    }
  }
  return samples.map((values) => values.sort((a, b) => b - a));
}
