/*
 * What an image is like, in five numbers that cost less than decoding it. They say nothing about
 * real or fake: they tell whether an image is of the sort that detectors were trained and validated
 * on, photographs and what generators made of them.
 */
import type { RgbImage } from "@fauxgrad/models/transforms";

/** The numbers; see {@link imageStatistics}. */
export const statisticNames = ["texture", "flatness", "colour", "fineness", "blocking"] as const;

/** Name of a statistic. */
export type StatisticName = (typeof statisticNames)[number];

/** All statistics of an image. */
export type ImageStatistics = Readonly<Record<StatisticName, number>>;

/** Side of JPEG's blocks. */
const BLOCK = 8;
/** Levels that differences are counted from: without it, single steps in flat areas are blocks. */
const ROUNDING = 0.5;
/** Levels that neighbouring pixels of one flat area may differ by, per channel. */
const FLAT = 1;

/**
 * Statistics of the parts of an image, each the mean over the parts:
 *
 * - `texture`: mean `|4·y − (left + right + above + below)|` of luma, in levels.
 * - `flatness`: share of the pixels whose right and lower neighbours differ by at most one level.
 * - `colour`: mean `max(R, G, B) − min(R, G, B)`, in levels; 0 for grey.
 * - `fineness`: `Σ(y[i+1] − y[i])² / Σ(y[i+2] − y[i])²`: ¼ for ramps, as after enlarging, 1 for noise.
 * - `blocking`: mean difference at every eighth column (row), by that elsewhere, half a level added
 *   to both, at the phase where that is most; about 1 without JPEG.
 *
 * @throws {RangeError} if there is no part, or one is smaller than 3 x 3
 */
export function imageStatistics(parts: readonly RgbImage[]): ImageStatistics {
  if (parts.length === 0 || parts.some(({ width, height }) => Math.min(width, height) < 3)) {
    throw new RangeError(
      `imageStatistics: ${parts.length} parts, each must have 3 x 3 pixels or more\n` +
        "Pass one part at least; enlarge smaller images first.",
    );
  }
  const each = parts.map(statisticsOf);
  const mean = (name: StatisticName) =>
    each.reduce((sum, values) => sum + values[name], 0) / each.length;
  return {
    texture: mean("texture"),
    flatness: mean("flatness"),
    colour: mean("colour"),
    fineness: mean("fineness"),
    blocking: mean("blocking"),
  };
}

function statisticsOf(image: RgbImage): ImageStatistics {
  const luma = lumaOf(image);
  const { width, height } = image;
  const columns = { luma, count: width, step: 1, lines: height, lineStep: width };
  const rows = { luma, count: height, step: width, lines: width, lineStep: 1 };
  return {
    texture: textureOf(luma, width, height),
    flatness: flatnessOf(image),
    colour: colourOf(image),
    fineness: finenessOf([columns, rows]),
    blocking: (blockingOf(columns) + blockingOf(rows)) / 2,
  };
}

/** Luma along one axis of an image. */
interface Axis {
  readonly luma: Float64Array;
  /** Pixels of a line, and how far they lie apart. */
  readonly count: number;
  readonly step: number;
  readonly lines: number;
  readonly lineStep: number;
}

/** ITU-R BT.601, not rounded. */
function lumaOf({ data }: RgbImage): Float64Array {
  const luma = new Float64Array(data.length / 3);
  for (let i = 0; i < luma.length; i += 1) {
    luma[i] = 0.299 * data[3 * i]! + 0.587 * data[3 * i + 1]! + 0.114 * data[3 * i + 2]!;
  }
  return luma;
}

function textureOf(luma: Float64Array, width: number, height: number): number {
  let sum = 0;
  for (let y = 1; y < height - 1; y += 1) {
    for (let x = 1; x < width - 1; x += 1) {
      const i = y * width + x;
      const around = luma[i - 1]! + luma[i + 1]! + luma[i - width]! + luma[i + width]!;
      sum += Math.abs(4 * luma[i]! - around);
    }
  }
  return sum / ((width - 2) * (height - 2));
}

function flatnessOf({ width, height, data }: RgbImage): number {
  let flat = 0;
  for (let y = 0; y < height - 1; y += 1) {
    for (let x = 0; x < width - 1; x += 1) {
      const at = 3 * (y * width + x);
      let isFlat = true;
      for (let i = at; i < at + 3; i += 1) {
        const value = data[i]!;
        if (Math.abs(data[i + 3]! - value) > FLAT) isFlat = false;
        if (Math.abs(data[i + 3 * width]! - value) > FLAT) isFlat = false;
      }
      if (isFlat) flat += 1;
    }
  }
  return flat / ((width - 1) * (height - 1));
}

function colourOf({ data }: RgbImage): number {
  let sum = 0;
  for (let i = 0; i < data.length; i += 3) {
    const [red, green, blue] = [data[i]!, data[i + 1]!, data[i + 2]!];
    sum += Math.max(red, green, blue) - Math.min(red, green, blue);
  }
  return (3 * sum) / data.length;
}

function finenessOf(axes: readonly Axis[]): number {
  let [near, far] = [0, 0];
  for (const { luma, count, step, lines, lineStep } of axes) {
    for (let line = 0; line < lines; line += 1) {
      const start = line * lineStep;
      for (let i = 0; i < count - 2; i += 1) {
        const value = luma[start + i * step]!;
        near += (luma[start + (i + 1) * step]! - value) ** 2;
        far += (luma[start + (i + 2) * step]! - value) ** 2;
      }
    }
  }
  // Of a flat image as of the smoothest.
  return far === 0 ? 0.25 : near / far;
}

function blockingOf({ luma, count, step, lines, lineStep }: Axis): number {
  const sums = new Float64Array(BLOCK);
  const counts = new Float64Array(BLOCK);
  for (let i = 0; i < count - 1; i += 1) {
    let sum = 0;
    for (let line = 0; line < lines; line += 1) {
      const at = line * lineStep + i * step;
      sum += Math.abs(luma[at + step]! - luma[at]!);
    }
    sums[i % BLOCK] = sums[i % BLOCK]! + sum;
    counts[i % BLOCK] = counts[i % BLOCK]! + lines;
  }
  const total = sums.reduce((sum, each) => sum + each, 0);
  const pixels = counts.reduce((sum, each) => sum + each, 0);
  let highest = 0;
  for (const [phase, sum] of sums.entries()) {
    const among = counts[phase]!;
    if (among === 0 || pixels === among) continue;
    const elsewhere = (total - sum) / (pixels - among);
    highest = Math.max(highest, (sum / among + ROUNDING) / (elsewhere + ROUNDING));
  }
  return highest;
}
