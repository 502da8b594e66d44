/*
 * Whether an image is of the sort that the detectors know. A network answers whatever it is given; a
 * drawing or a blank page gets a probability like any photograph. So an image's statistics are held
 * against those of the images that were learned from, and what is outside is said in words.
 */
import type { Familiarity, StatisticRange } from "./detector-list.ts";
import { type ImageStatistics, type StatisticName, statisticNames } from "./image-statistics.ts";

/** What is unfamiliar about an image. */
export interface Remark {
  readonly what: StatisticName | "size";
  /** A clause about the image: `it is grey, or nearly`. */
  readonly text: string;
}

/** Clauses for values below and above what is known; null where a side has no bound. */
const CLAUSES: Readonly<Record<StatisticName, { readonly low: string; readonly high: string }>> = {
  texture: {
    low: "it has hardly any texture",
    high: "its texture is stronger than that of photographs",
  },
  flatness: {
    low: "no two of its pixels are alike, as in noise",
    high: "large parts of it are of one colour, as in drawings and screenshots",
  },
  colour: {
    low: "it is grey, or nearly",
    high: "its colours are stronger than those of photographs",
  },
  fineness: {
    low: "it is blurred, or was enlarged",
    high: "its finest structure is as strong as that of noise",
  },
  blocking: {
    low: "its pixels are grouped as no camera does it",
    high: "it changes in blocks or steps, as after strong JPEG compression",
  },
};

/** Everything about an image that is not known; empty for a familiar one. */
export function unfamiliarTraits(
  statistics: ImageStatistics,
  { ranges }: Pick<Familiarity, "ranges">,
  isPadded: boolean,
  crop: number,
): Remark[] {
  const remarks: Remark[] = statisticNames.flatMap((what) => {
    const side = sideOutside(statistics[what], ranges[what]);
    return side === null ? [] : [{ what, text: CLAUSES[what][side] }];
  });
  if (!isPadded) return remarks;
  const text = `it is smaller than ${crop} x ${crop} pixels, and was extended by its mirror image`;
  return [{ what: "size", text }, ...remarks];
}

function sideOutside(value: number, { low, high }: StatisticRange): "low" | "high" | null {
  if (low !== null && value < low) return "low";
  return high !== null && value > high ? "high" : null;
}

/**
 * The ranges that all but a share of known images are in, at each end of each statistic. Flatness and
 * blocking have no lower bound: nothing is wrong with an image without flat parts and blocks.
 *
 * @param tail share of the images beyond each bound, in [0, ½)
 * @throws {RangeError} if there is no image, or the share is none
 */
export function knownRanges(
  images: readonly ImageStatistics[],
  tail: number,
): Record<StatisticName, StatisticRange> {
  if (images.length === 0 || !(tail >= 0 && tail < 0.5)) {
    throw new RangeError(
      `knownRanges: ${images.length} images, a tail of ${tail}\n` +
        "Pass the statistics of known images, and a share from 0 to below 0.5.",
    );
  }
  const rangeOf = (name: StatisticName): StatisticRange => {
    const sorted = images.map((each) => each[name]).sort((a, b) => a - b);
    const beyond = Math.floor(tail * sorted.length);
    const isOneSided = name === "flatness" || name === "blocking";
    return {
      low: isOneSided ? null : sorted[beyond]!,
      high: sorted[sorted.length - 1 - beyond]!,
    };
  };
  return {
    texture: rangeOf("texture"),
    flatness: rangeOf("flatness"),
    colour: rangeOf("colour"),
    fineness: rangeOf("fineness"),
    blocking: rangeOf("blocking"),
  };
}
