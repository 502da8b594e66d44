/*
 * Predictions to the numbers of an evaluation.
 */
import type { PaperCell, PaperRow } from "@fauxgrad/lgrad";
import {
  expectedCalibrationError,
  fitPlatt,
  fitTemperature,
  mostAccuratePoint,
  type Prediction,
  type Summary,
  sigmoid32,
  summarize,
} from "@fauxgrad/training";

/** One image's prediction, and where it came from. */
export interface FilePrediction extends Prediction {
  readonly path: string;
  readonly probability: number;
  /** What was done to the image first; null for nothing. */
  readonly perturbation: string | null;
}

/** How an evaluation is measured. */
export interface EvaluationOptions {
  /** What AP and AUC rank by. */
  readonly scores: "sigmoid" | "logits";
  /** Resamples; without them there are no intervals. */
  readonly bootstrap?: number;
  readonly confidence: number;
  readonly seed: number;
}

/** What a validation set says about the threshold and the probabilities. */
export interface CalibrationReport {
  readonly images: number;
  /** Of the probability: fake above it. */
  readonly threshold: number;
  /** On the validation set, at 0.5 and at the threshold. */
  readonly accuracyAtHalf: number;
  readonly accuracyAtThreshold: number;
  /** Expected calibration error on the validation set. */
  readonly calibrationError: number;
  /** Of temperature scaling; null where none fits. */
  readonly temperature: number | null;
  /** Platt's `σ(scale · logit + shift)`. */
  readonly platt: { readonly scale: number; readonly shift: number };
}

/** The numbers of an evaluation. */
export interface Evaluation {
  readonly predictions: readonly FilePrediction[];
  /** At 0.5. */
  readonly summary: Summary;
  readonly calibration: CalibrationReport | null;
  /** At the calibrated threshold. */
  readonly calibrated: Summary | null;
}

/**
 * Measures predictions.
 *
 * @param validation predictions on the validation set, if the threshold is to be calibrated
 * @throws {RangeError} if the validation set lacks a class, or a logit is not finite
 */
export function evaluate(
  predictions: readonly FilePrediction[],
  validation: readonly FilePrediction[] | null,
  options: EvaluationOptions,
): Evaluation {
  const { scores, bootstrap, confidence, seed } = options;
  const ranking = scores === "logits" ? "logit" : "sigmoid";
  const summary = summarize(predictions, {
    ranking,
    ...(bootstrap === undefined ? {} : { bootstrap: { seed, resamples: bootstrap, confidence } }),
  });
  const calibration = validation === null ? null : calibrate(validation);
  const calibrated =
    calibration === null
      ? null
      : summarize(predictions, { ranking, threshold: calibration.threshold });
  return { predictions, summary, calibration, calibrated };
}

/**
 * The threshold of the probability with the highest accuracy, and fits of the logits.
 *
 * @throws {RangeError} if a class is missing
 */
export function calibrate(validation: readonly FilePrediction[]): CalibrationReport {
  const labels = validation.map(({ label }) => label);
  const logits = validation.map(({ logit }) => logit);
  const probabilities = sigmoid32(logits);
  const platt = fitPlatt(labels, logits);
  const { threshold, accuracy } = mostAccuratePoint(labels, probabilities);
  const right = labels.filter((label, i) => (label === 1) === probabilities[i]! > 0.5);
  return {
    images: labels.length,
    threshold,
    accuracyAtHalf: right.length / labels.length,
    accuracyAtThreshold: accuracy,
    calibrationError: expectedCalibrationError(labels, probabilities),
    temperature: temperatureOf(labels, logits),
    platt,
  };
}

/** Null where the logits rank the classes the wrong way round. */
function temperatureOf(labels: readonly number[], logits: readonly number[]): number | null {
  try {
    return 1 / fitTemperature(labels, logits).scale;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** A column of the table beside the paper's row. */
export interface ComparedCell {
  readonly name: string;
  /** In percent; null where it was not measured. */
  readonly measured: PaperCell | null;
  /** In percent; null where the paper has none. */
  readonly paper: PaperCell | null;
}

/** Measured cells beside the paper's, the mean last; the paper's columns first. */
export function compareWithPaper(summary: Summary, paper: PaperRow | null): ComparedCell[] {
  const measured = measuredCells(summary, paper?.unit ?? "generator");
  const names = new Set([...(paper?.cells.keys() ?? []), ...measured.keys()]);
  const cells = [...names].map((name) => ({
    name,
    measured: measured.get(name) ?? null,
    paper: paper?.cells.get(name) ?? null,
  }));
  const mean = { name: "Mean", measured: meanOf([...measured.values()]) };
  return [...cells, { ...mean, paper: paper?.mean ?? null }];
}

/**
 * Of the generators; or of the categories of progan, or of the only generator there is. A training
 * set's classes are both.
 */
function measuredCells(summary: Summary, unit: PaperRow["unit"]): Map<string, PaperCell> {
  const { generators } = summary;
  const parent = generators.find(({ name }) => name === "progan") ?? generators[0];
  const categories = parent?.categories ?? [];
  const rows = unit === "generator" || categories.length === 0 ? generators : categories;
  return new Map(
    rows.map(({ name, metrics: { accuracy, averagePrecision } }) => [
      name === "" ? "images" : name,
      { accuracy: 100 * accuracy, averagePrecision: 100 * averagePrecision },
    ]),
  );
}

function meanOf(cells: readonly PaperCell[]): PaperCell | null {
  if (cells.length === 0) return null;
  const mean = (values: readonly number[]) => {
    const defined = values.filter((value) => !Number.isNaN(value));
    return defined.reduce((sum, value) => sum + value, 0) / defined.length;
  };
  return {
    accuracy: mean(cells.map(({ accuracy }) => accuracy)),
    averagePrecision: mean(cells.map(({ averagePrecision }) => averagePrecision)),
  };
}
