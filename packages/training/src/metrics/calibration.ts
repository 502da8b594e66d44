/*
 * Probabilities that can be taken at their word: p = σ(scale · logit + shift), fitted to a
 * validation set. One parameter: temperature scaling (Guo et al., "On Calibration of Modern Neural
 * Networks", 2017). Two: Platt's ("Probabilistic Outputs for Support Vector Machines", 1999).
 *
 * Both minimise the cross-entropy against Platt's targets (N₁ + 1) / (N₁ + 2) and 1 / (N₀ + 2)
 * instead of 1 and 0: a detector that separates the validation set would otherwise be scaled
 * without end. The minimum of the convex function is found by Newton's method with backtracking
 * (Lin, Lin and Weng, "A Note on Platt's Probabilistic Outputs", 2007).
 */

import { checkScored, type Labels, type Scores } from "./cuts.ts";
import { minimiseByNewton } from "./newton.ts";

/** `p = σ(scale · logit + shift)`; the temperature is `1 / scale`. */
export interface Calibration {
  readonly scale: number;
  readonly shift: number;
}

interface Problem {
  readonly logits: Scores;
  readonly targets: Float64Array;
  /** Whether the shift is fitted as well. */
  readonly shifted: boolean;
}

const ITERATIONS = 100;
/** Of the mean gradient, at which the minimum is found. */
const GRADIENT_TOLERANCE = 1e-10;

/**
 * Fits one scale, the inverse temperature; the ranking and the decision at 0.5 stay as they are.
 *
 * @throws {RangeError} if a class is missing, or the logits rank fake below real images so that no
 * positive temperature fits; and for labels and logits that are none
 */
export function fitTemperature(labels: Labels, logits: Scores): Calibration {
  const calibration = minimise(problemOf("fitTemperature", labels, logits, false));
  if (calibration.scale > 0) return calibration;
  throw new RangeError(
    "fitTemperature: the logits say nothing about the labels, or their opposite\n" +
      `  best scale  ${calibration.scale}\n` +
      "Check that label 1 is fake and that fake images have the higher logits.",
  );
}

/**
 * Fits a scale and a shift: also moves the threshold of 0.5 to where the classes balance.
 *
 * @throws {RangeError} if a class is missing, and for labels and logits that are none
 */
export function fitPlatt(labels: Labels, logits: Scores): Calibration {
  return minimise(problemOf("fitPlatt", labels, logits, true));
}

/** `σ(scale · logit + shift)` of every logit. */
export function calibratedProbabilities(logits: Scores, calibration: Calibration): Float64Array {
  const { scale, shift } = calibration;
  return Float64Array.from(logits, (logit) => sigmoid(scale * logit + shift));
}

/**
 * Expected calibration error: the images in `bins` bins of equal width by their probability,
 * `Σ_b n_b / N · |mean probability − share of fakes|`.
 *
 * @param probabilities in [0, 1]
 * @throws {RangeError} if one is outside, and for labels that are none
 */
export function expectedCalibrationError(labels: Labels, probabilities: Scores, bins = 15): number {
  checkScored("expectedCalibrationError", labels, probabilities);
  const excess = new Float64Array(bins);
  for (let i = 0; i < labels.length; i += 1) {
    const probability = probabilities[i]!;
    if (!(probability >= 0 && probability <= 1)) {
      throw new RangeError(
        `expectedCalibrationError: probability ${i} is ${probability}\n` +
          "Pass probabilities in [0, 1], not logits.",
      );
    }
    const bin = Math.min(bins - 1, Math.floor(probability * bins));
    excess[bin] = excess[bin]! + probability - labels[i]!;
  }
  return excess.reduce((sum, value) => sum + Math.abs(value), 0) / labels.length;
}

function problemOf(operation: string, labels: Labels, logits: Scores, shifted: boolean): Problem {
  checkScored(operation, labels, logits);
  let fake = 0;
  for (let i = 0; i < labels.length; i += 1) fake += labels[i]!;
  const real = labels.length - fake;
  if (fake === 0 || real === 0) {
    throw new RangeError(
      `${operation}: ${real} real and ${fake} fake images\nPass a validation set with both classes.`,
    );
  }
  const targets = Float64Array.from(labels, (label) =>
    label === 1 ? (fake + 1) / (fake + 2) : 1 / (real + 2),
  );
  return { logits, targets, shifted };
}

function minimise(problem: Problem): Calibration {
  return minimiseByNewton<Calibration>({
    start: { scale: 0, shift: 0 },
    lossAt: (at) => lossAt(problem, at),
    stepAt: (at) => newtonStep(problem, at),
    ...{ moved, iterations: ITERATIONS },
  });
}

function moved(point: Calibration, step: Calibration, length: number): Calibration {
  return { scale: point.scale + length * step.scale, shift: point.shift + length * step.shift };
}

/** `−H⁻¹ ∇` of the mean cross-entropy; null at the minimum. */
function newtonStep({ logits, targets, shifted }: Problem, point: Calibration): Calibration | null {
  let [gradScale, gradShift, scaleScale, scaleShift, shiftShift] = [0, 0, 0, 0, 0];
  for (let i = 0; i < targets.length; i += 1) {
    const logit = logits[i]!;
    const probability = sigmoid(point.scale * logit + point.shift);
    const error = probability - targets[i]!;
    const curvature = probability * (1 - probability);
    gradScale += error * logit;
    gradShift += error;
    scaleScale += curvature * logit * logit;
    scaleShift += curvature * logit;
    shiftShift += curvature;
  }
  const images = targets.length;
  const steepest = Math.max(Math.abs(gradScale), shifted ? Math.abs(gradShift) : 0);
  if (steepest <= GRADIENT_TOLERANCE * images) return null;
  if (!shifted) return scaleScale > 0 ? { scale: -gradScale / scaleScale, shift: 0 } : null;
  // Equal logits leave the scale free: a small ridge keeps the matrix regular.
  const ridge = 1e-12 * images;
  const [a, d] = [scaleScale + ridge, shiftShift + ridge];
  const determinant = a * d - scaleShift * scaleShift;
  return {
    scale: -(d * gradScale - scaleShift * gradShift) / determinant,
    shift: -(a * gradShift - scaleShift * gradScale) / determinant,
  };
}

/** `Σ max(z, 0) − z·t + ln(1 + e^−|z|)` with `z = scale · logit + shift`. */
function lossAt({ logits, targets }: Problem, { scale, shift }: Calibration): number {
  let loss = 0;
  for (let i = 0; i < targets.length; i += 1) {
    const z = scale * logits[i]! + shift;
    loss += Math.max(z, 0) - z * targets[i]! + Math.log1p(Math.exp(-Math.abs(z)));
  }
  return loss;
}

function sigmoid(z: number): number {
  return 1 / (1 + Math.exp(-z));
}
