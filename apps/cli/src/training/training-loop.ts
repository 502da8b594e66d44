/*
 * The loop of a training, the same for every method. One step is always under way while the next
 * batch is fetched; every checkpoint waits for it. An interruption, or the end of an epoch, makes a
 * checkpoint.
 */
import type { HostTensor } from "@fauxgrad/models/checkpoint";
import type { ImageBatch } from "@fauxgrad/models/transforms";
import { type MetricsRow, TrainingDiverged } from "@fauxgrad/training";
import type { Progress } from "../terminal/progress.ts";
import type { RunLog } from "./run-log.ts";

/** Images and labels that belong together. */
export interface LabelledBatch {
  readonly batch: ImageBatch;
  readonly labels: readonly (0 | 1)[];
}

/** What every step tells. */
export interface LoopOutcome {
  readonly step: number;
  /** Counted from 0. */
  readonly epoch: number;
  readonly images: number;
}

/** What the loop needs of a trainer. */
export interface LoopTrainer<Outcome extends LoopOutcome, State> {
  readonly stepsDone: number;
  readonly stepsPerEpoch: number;
  readonly epochsFinished: number;
  readonly isEpochComplete: boolean;
  readonly totals: { readonly images: number; readonly lossSum: number; readonly correct: number };
  step(batch: ImageBatch, labels: readonly (0 | 1)[]): Promise<Outcome>;
  finishEpoch(): void;
  exportState(): Promise<State>;
}

/** State of which every number is looked at before it is saved. */
export interface LoopState {
  readonly tensors: ReadonlyMap<string, HostTensor>;
}

/** A training, and what surrounds it. */
export interface TrainingLoop<Outcome extends LoopOutcome, State extends LoopState> {
  readonly trainer: LoopTrainer<Outcome, State>;
  readonly epochs: number;
  /** From the trainer's present step on. */
  readonly batches: AsyncGenerator<LabelledBatch>;
  readonly log: RunLog;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** A step's numbers for the log. */
  stepValues(outcome: Outcome): Readonly<Record<string, number>>;
  /** What stands beside the bar. */
  detail(outcome: Outcome): string;
  /** Measures of the validation images; null if interrupted, {} if there are none. */
  validate(): Promise<Readonly<Record<string, number>> | null>;
  /** The epoch's validation, before anything of the epoch is saved. */
  onValidated?(values: Readonly<Record<string, number>>): Promise<void>;
  /** Writes a checkpoint. */
  save(state: State): Promise<void>;
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
export async function runTrainingLoop<Outcome extends LoopOutcome, State extends LoopState>(
  loop: TrainingLoop<Outcome, State>,
): Promise<void> {
  const { trainer, signal, batches } = loop;
  let pending: Promise<Outcome> | null = null;
  const settle = async (): Promise<void> => {
    if (pending !== null) await conclude(loop, await pending);
    pending = null;
  };
  const stop = async (): Promise<never> => {
    await settle();
    await save(loop);
    throw signal.reason;
  };
  try {
    while (trainer.epochsFinished < loop.epochs) {
      if (signal.aborted) await stop();
      if (trainer.isEpochComplete) {
        await settle();
        if (!(await endEpoch(loop))) await stop();
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

async function nextOf(batches: AsyncGenerator<LabelledBatch>): Promise<LabelledBatch> {
  const next = await batches.next();
  if (next.done === true) throw new Error("training: the batches ended before the epochs");
  return next.value;
}

async function conclude<Outcome extends LoopOutcome, State extends LoopState>(
  loop: TrainingLoop<Outcome, State>,
  outcome: Outcome,
): Promise<void> {
  const { trainer, log, progress, epochs } = loop;
  const { step, epoch, images } = outcome;
  const every = Math.max(1, Math.floor(trainer.stepsPerEpoch / ROWS_PER_EPOCH));
  if (step % every === 0) {
    await log.add({ kind: "step", step, epoch, values: loop.stepValues(outcome) });
  }
  progress.advance(images, `epoch ${epoch + 1}/${epochs}  ${loop.detail(outcome)}`);
}

/** Validates, logs and saves; false if it was interrupted before. */
async function endEpoch<Outcome extends LoopOutcome, State extends LoopState>(
  loop: TrainingLoop<Outcome, State>,
): Promise<boolean> {
  const { trainer, log } = loop;
  const { epochsFinished: epoch, stepsDone: step, totals } = trainer;
  const { images, lossSum, correct } = totals;
  const means = { loss: lossSum / images, accuracy: correct / images, images };
  const rows: MetricsRow[] = [{ kind: "epoch", step, epoch, values: means }];
  const values = await loop.validate();
  if (values === null) return false;
  if (Object.keys(values).length > 0) {
    await loop.onValidated?.(values);
    rows.push({ kind: "validation", step, epoch, values });
  }
  // The log first: rows of an epoch that no checkpoint knows are cut off, and written again.
  await log.add(...rows);
  trainer.finishEpoch();
  await save(loop);
  await loop.onEpoch();
  return true;
}

/** A checkpoint of what is worth to be gone back to, and of nothing else. */
async function save<Outcome extends LoopOutcome, State extends LoopState>({
  trainer,
  save: write,
}: TrainingLoop<Outcome, State>): Promise<void> {
  const state = await trainer.exportState();
  for (const [name, { dtype, data }] of state.tensors) {
    if (dtype !== "float32") continue;
    const wrong = data.find((value) => !Number.isFinite(value));
    if (wrong !== undefined) requireFinite(name, wrong, trainer.stepsDone);
  }
  await write(state);
}

/** @throws {TrainingDiverged} unless the value is a number */
export function requireFinite(name: string, value: number, step: number): void {
  if (Number.isFinite(value)) return;
  throw new TrainingDiverged({
    kind: "not-finite",
    step,
    message: `${name} is ${value} at step ${step}`,
  });
}
