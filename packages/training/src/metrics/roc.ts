import { type Cuts, cuts, type Labels, type Scores } from "./cuts.ts";

/** The receiver operating characteristic, from (0, 0) to (1, 1). */
export interface RocCurve {
  readonly falsePositiveRate: Float64Array;
  readonly truePositiveRate: Float64Array;
  /** An image is called fake from this score on, inclusively; the first one is infinite. */
  readonly thresholds: Float64Array;
}

/** Mean over batches, as T-GD's scripts print it. */
export interface BatchMeanAuc {
  /** NaN if no batch holds both classes. */
  readonly auc: number;
  /** Batches of one class only, where the area is not defined; they are left out. */
  readonly skippedBatches: number;
}

/**
 * Area under the ROC curve: `P(fake scores higher than real) + ½ · P(equal scores)`.
 *
 * NaN with images of one class only, where it is not defined (scikit-learn raises).
 *
 * @throws {RangeError} if lengths differ, a label is neither 0 nor 1, or a score is not finite
 * @see sklearn.metrics.roc_auc_score, which it matches
 */
export function rocAuc(labels: Labels, scores: Scores): number {
  const { truePositives, falsePositives, positives, negatives } = cuts(labels, scores);
  // Twice the area in units of one pair: integers, exact below 2⁵³.
  let doubled = 0;
  let found = 0;
  let wrong = 0;
  for (let k = 0; k < truePositives.length; k += 1) {
    doubled += (falsePositives[k]! - wrong) * (truePositives[k]! + found);
    found = truePositives[k]!;
    wrong = falsePositives[k]!;
  }
  return doubled / (2 * positives * negatives);
}

/**
 * The ROC curve. A rate is NaN where its class has no image.
 *
 * @param options.dropIntermediate leave out the points inside straight segments
 * @throws {RangeError} if lengths differ, a label is neither 0 nor 1, or a score is not finite
 * @see sklearn.metrics.roc_curve, which it matches (from version 1.3 on, whose first threshold is ∞)
 */
export function rocCurve(
  labels: Labels,
  scores: Scores,
  options: { readonly dropIntermediate?: boolean } = {},
): RocCurve {
  const { dropIntermediate = true } = options;
  const table = cuts(labels, scores);
  const kept: number[] = [];
  for (let k = 0; k < table.scores.length; k += 1) {
    if (!dropIntermediate || isCorner(table, k)) kept.push(k);
  }
  const { truePositives, falsePositives, positives, negatives } = table;
  return {
    falsePositiveRate: Float64Array.of(0, ...kept.map((k) => falsePositives[k]! / negatives)),
    truePositiveRate: Float64Array.of(0, ...kept.map((k) => truePositives[k]! / positives)),
    thresholds: Float64Array.of(Infinity, ...kept.map((k) => table.scores[k]!)),
  };
}

/** The first and the last row, and those where the slope of the counts changes. */
function isCorner({ truePositives, falsePositives }: Cuts, k: number): boolean {
  if (k === 0 || k === truePositives.length - 1) return true;
  const bend = (counts: Uint32Array) => counts[k + 1]! - 2 * counts[k]! + counts[k - 1]!;
  return bend(truePositives) !== 0 || bend(falsePositives) !== 0;
}

/**
 * {@link rocAuc} of each batch in the order given, averaged with the batches' sizes as weights:
 * what T-GD's scripts report. The last batch may be smaller.
 *
 * @throws {RangeError} if `batchSize` is no positive integer, and as {@link rocAuc}
 */
export function batchMeanRocAuc(labels: Labels, scores: Scores, batchSize: number): BatchMeanAuc {
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new RangeError(
      `batchMeanRocAuc: batchSize is ${batchSize}\nPass a whole number of images, at least 1.`,
    );
  }
  // Refuses what is wrong anywhere, also in a batch that is left out.
  cuts(labels, scores);
  let sum = 0;
  let images = 0;
  let skippedBatches = 0;
  for (let begin = 0; begin < labels.length; begin += batchSize) {
    const end = Math.min(begin + batchSize, labels.length);
    const area = rocAuc(part(labels, begin, end), part(scores, begin, end));
    if (Number.isNaN(area)) {
      skippedBatches += 1;
    } else {
      sum += area * (end - begin);
      images += end - begin;
    }
  }
  return { auc: sum / images, skippedBatches };
}

function part(values: ArrayLike<number>, begin: number, end: number): Float64Array {
  return Float64Array.from({ length: end - begin }, (_, i) => values[begin + i]!);
}

/**
 * The rate at which as many real images are called fake as fake ones real: where the ROC curve,
 * drawn with straight lines, meets `truePositiveRate = 1 − falsePositiveRate`. NaN with images of
 * one class only.
 *
 * @throws {RangeError} if lengths differ, a label is neither 0 nor 1, or a score is not finite
 */
export function equalErrorRate(labels: Labels, scores: Scores): number {
  const { falsePositiveRate, truePositiveRate } = rocCurve(labels, scores);
  for (let k = 1; k < falsePositiveRate.length; k += 1) {
    const excess = falsePositiveRate[k]! + truePositiveRate[k]! - 1;
    if (!(excess >= 0)) continue;
    const x = falsePositiveRate[k - 1]!;
    const shortfall = 1 - x - truePositiveRate[k - 1]!;
    return x + ((falsePositiveRate[k]! - x) * shortfall) / (shortfall + excess);
  }
  return Number.NaN;
}
