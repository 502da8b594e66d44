/*
 * Scores of several test sets to the numbers of T-GD's tables: what the detector knows of each
 * generator, and what of the source it has forgotten.
 */
import type { TgdPaperRow } from "@fauxgrad/tgd";
import {
  averagePrecision,
  type BinaryMetrics,
  batchMeanRocAuc,
  bootstrapIntervals,
  equalErrorRate,
  expectedCalibrationError,
  type Interval,
  measure,
  pointAtFalsePositiveRate,
  randomFor,
  rocAuc,
  sigmoid32,
} from "@fauxgrad/training";
import type { CalibrationReport } from "../detection/evaluation.ts";
import type { ScoredPrediction } from "../detection/run-evaluation.ts";

/** What images are ranked by: `z₁ − z₀`, or `z₁` alone as the authors' code. */
export type RankedBy = "margin" | "logit1";

/** A test set's predictions. */
export interface ScoredSet {
  readonly name: string;
  readonly predictions: readonly ScoredPrediction[];
}

/** How sets are measured. */
export interface MeasureChoice {
  readonly scores: RankedBy;
  /** False positive rates at which the true positive rate is told. */
  readonly rates: readonly number[];
  /** Images of a batch for the mean of batches' AUROCs, as the authors measure; null for none. */
  readonly perBatch: number | null;
  /** Resamples; null for no intervals. */
  readonly bootstrap: number | null;
  readonly confidence: number;
  readonly seed: number;
}

/** Of one test set. A measure is NaN where it is not defined. */
export interface SetEvaluation extends BinaryMetrics {
  readonly name: string;
  /** Of the chosen scores, ties count half. */
  readonly rocAuc: number;
  readonly equalErrorRate: number;
  readonly truePositiveRates: readonly { readonly at: number; readonly rate: number }[];
  /** Of the margins' sigmoids. */
  readonly calibrationError: number;
  /** In a random order of the images, by the seed; null where it was not asked for. */
  readonly batchMean: {
    readonly auc: number;
    readonly batchSize: number;
    readonly skippedBatches: number;
  } | null;
  readonly intervals: Readonly<Record<"rocAuc" | "averagePrecision", Interval>> | null;
}

/** What a transfer took from the source. */
export interface Forgetting {
  readonly source: string;
  /** AUROC on the source's test set. */
  readonly before: number;
  readonly after: number;
  /** `before − after` */
  readonly forgotten: number;
}

/** AUROCs of one set under perturbations. */
export interface RobustnessRow {
  readonly name: string;
  /** By the perturbation: `jpeg q=50`. */
  readonly aurocs: ReadonlyMap<string, number>;
}

/** Everything that an evaluation says. */
export interface TgdEvaluation {
  readonly sets: readonly SetEvaluation[];
  /** Before the transfer; empty where that was not asked for. */
  readonly before: readonly { readonly name: string; readonly rocAuc: number }[];
  readonly forgetting: Forgetting | null;
  readonly calibration: CalibrationReport | null;
  readonly robustness: readonly RobustnessRow[];
  readonly paper: TgdPaperRow | null;
}

/** The scores that a set is ranked by. @throws {RangeError} if there is no second logit */
export function scoresOf({ name, predictions }: ScoredSet, scores: RankedBy): number[] {
  return predictions.map(({ logit, logit1 }) => {
    if (scores === "margin") return logit;
    if (logit1 !== undefined) return logit1;
    throw new RangeError(`${name}: this model has no second logit\nRank by the margin.`);
  });
}

/** AUROC of a set; NaN where a class is missing. */
export function aurocOf(set: ScoredSet, scores: RankedBy): number {
  return rocAuc(labelsOf(set), scoresOf(set, scores));
}

/** Measures a set. */
export function evaluateSet(set: ScoredSet, choice: MeasureChoice): SetEvaluation {
  const { scores, rates, perBatch, bootstrap, confidence, seed } = choice;
  const labels = labelsOf(set);
  const margins = scoresOf(set, "margin");
  const ranked = scoresOf(set, scores);
  const isWhole = new Set(labels).size === 2;
  const options = { seed, confidence, stream: set.name };
  return {
    ...measure(labels, margins, { ranking: "logit" }),
    name: set.name,
    rocAuc: rocAuc(labels, ranked),
    averagePrecision: averagePrecision(labels, ranked),
    equalErrorRate: isWhole ? equalErrorRate(labels, ranked) : Number.NaN,
    truePositiveRates: rates.map((at) => ({
      at,
      rate: isWhole ? pointAtFalsePositiveRate(labels, ranked, at).truePositiveRate : Number.NaN,
    })),
    calibrationError: expectedCalibrationError(labels, sigmoid32(margins)),
    batchMean: perBatch === null ? null : batchMean(labels, ranked, { seed, perBatch }),
    intervals:
      bootstrap === null
        ? null
        : bootstrapIntervals(
            labels,
            ranked,
            { rocAuc, averagePrecision },
            { ...options, resamples: bootstrap },
          ),
  };
}

/** The authors' loader shuffles. */
function batchMean(
  labels: readonly number[],
  scores: readonly number[],
  { seed, perBatch: batchSize }: { readonly seed: number; readonly perBatch: number },
) {
  const order = randomFor(seed, "batches").shuffle(labels.map((_, i) => i));
  const shuffled = (values: readonly number[]) => Array.from(order, (i) => values[i] ?? 0);
  return { ...batchMeanRocAuc(shuffled(labels), shuffled(scores), batchSize), batchSize };
}

/** Source before minus after; null where either is not known. */
export function forgettingOf(
  source: string | undefined,
  before: TgdEvaluation["before"],
  sets: readonly SetEvaluation[],
): Forgetting | null {
  const then = before.find(({ name }) => name === source)?.rocAuc;
  const now = sets.find(({ name }) => name === source)?.rocAuc;
  if (source === undefined || then === undefined || now === undefined) return null;
  return { source, before: then, after: now, forgotten: then - now };
}

/** The paper's number for a set, in percent. */
export function paperCell(paper: TgdPaperRow | null, name: string): number | null {
  const found = [...(paper?.cells ?? [])].find(
    ([column]) => column.toLowerCase() === name.toLowerCase(),
  );
  return found?.[1] ?? null;
}

function labelsOf({ predictions }: ScoredSet): (0 | 1)[] {
  return predictions.map(({ label }) => label);
}
