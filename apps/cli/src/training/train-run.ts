/*
 * The training of a network with one logit as a loop: its batches, what its steps tell, and its
 * validation.
 */
import {
  lossOf,
  type StepOutcome,
  type Trainer,
  type TrainerRecipe,
  type TrainerState,
} from "@fauxgrad/lgrad";
import { measure } from "@fauxgrad/training";
import type { DecodePool } from "../io/decode-pool.ts";
import type { Progress } from "../terminal/progress.ts";
import { type InputForm, trainingBatches, validationBatches } from "./input-stream.ts";
import type { RunLog } from "./run-log.ts";
import type { TrainingImages } from "./training-images.ts";
import { requireFinite, runTrainingLoop } from "./training-loop.ts";

/** What a training works with. */
export interface TrainRun<Recipe extends TrainerRecipe> {
  readonly trainer: Trainer<Recipe>;
  readonly form: InputForm;
  readonly images: TrainingImages;
  readonly pool: DecodePool;
  readonly log: RunLog;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** An epoch's validation, before anything of the epoch is saved. */
  onValidated?(values: Readonly<Record<string, number>>): Promise<void>;
  /** Writes a checkpoint. */
  save(state: TrainerState<Recipe>): Promise<void>;
  /** An epoch was finished and saved. */
  onEpoch(): Promise<void>;
}

/**
 * Trains to the last epoch.
 *
 * @throws {TrainingDiverged} if the loss or a weight is no number; nothing of it was saved
 * @throws the signal's reason, after a checkpoint
 */
export function trainToEnd<Recipe extends TrainerRecipe>(run: TrainRun<Recipe>): Promise<void> {
  const { trainer, log, progress, signal } = run;
  return runTrainingLoop<StepOutcome, TrainerState<Recipe>>({
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

function inputOf<Recipe extends TrainerRecipe>(run: TrainRun<Recipe>) {
  const { trainer, form, pool, progress } = run;
  return { trainer, form, pool, onSkipped: (message: string) => progress.note(message) };
}

/** Measures of the validation images; null if interrupted. */
async function validate<Recipe extends TrainerRecipe>(
  run: TrainRun<Recipe>,
): Promise<Record<string, number> | null> {
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
