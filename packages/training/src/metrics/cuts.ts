/*
 * Every ranking metric is a function of the same table: for each distinct score s, how many images
 * of either class score at least s. Equal scores cannot be told apart by any threshold, so they
 * are cut together, as scikit-learn does.
 */

/** 0 for a real image, 1 for a fake one. */
export type Labels = ArrayLike<number>;

/** The higher, the more the image looks fake. Finite: probabilities, logits or margins. */
export type Scores = ArrayLike<number>;

/** One row for each distinct score, from the highest to the lowest. */
export interface Cuts {
  /** The distinct scores, descending. */
  readonly scores: Float64Array;
  /** Fake images that score at least as much. */
  readonly truePositives: Uint32Array;
  /** Real images that score at least as much. */
  readonly falsePositives: Uint32Array;
  /** All fake images. */
  readonly positives: number;
  /** All real images. */
  readonly negatives: number;
}

/**
 * Counts, for each distinct score, the images at and above it.
 *
 * @throws {RangeError} if lengths differ, a label is neither 0 nor 1, or a score is not finite
 */
export function cuts(labels: Labels, scores: Scores): Cuts {
  checkScored("cuts", labels, scores);
  const order = descending(scores);
  const count = order.length;
  const distinct = new Float64Array(count);
  const truePositives = new Uint32Array(count);
  const falsePositives = new Uint32Array(count);
  let rows = 0;
  let positives = 0;
  for (let i = 0; i < count; i += 1) {
    const image = order[i]!;
    positives += labels[image]!;
    if (i + 1 < count && scores[order[i + 1]!] === scores[image]) continue;
    distinct[rows] = scores[image]!;
    truePositives[rows] = positives;
    falsePositives[rows] = i + 1 - positives;
    rows += 1;
  }
  return {
    scores: distinct.subarray(0, rows),
    truePositives: truePositives.subarray(0, rows),
    falsePositives: falsePositives.subarray(0, rows),
    positives,
    negatives: count - positives,
  };
}

/** Positions of the scores, highest first. A bootstrap passes them in that order already. */
function descending(scores: Scores): Uint32Array {
  const order = Uint32Array.from({ length: scores.length }, (_, i) => i);
  for (let i = 1; i < order.length; i += 1) {
    if (scores[i]! > scores[i - 1]!) return order.sort((a, b) => scores[b]! - scores[a]!);
  }
  return order;
}

/**
 * Refuses labels and scores that are none.
 *
 * @param operation the caller's name, which opens the message
 * @throws {RangeError} naming the image
 */
export function checkScored(operation: string, labels: Labels, scores: Scores): void {
  if (labels.length !== scores.length) {
    throw new RangeError(
      `${operation}: ${labels.length} labels, but ${scores.length} scores\n` +
        "Pass one label and one score for each image.",
    );
  }
  for (let i = 0; i < labels.length; i += 1) {
    if (labels[i] !== 0 && labels[i] !== 1) {
      throw new RangeError(
        `${operation}: label ${i} is ${labels[i]}\nPass 0 for a real image, 1 for a fake one.`,
      );
    }
    if (!Number.isFinite(scores[i])) {
      throw new RangeError(
        `${operation}: score ${i} is ${scores[i]}\n` +
          "Check the network's weights: a finite network gives finite scores.",
      );
    }
  }
}
