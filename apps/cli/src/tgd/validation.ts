/*
 * What a training is validated by: the target and, in a transfer, the source; and which epoch is the
 * best so far.
 */
import type { Selection, TgdTrainer } from "@fauxgrad/tgd";
import { type MetricsRow, measure } from "@fauxgrad/training";
import type { DecodePool } from "../io/decode-pool.ts";
import type { TrainingImage } from "../training/training-images.ts";
import { requireFinite } from "../training/training-loop.ts";
import { validationBatches } from "./input-stream.ts";
import type { TgdImages } from "./training-images.ts";

/** What a validation works with. */
export interface ValidationWork {
  readonly trainer: TgdTrainer;
  readonly pool: DecodePool;
  readonly signal: AbortSignal;
  readonly onSkipped: (message: string) => void;
}

/** Measures by their names in the log: `rocAuc`, and `sourceRocAuc` of the source. */
export type ValidationValues = Readonly<Record<string, number>>;

/** Validates; null if interrupted, empty if there is nothing to validate on. */
export async function validate(
  { val, sourceVal }: TgdImages,
  work: ValidationWork,
): Promise<ValidationValues | null> {
  const target = await measured(val, work, "the validation loss");
  if (target === null) return null;
  const source = await measured(sourceVal, work, "the source's validation loss");
  if (source === null) return null;
  const named = Object.entries(source).map(([name, value]) => [
    `source${name.charAt(0).toUpperCase()}${name.slice(1)}`,
    value,
  ]);
  return { ...target, ...Object.fromEntries(named) };
}

async function measured(
  images: readonly TrainingImage[],
  work: ValidationWork,
  name: string,
): Promise<ValidationValues | null> {
  if (images.length === 0) return {};
  const { trainer, signal } = work;
  const scores: number[] = [];
  const labels: (0 | 1)[] = [];
  let lossSum = 0;
  for await (const part of validationBatches({ ...work, images })) {
    if (signal.aborted) return null;
    const { outputs, scores: found } = await trainer.evaluate(part.batch);
    part.labels.forEach((label, i) => {
      lossSum += trainer.objective.loss(outputs, i, label);
    });
    scores.push(...found);
    labels.push(...part.labels);
  }
  const loss = lossSum / labels.length;
  requireFinite(name, loss, trainer.stepsDone);
  const { accuracy, rocAuc, averagePrecision } = measure(labels, scores, { ranking: "logit" });
  return { loss, accuracy, averagePrecision, rocAuc };
}

/**
 * What an epoch is chosen by: the sum of the AUROCs where there is a source, the target's alone where
 * there is none; null if nothing chooses.
 */
export function selectionValue(selection: Selection, values: ValidationValues): number | null {
  const { accuracy, rocAuc, sourceRocAuc } = values as Readonly<Record<string, number | undefined>>;
  if (selection === "last") return null;
  const value =
    selection === "accuracy"
      ? accuracy
      : selection === "auroc"
        ? rocAuc
        : (rocAuc ?? Number.NaN) + (sourceRocAuc ?? 0);
  return value === undefined || Number.isNaN(value) ? null : value;
}

/** The best epoch of a log, and its value; the first of equals. */
export interface BestEpoch {
  /** Counted from 0. */
  readonly epoch: number;
  readonly value: number;
}

/** The best of the validations that a log holds; null if there is none. */
export function bestEpoch(rows: readonly MetricsRow[], selection: Selection): BestEpoch | null {
  let best: BestEpoch | null = null;
  for (const { kind, epoch, values } of rows) {
    const value = kind === "validation" ? selectionValue(selection, values) : null;
    if (value !== null && (best === null || value > best.value)) best = { epoch, value };
  }
  return best;
}
