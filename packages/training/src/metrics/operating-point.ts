/*
 * Thresholds chosen on a validation set. A detector's scores on images of another generator are
 * shifted as a whole, so that 0.5 is rarely the best cut even where the ranking is good.
 */
import { type Cuts, cuts, type Labels, type Scores } from "./cuts.ts";

/** A threshold, and what it does to the images it was chosen on. Fake: `score > threshold`. */
export interface OperatingPoint {
  readonly threshold: number;
  readonly accuracy: number;
  /** Share of the fake images called fake; NaN without any. */
  readonly truePositiveRate: number;
  /** Share of the real images called fake; NaN without any. */
  readonly falsePositiveRate: number;
}

/**
 * The threshold with the highest accuracy. Among equally good ones that in the widest gap between
 * two scores, then the highest.
 *
 * @throws {RangeError} if there is no image, and as {@link cuts}
 */
export function mostAccuratePoint(labels: Labels, scores: Scores): OperatingPoint {
  const table = tableOf("mostAccuratePoint", labels, scores);
  let best = 0;
  for (let k = 1; k <= table.scores.length; k += 1) {
    const gain = right(table, k) - right(table, best);
    if (gain > 0 || (gain === 0 && gap(table, k) > gap(table, best))) best = k;
  }
  return pointAt(table, best);
}

/**
 * The threshold that finds most fake images while at most `rate` of the real ones are called fake.
 * Its `truePositiveRate` is the usual "TPR at fixed FPR", without interpolation.
 *
 * @param rate in [0, 1]
 * @throws {RangeError} if `rate` is outside, there is no real image, and as {@link cuts}
 */
export function pointAtFalsePositiveRate(
  labels: Labels,
  scores: Scores,
  rate: number,
): OperatingPoint {
  if (!(rate >= 0 && rate <= 1)) {
    throw new RangeError(`pointAtFalsePositiveRate: rate is ${rate}\nPass a share in [0, 1].`);
  }
  const table = tableOf("pointAtFalsePositiveRate", labels, scores);
  if (table.negatives === 0) {
    throw new RangeError(
      "pointAtFalsePositiveRate: there is no real image\n" +
        "Pass a validation set with both classes: a false positive is a real image.",
    );
  }
  let best = 0;
  while (
    best < table.scores.length &&
    table.falsePositives[best]! <= rate * table.negatives * (1 + Number.EPSILON)
  ) {
    best += 1;
  }
  // Of several cuts with the same fake images, the one that calls the fewest real ones fake.
  while (best > 0 && found(table, best - 1) === found(table, best)) best -= 1;
  return pointAt(table, best);
}

function tableOf(operation: string, labels: Labels, scores: Scores): Cuts {
  const table = cuts(labels, scores);
  if (table.scores.length > 0) return table;
  throw new RangeError(`${operation}: there is no image\nPass a validation set.`);
}

// Cut k calls the k highest distinct scores fake: none for k = 0.

function found(table: Cuts, k: number): number {
  return k === 0 ? 0 : table.truePositives[k - 1]!;
}

function wrong(table: Cuts, k: number): number {
  return k === 0 ? 0 : table.falsePositives[k - 1]!;
}

function right(table: Cuts, k: number): number {
  return found(table, k) + table.negatives - wrong(table, k);
}

/** Room between the scores on both sides of a cut; none outside the range of the scores. */
function gap({ scores }: Cuts, k: number): number {
  return k === 0 || k === scores.length ? 0 : scores[k - 1]! - scores[k]!;
}

function pointAt(table: Cuts, k: number): OperatingPoint {
  const images = table.positives + table.negatives;
  return {
    threshold: thresholdOf(table.scores, k),
    accuracy: right(table, k) / images,
    truePositiveRate: found(table, k) / table.positives,
    falsePositiveRate: wrong(table, k) / table.negatives,
  };
}

/** Halfway between two scores; at the ends the highest score, or a number below the lowest. */
function thresholdOf(scores: Float64Array, k: number): number {
  if (k === 0) return scores[0]!;
  const above = scores[k - 1]!;
  if (k === scores.length) return above - Math.max(1, Math.abs(above));
  const below = scores[k]!;
  const middle = below + (above - below) / 2;
  // Neighbouring floats have no number between them: the comparison is strict, so `below` will do.
  return middle < above ? middle : below;
}
