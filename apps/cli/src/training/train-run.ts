/*
 * The loop of a training. One step is always under way while the next batch is fetched; every
 * checkpoint waits for it. An interruption, or the end of an epoch, makes a checkpoint.
 */
import {
  lossOf,
  type StepOutcome,
  type Trainer,
  type TrainerState,
  TrainingDiverged,
} from "@fauxgrad/lgrad";
import { type MetricsRow, measure } from "@fauxgrad/training";
import type { DecodePool } from "../io/decode-pool.ts";
import type { Progress } from "../terminal/progress.ts";
import { type LabelledBatch, trainingBatches, validationBatches } from "./input-stream.ts";
import type { RunLog } from "./run-log.ts";
import type { TrainingImages } from "./training-images.ts";

/** What a training works with. */
export interface TrainRun {
  readonly trainer: Trainer;
  readonly images: TrainingImages;
  readonly pool: DecodePool;
  readonly log: RunLog;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** Writes a checkpoint. */
  save(state: TrainerState): Promise<void>;
  /** An epoch was finished and saved. */
  onEpoch(): Promise<void>;
}

/** Rows of the log in an epoch, at least; each step where there are fewer. */
const ROWS_PER_EPOCH = 200;

/**
 * Trains to the last epoch.
 *
 * @throws {TrainingDiverged} if the loss or a weight is no number; nothing of it was saved
 * @throws the signal's reason, after a checkpoint
 */
export async function trainToEnd(run: TrainRun): Promise<void> {
  const { trainer, signal } = run;
  const batches = trainingBatches({ ...inputOf(run), images: run.images.train });
  let pending: Promise<StepOutcome> | null = null;
  const settle = async (): Promise<void> => {
    if (pending !== null) await conclude(run, await pending);
    pending = null;
  };
  const stop = async (): Promise<never> => {
    await settle();
    await save(run);
    throw signal.reason;
  };
  try {
    while (trainer.epochsFinished < trainer.recipe.epochs) {
      if (signal.aborted) await stop();
      if (trainer.isEpochComplete) {
        await settle();
        if (!(await endEpoch(run))) await stop();
        continue;
      }
      const { batch, labels } = await nextOf(batches);
      const outcome = trainer.step(batch, labels);
      await settle();
      pending = outcome;
    }
  } finally {
    await batches.return(undefined);
  }
}

function inputOf({ trainer, pool, progress }: TrainRun) {
  return { trainer, pool, onSkipped: (message: string) => progress.note(message) };
}

async function nextOf(batches: AsyncGenerator<LabelledBatch>): Promise<LabelledBatch> {
  const next = await batches.next();
  if (next.done === true) throw new Error("training: the batches ended before the epochs");
  return next.value;
}

async function conclude({ trainer, log, progress }: TrainRun, outcome: StepOutcome): Promise<void> {
  const { step, epoch, loss, learningRate, images } = outcome;
  const every = Math.max(1, Math.floor(trainer.stepsPerEpoch / ROWS_PER_EPOCH));
  if (step % every === 0)
    await log.add({ kind: "step", step, epoch, values: { loss, learningRate } });
  const { recipe } = trainer;
  progress.advance(images, `epoch ${epoch + 1}/${recipe.epochs}  loss ${loss.toPrecision(3)}`);
}

/** Validates, logs and saves; false if it was interrupted before. */
async function endEpoch(run: TrainRun): Promise<boolean> {
  const { trainer, log } = run;
  const { epochsFinished: epoch, stepsDone: step, totals } = trainer;
  const { images, lossSum, correct } = totals;
  const rows: MetricsRow[] = [
    {
      kind: "epoch",
      step,
      epoch,
      values: { loss: lossSum / images, accuracy: correct / images, images },
    },
  ];
  if (run.images.val.length > 0) {
    const values = await validate(run);
    if (values === null) return false;
    rows.push({ kind: "validation", step, epoch, values });
  }
  // The log first: rows of an epoch that no checkpoint knows are cut off, and written again.
  await log.add(...rows);
  trainer.finishEpoch();
  await save(run);
  await run.onEpoch();
  return true;
}

/** Measures of the validation images; null if interrupted. */
async function validate(run: TrainRun): Promise<Record<string, number> | null> {
  const { trainer, signal } = run;
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

/** A checkpoint of what is worth to be gone back to, and of nothing else. */
async function save({ trainer, save: write }: TrainRun): Promise<void> {
  const state = await trainer.exportState();
  for (const [name, { dtype, data }] of state.tensors) {
    if (dtype !== "float32") continue;
    const wrong = data.find((value) => !Number.isFinite(value));
    if (wrong !== undefined) requireFinite(name, wrong, trainer.stepsDone);
  }
  await write(state);
}

function requireFinite(name: string, value: number, step: number): void {
  if (Number.isFinite(value)) return;
  throw new TrainingDiverged({
    kind: "not-finite",
    step,
    message: `${name} is ${value} at step ${step}`,
  });
}
