import { expect, test } from "vitest";
import { confusion } from "./accuracy.ts";
import {
  type Calibration,
  calibratedProbabilities,
  expectedCalibrationError,
  fitPlatt,
  fitTemperature,
} from "./calibration.ts";
import fixture from "./fixtures/scikit-learn.json" with { type: "json" };
import { mostAccuratePoint, pointAtFalsePositiveRate } from "./operating-point.ts";

test("the most accurate threshold is in the widest gap", () => {
  const point = mostAccuratePoint([0, 0, 1, 1], [0.1, 0.2, 0.6, 0.7]);
  expect(point).toEqual({
    threshold: 0.2 + (0.6 - 0.2) / 2,
    accuracy: 1,
    truePositiveRate: 1,
    falsePositiveRate: 0,
  });
  // Shifted scores, as of an unseen generator: all below 0.5.
  expect(mostAccuratePoint([0, 0, 1, 1], [0.01, 0.02, 0.05, 0.06]).accuracy).toBe(1);
});

test.each(fixture.cases)("no other threshold is more accurate: $name", ({ labels, scores }) => {
  const point = mostAccuratePoint(labels, scores);
  const accuracyAt = (threshold: number) => {
    const { truePositives, trueNegatives } = confusion(labels, scores, threshold);
    return (truePositives + trueNegatives) / labels.length;
  };
  expect(accuracyAt(point.threshold)).toBe(point.accuracy);
  const others = [...scores, Math.min(...scores) - 1].map(accuracyAt);
  expect(point.accuracy).toBe(Math.max(...others));
});

test.each(fixture.cases)("keeps the false positives below a rate: $name", ({ labels, scores }) => {
  const reals = labels.filter((label) => label === 0).length;
  for (const rate of [0, 0.1, 0.5, 1]) {
    const point = pointAtFalsePositiveRate(labels, scores, rate);
    const { truePositives, falsePositives } = confusion(labels, scores, point.threshold);
    expect(falsePositives / reals).toBe(point.falsePositiveRate);
    expect(truePositives / (labels.length - reals)).toBe(point.truePositiveRate);
    expect(point.falsePositiveRate).toBeLessThanOrEqual(rate);
    // Every threshold that finds more fakes calls too many reals fake.
    for (const threshold of [...scores, Math.min(...scores) - 1]) {
      const other = confusion(labels, scores, threshold);
      if (other.truePositives > truePositives) {
        expect(other.falsePositives / reals).toBeGreaterThan(rate);
      }
    }
  }
});

test("thresholds tell neighbouring floats apart, and reach both ends", () => {
  const next = 1 + Number.EPSILON;
  expect(mostAccuratePoint([0, 1], [1, next]).threshold).toBe(1);
  expect(mostAccuratePoint([0, 0], [0.2, 0.3]).threshold).toBe(0.3);
  expect(mostAccuratePoint([1, 1], [0.2, 0.3]).threshold).toBe(0.2 - 1);
  expect(mostAccuratePoint([1], [1e30]).threshold).toBeLessThan(1e30);
});

test("refuses sets without the images it needs", () => {
  expect(() => mostAccuratePoint([], [])).toThrow(
    "mostAccuratePoint: there is no image\nPass a validation set.",
  );
  expect(() => pointAtFalsePositiveRate([1], [0.5], 0.1)).toThrow(
    "pointAtFalsePositiveRate: there is no real image\n" +
      "Pass a validation set with both classes: a false positive is a real image.",
  );
  expect(() => pointAtFalsePositiveRate([0], [0.5], 1.5)).toThrow(
    "pointAtFalsePositiveRate: rate is 1.5\nPass a share in [0, 1].",
  );
});

/** The mean derivatives of the cross-entropy by scale and shift, with Platt's targets. */
function gradient(labels: number[], logits: number[], calibration: Calibration) {
  const fake = labels.filter((label) => label === 1).length;
  const targets = [1 / (labels.length - fake + 2), (fake + 1) / (fake + 2)];
  const probabilities = calibratedProbabilities(logits, calibration);
  const errors = labels.map((label, i) => probabilities[i]! - targets[label]!);
  const mean = (values: number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;
  return { scale: mean(errors.map((error, i) => error * logits[i]!)), shift: mean(errors) };
}

test.each(fixture.platt)(
  "Platt scaling finds scikit-learn's minimum",
  ({ labels, logits, ...expected }) => {
    const calibration = fitPlatt(labels, logits);
    // Its BFGS stops at a gradient of 1e-5 of the sum; ours goes to the minimum.
    expect(Math.abs(calibration.scale - expected.scale)).toBeLessThan(1e-4);
    expect(Math.abs(calibration.shift - expected.shift)).toBeLessThan(1e-4);
    const slope = gradient(labels, logits, calibration);
    expect(Math.abs(slope.scale)).toBeLessThan(1e-9);
    expect(Math.abs(slope.shift)).toBeLessThan(1e-9);
  },
);

test("the temperature is at its minimum, and cools overconfident logits", () => {
  const { labels, logits } = fixture.platt[0]!;
  const fitted = fitTemperature(labels, logits);
  expect(fitted.shift).toBe(0);
  expect(Math.abs(gradient(labels, logits, fitted).scale)).toBeLessThan(1e-9);
  const hot = fitTemperature(
    labels,
    logits.map((logit) => 10 * logit),
  );
  expect(hot.scale).toBeCloseTo(fitted.scale / 10, 9);
});

test("a set that is separated, or of equal logits, has a finite calibration", () => {
  const separated = fitPlatt([0, 0, 1, 1], [-300, -250, 250, 300]);
  expect(Number.isFinite(separated.scale) && separated.scale > 0).toBe(true);
  const [low, , , high] = calibratedProbabilities([-300, -250, 250, 300], separated);
  // Platt's targets for two images of a class: 1/4 and 3/4.
  expect(low).toBeLessThan(0.3);
  expect(high).toBeGreaterThan(0.7);
  const equal = calibratedProbabilities([2], fitPlatt([0, 1, 1], [2, 2, 2]));
  expect(equal[0]).toBeCloseTo((1 / 3 + 2 * (3 / 4)) / 3, 6);
});

test("refuses what cannot be calibrated", () => {
  expect(() => fitTemperature([0, 1], [1, -1])).toThrow(
    "fitTemperature: the logits say nothing about the labels, or their opposite\n",
  );
  expect(() => fitPlatt([1, 1], [1, 2])).toThrow(
    "fitPlatt: 0 real and 2 fake images\nPass a validation set with both classes.",
  );
  expect(() => expectedCalibrationError([1], [2])).toThrow(
    "expectedCalibrationError: probability 0 is 2\nPass probabilities in [0, 1], not logits.",
  );
});

test("the calibration error is the distance between promise and outcome", () => {
  expect(expectedCalibrationError([0, 1], [0, 1])).toBe(0);
  expect(expectedCalibrationError([0, 0], [1, 1])).toBe(1);
  // One bin: 0.8 promised on average, 3 of 4 come true.
  expect(expectedCalibrationError([1, 1, 1, 0], [0.8, 0.8, 0.8, 0.8])).toBeCloseTo(0.05, 15);
  // Errors of opposite sign cancel within a bin, not between bins.
  expect(expectedCalibrationError([0, 1], [0.4, 0.6], 1)).toBeCloseTo(0, 15);
  expect(expectedCalibrationError([0, 1], [0.4, 0.6], 2)).toBeCloseTo(0.4, 15);
});
