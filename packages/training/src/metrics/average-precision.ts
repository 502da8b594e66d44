import { cuts, type Labels, type Scores } from "./cuts.ts";

/**
 * Average precision without interpolation: `AP = Σ_k (R_k − R_{k−1}) · P_k` over the cuts between
 * distinct scores, highest first, with precision `P_k`, recall `R_k` and `R_0 = 0`.
 *
 * NaN without a fake image, where it is not defined (scikit-learn warns and returns 0).
 *
 * @throws {RangeError} if lengths differ, a label is neither 0 nor 1, or a score is not finite
 * @see sklearn.metrics.average_precision_score, which it matches
 */
export function averagePrecision(labels: Labels, scores: Scores): number {
  const { truePositives, falsePositives, positives } = cuts(labels, scores);
  if (positives === 0) return Number.NaN;
  let sum = 0;
  let before = 0;
  for (let k = 0; k < truePositives.length; k += 1) {
    const found = truePositives[k]!;
    sum += ((found - before) * found) / (found + falsePositives[k]!);
    before = found;
  }
  return sum / positives;
}
