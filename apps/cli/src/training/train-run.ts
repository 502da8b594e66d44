/*
 * LGrad's training as a loop: its batches, what its steps tell, and its validation.
 */
import { lossOf, type StepOutcome, type Trainer, type TrainerState } from "@fauxgrad/lgrad";
import { measure } from "@fauxgrad/training";
import type { DecodePool } from "../io/decode-pool.ts";
import type { Progress } from "../terminal/progress.ts";
import { trainingBatches, validationBatches } from "./input-stream.ts";
import type { RunLog } from "./run-log.ts";
import type { TrainingImages } from "./training-images.ts";
import { requireFinite, runTrainingLoop } from "./training-loop.ts";

/** What a training works with. */
export interface TrainRun {
  readonly trainer: Trainer;
  readonly images: TrainingImages;
  readonly pool: DecodePool;
  readonly log: RunLog;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** An epoch's validation, before anything of the epoch is saved. */
  onValidated?(values: Readonly<Record<string, number>>): Promise<void>;
  /** Writes a checkpoint. */
  save(state: TrainerState): Promise<void>;
  /** An epoch was finished and saved. */
  onEpoch(): Promise<void>;
}

/**
 * Trains to the last epoch.
 *
 * @throws {TrainingDiverged} if the loss or a weight is no number; nothing of it was saved
 * @throws the signal's reason, after a checkpoint
 */
export function trainToEnd(run: TrainRun): Promise<void> {
  const { trainer, log, progress, signal } = run;
  return runTrainingLoop<StepOutcome, TrainerState>({
    ...{ trainer, log, progress, signal },
    epochs: trainer.recipe.epochs,
    batches: trainingBatches({ ...inputOf(run), images: run.images.train }),
    stepValues: ({ loss, learningRate }) => ({ loss, learningRate }),
    detail: ({ loss }) => `loss ${loss.toPrecision(3)}`,
    validate: () => validate(run),
    onValidated: async (values) => run.onValidated?.(values),
    save: (state) => run.save(state),
    onEpoch: () => run.onEpoch(),
  });
}

function inputOf({ trainer, pool, progress }: TrainRun) {
  return { trainer, pool, onSkipped: (message: string) => progress.note(message) };
}

/** Measures of the validation images; null if interrupted. */
async function validate(run: TrainRun): Promise<Record<string, number> | null> {
  const { trainer, signal } = run;
  if (run.images.val.length === 0) return {};
  const logits: number[] = [];
  const labels: (0 | 1)[] = [];
  for await (const part of validationBatches({ ...inputOf(run), images: run.images.val })) {
    if (signal.aborted) return null;
    logits.push(...(await trainer.evaluate(part.batch)));
    labels.push(...part.labels);
  }
  const lossSum = logits.reduce((sum, logit, i) => sum + lossOf(logit, labels[i] ?? 0), 0);
  const loss = lossSum / logits.length;
  requireFinite("the validation loss", loss, trainer.stepsDone);
  const { accuracy, realAccuracy, fakeAccuracy, averagePrecision, rocAuc } = measure(
    labels,
    logits,
  );
  return { loss, accuracy, realAccuracy, fakeAccuracy, averagePrecision, rocAuc };
}
