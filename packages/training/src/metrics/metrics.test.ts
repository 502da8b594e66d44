import { expect, test } from "vitest";
import { accuracies, confusion } from "./accuracy.ts";
import { averagePrecision } from "./average-precision.ts";
import fixture from "./fixtures/scikit-learn.json" with { type: "json" };
import { batchMeanRocAuc, equalErrorRate, rocAuc, rocCurve } from "./roc.ts";
import { sigmoid32 } from "./sigmoid.ts";

/** A sum of at most 64 float64 terms in [0, 1] whose total is at most 1. */
const ROUNDING = 64 * 2 ** -52;

test.each(fixture.cases)("matches scikit-learn: $name", (each) => {
  const { labels, scores } = each;
  expect(Math.abs(averagePrecision(labels, scores) - each.averagePrecision)).toBeLessThan(ROUNDING);
  expect(Math.abs(rocAuc(labels, scores) - each.rocAuc)).toBeLessThan(ROUNDING);
  expect(confusion(labels, scores)).toEqual(each.confusion);
});

test.each(fixture.cases)("draws scikit-learn's ROC curve: $name", ({ labels, scores, ...each }) => {
  for (const [dropIntermediate, expected] of [
    [true, each.curve],
    [false, each.wholeCurve],
  ] as const) {
    const curve = rocCurve(labels, scores, { dropIntermediate });
    expect([...curve.falsePositiveRate]).toEqual(expected.fpr);
    expect([...curve.truePositiveRate]).toEqual(expected.tpr);
    expect([...curve.thresholds]).toEqual([Infinity, ...expected.thresholds]);
  }
});

test("does not depend on the order of the images", () => {
  const { labels, scores, averagePrecision: expected } = fixture.cases[7]!;
  const value = averagePrecision([...labels].reverse(), [...scores].reverse());
  expect(Math.abs(value - expected)).toBeLessThan(ROUNDING);
});

test("sigmoids saturate in float32, and then tie", () => {
  // torch.sigmoid(torch.tensor([...])), PyTorch 1.13, CPU.
  const logits32 = [1.5, -0.3, -7.25, 16, 16.63, 16.64, 40, -87, -90, 0];
  expect([...sigmoid32(logits32)]).toEqual([
    0.8175744414329529, 0.4255574941635132, 0.0007096704212017357, 0.9999998807907104,
    0.9999998807907104, 1, 1, 1.6458114537543937e-38, 0, 0.5,
  ]);
  const logits = [17, 30];
  expect(averagePrecision([1, 0], logits)).toBe(0.5);
  expect(averagePrecision([0, 1], logits)).toBe(1);
  expect(averagePrecision([0, 1], sigmoid32(logits))).toBe(0.5);
});

test("a probability of exactly one half is real", () => {
  expect(accuracies(confusion([0, 1], sigmoid32([0, 0])))).toEqual({
    accuracy: 0.5,
    realAccuracy: 1,
    fakeAccuracy: 0,
  });
  expect(confusion([0, 1, 1], [1, 2, 3], 1)).toEqual({
    truePositives: 2,
    falsePositives: 0,
    trueNegatives: 1,
    falseNegatives: 0,
  });
});

test("is NaN where it is not defined", () => {
  expect(averagePrecision([0, 0], [0.2, 0.3])).toBeNaN();
  expect(rocAuc([1, 1], [0.2, 0.3])).toBeNaN();
  expect(rocAuc([0], [0.2])).toBeNaN();
  expect(rocAuc([], [])).toBeNaN();
  expect(equalErrorRate([1, 1], [0.2, 0.3])).toBeNaN();
  expect(accuracies(confusion([1], [0.9]))).toEqual({
    accuracy: 1,
    realAccuracy: Number.NaN,
    fakeAccuracy: 1,
  });
});

test("averages the area over batches, weighted by size, without one-class batches", () => {
  const labels = [0, 1, 0, 1, 1, 1, 1, 0];
  const scores = [0.1, 0.2, 0.9, 0.3, 0.5, 0.6, 0.7, 0.7];
  // Batches of 3: (0 1 0) has 1/2, (1 1 1) none, (1 0) has 1/2 by a tie.
  expect(batchMeanRocAuc(labels, scores, 3)).toEqual({ auc: 0.5, skippedBatches: 1 });
  // Of 5: (0 1 0 1 1) has 3 pairs of 6 right, (1 1 0) a tie of 2.
  const { auc } = batchMeanRocAuc(labels, scores, 5);
  expect(auc).toBeCloseTo((5 * (3 / 6) + 3 * (0.5 / 2)) / 8, 14);
  expect(batchMeanRocAuc([1], [0.5], 4)).toEqual({ auc: Number.NaN, skippedBatches: 1 });
  expect(() => batchMeanRocAuc(labels, scores, 0)).toThrow(
    "batchMeanRocAuc: batchSize is 0\nPass a whole number of images, at least 1.",
  );
});

test("finds where both errors are equal", () => {
  // One of four of either class on the wrong side.
  const labels = [0, 0, 0, 0, 1, 1, 1, 1];
  expect(equalErrorRate(labels, [1, 2, 3, 6, 4, 7, 8, 9])).toBe(0.25);
  expect(equalErrorRate([0, 1], [0, 1])).toBe(0);
  expect(equalErrorRate([0, 1], [1, 1])).toBe(0.5);
});

test("refuses labels and scores that are none", () => {
  expect(() => rocAuc([0, 1], [0.5])).toThrow(
    "cuts: 2 labels, but 1 scores\nPass one label and one score for each image.",
  );
  expect(() => averagePrecision([0, 2], [0.5, 0.5])).toThrow(
    "cuts: label 1 is 2\nPass 0 for a real image, 1 for a fake one.",
  );
  expect(() => confusion([0, 1], [0.5, Number.NaN])).toThrow(
    "confusion: score 1 is NaN\nCheck the network's weights: a finite network gives finite scores.",
  );
});
