/*
 * Logistic regression with an L2 penalty on standardised features: a baseline that a detector must
 * beat. The objective is strictly convex in the weights, so that the minimum is one point whatever
 * the way there; Newton's method with backtracking reaches it in a few steps.
 */

import { checkScored, type Labels } from "../metrics/cuts.ts";
import { minimiseByNewton } from "../metrics/newton.ts";
import { solveSymmetric } from "./solve-symmetric.ts";

/** `logit = bias + Σ_j weight[j] · (x[j] − mean[j]) / scale[j]`. */
export interface LogisticModel {
  readonly mean: Float64Array;
  /** Standard deviation of a feature; 1 where that is 0. */
  readonly scale: Float64Array;
  readonly weight: Float64Array;
  readonly bias: number;
}

/** Options of {@link fitLogistic}. */
export interface LogisticOptions {
  /** `C`: of the loss beside the penalty. Default 1. */
  readonly inverseStrength?: number;
}

const ITERATIONS = 100;
/** Of the largest component of the gradient, for each row, at which the minimum is found. */
const GRADIENT_TOLERANCE = 1e-10;

/**
 * The minimum of `½ Σ_j w_j² + C · Σ_i ln(1 + e^(−y_i · z_i))`, `z_i` the logit of row i and
 * `y_i = ±1`, over standardised features; the bias is not penalised.
 *
 * @param rows   one for each image, all of one length
 * @param labels 0 or 1 for each
 * @throws {RangeError} if a class is missing, rows differ in length, a value is not finite, or the
 *   strength is not positive
 * @see sklearn.linear_model.LogisticRegression behind a StandardScaler, which it matches
 */
export function fitLogistic(
  rows: readonly ArrayLike<number>[],
  labels: Labels,
  { inverseStrength = 1 }: LogisticOptions = {},
): LogisticModel {
  checkRows(rows, labels, inverseStrength);
  const { mean, scale } = momentsOf(rows);
  const features = rows.map((row) => standardised(row, mean, scale));
  const problem: Problem = { features, labels, strength: inverseStrength };
  const point = minimiseByNewton<Float64Array>({
    start: new Float64Array(mean.length + 1),
    lossAt: (at) => lossAt(problem, at),
    stepAt: (at) => newtonStep(problem, at),
    ...{ moved, iterations: ITERATIONS },
  });
  return { mean, scale, weight: point.slice(0, -1), bias: point.at(-1) ?? 0 };
}

/**
 * The logit of one row: above 0 is class 1.
 *
 * @throws {RangeError} if it has not the model's number of features
 */
export function logisticLogit(
  { mean, scale, weight, bias }: LogisticModel,
  row: ArrayLike<number>,
): number {
  if (row.length !== weight.length) {
    throw new RangeError(
      `logisticLogit: ${row.length} features, the model has ${weight.length}\n` +
        "Pass features as the model was fitted to.",
    );
  }
  return standardised(row, mean, scale).reduce((sum, value, j) => sum + weight[j]! * value, bias);
}

/** Standardised rows; the point that is sought holds the weights and, last, the bias. */
interface Problem {
  readonly features: readonly Float64Array[];
  readonly labels: Labels;
  readonly strength: number;
}

function standardised(row: ArrayLike<number>, mean: Float64Array, scale: Float64Array) {
  return Float64Array.from(row, (value, j) => (value - mean[j]!) / scale[j]!);
}

/** Means, and deviations over all rows (not one less); 1 for what is the same in all. */
function momentsOf(rows: readonly ArrayLike<number>[]) {
  const columns = rows[0]?.length ?? 0;
  const average = (of: (row: ArrayLike<number>, j: number) => number) =>
    Float64Array.from(
      { length: columns },
      (_, j) => rows.reduce((sum, row) => sum + of(row, j), 0) / rows.length,
    );
  const mean = average((row, j) => row[j]!);
  const variance = average((row, j) => (row[j]! - mean[j]!) ** 2);
  // What is left of a constant column is rounding.
  const isConstant = (value: number, j: number) => value <= (1e-14 * mean[j]!) ** 2;
  return { mean, scale: variance.map((value, j) => (isConstant(value, j) ? 1 : Math.sqrt(value))) };
}

function logitOf(features: Float64Array, point: Float64Array): number {
  let logit = point[features.length]!;
  for (let j = 0; j < features.length; j += 1) logit += point[j]! * features[j]!;
  return logit;
}

function lossAt({ features, labels, strength }: Problem, point: Float64Array): number {
  let [penalty, loss] = [0, 0];
  for (const weight of point.subarray(0, -1)) penalty += weight * weight;
  for (const [i, row] of features.entries()) {
    const z = logitOf(row, point);
    loss += Math.max(z, 0) - z * labels[i]! + Math.log1p(Math.exp(-Math.abs(z)));
  }
  return penalty / 2 + strength * loss;
}

/** `−H⁻¹ ∇`; null at the minimum. */
function newtonStep(problem: Problem, point: Float64Array): Float64Array | null {
  const { features, labels, strength } = problem;
  const count = point.length;
  const gradient = Float64Array.from(point, (value, j) => (j < count - 1 ? value : 0));
  const hessian = new Float64Array(count * count);
  for (let j = 0; j < count - 1; j += 1) hessian[j * count + j] = 1;
  for (const [i, row] of features.entries()) {
    const probability = 1 / (1 + Math.exp(-logitOf(row, point)));
    const error = strength * (probability - labels[i]!);
    const curvature = strength * probability * (1 - probability);
    for (let j = 0; j < count; j += 1) {
      const value = row[j] ?? 1;
      gradient[j] = gradient[j]! + error * value;
      const weighted = curvature * value;
      for (let k = 0; k <= j; k += 1) {
        const at = j * count + k;
        hessian[at] = hessian[at]! + weighted * (row[k] ?? 1);
      }
    }
  }
  const steepest = gradient.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (steepest <= GRADIENT_TOLERANCE * strength * features.length) return null;
  // Where every probability is 0 or 1, the bias has no curvature left.
  const last = count * count - 1;
  hessian[last] = hessian[last]! + 1e-12 * strength * features.length;
  return solveSymmetric(hessian, gradient).map((value) => -value);
}

function moved(point: Float64Array, step: Float64Array, length: number): Float64Array {
  return point.map((value, j) => value + length * step[j]!);
}

function checkRows(rows: readonly ArrayLike<number>[], labels: Labels, strength: number): void {
  checkScored("fitLogistic", labels, new Float64Array(rows.length));
  const columns = rows[0]?.length ?? 0;
  const other = rows.findIndex((row) => row.length !== columns);
  if (other >= 0 || columns === 0) {
    throw new RangeError(
      `fitLogistic: row ${Math.max(other, 0)} has ${rows[Math.max(other, 0)]?.length ?? 0} ` +
        `features, row 0 has ${columns}\nPass as many features for each image, one at least.`,
    );
  }
  const broken = rows.findIndex((row) => !Array.from(row).every(Number.isFinite));
  if (broken >= 0) {
    throw new RangeError(`fitLogistic: row ${broken} holds values that are no finite numbers`);
  }
  const fake = Array.from(labels).filter((label) => label === 1).length;
  if (fake === 0 || fake === rows.length) {
    throw new RangeError(
      `fitLogistic: ${rows.length - fake} real and ${fake} fake images\nPass both classes.`,
    );
  }
  if (!(strength > 0 && Number.isFinite(strength))) {
    throw new RangeError(
      `fitLogistic: inverseStrength is ${strength}\nPass a positive number, e.g. 1.`,
    );
  }
}
