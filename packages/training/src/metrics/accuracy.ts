import { checkScored, type Labels, type Scores } from "./cuts.ts";

/** How many images of either class were called what; positive = fake. */
export interface Confusion {
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly trueNegatives: number;
  readonly falseNegatives: number;
}

/** Shares of images called right; NaN where there is no image. */
export interface Accuracies {
  readonly accuracy: number;
  /** Of the real images. */
  readonly realAccuracy: number;
  /** Of the fake images. */
  readonly fakeAccuracy: number;
}

/**
 * The confusion matrix at a threshold: fake if and only if `score > threshold`, strictly, so that
 * a logit of 0, whose sigmoid is 0.5, is real.
 *
 * @throws {RangeError} if lengths differ, a label is neither 0 nor 1, or a score is not finite
 */
export function confusion(labels: Labels, scores: Scores, threshold = 0.5): Confusion {
  checkScored("confusion", labels, scores);
  let truePositives = 0;
  let falsePositives = 0;
  let positives = 0;
  for (let i = 0; i < labels.length; i += 1) {
    const fake = labels[i] === 1;
    if (fake) positives += 1;
    if (!(scores[i]! > threshold)) continue;
    if (fake) truePositives += 1;
    else falsePositives += 1;
  }
  return {
    truePositives,
    falsePositives,
    trueNegatives: labels.length - positives - falsePositives,
    falseNegatives: positives - truePositives,
  };
}

/** Accuracy over all images, over the real and over the fake ones. */
export function accuracies(counts: Confusion): Accuracies {
  const { truePositives, falsePositives, trueNegatives, falseNegatives } = counts;
  const real = trueNegatives + falsePositives;
  const fake = truePositives + falseNegatives;
  return {
    accuracy: (truePositives + trueNegatives) / (real + fake),
    realAccuracy: trueNegatives / real,
    fakeAccuracy: truePositives / fake,
  };
}
