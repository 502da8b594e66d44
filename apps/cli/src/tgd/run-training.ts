/*
 * One training of T-GD on a device: what it begins from, what it leaves in its folder, and what is
 * said when it ends early.
 */
import { mkdir } from "node:fs/promises";
import { readCheckpoint } from "@fauxgrad/models/checkpoint";
import { UsageError } from "@fauxgrad/tensor";
import {
  planTgdParts,
  type TgdRecipe,
  TgdTrainer,
  type TgdTrainerProgress,
  type TgdTrainerState,
} from "@fauxgrad/tgd";
import { modelTensors, type SampledBatch } from "@fauxgrad/training";
import type { DecodePool } from "../io/decode-pool.ts";
import { writeReport } from "../report/write-report.ts";
import { fileError, readWholeFile } from "../session/files.ts";
import { defaultMaxBytes, deviceLine, type GpuSession } from "../session/open-gpu.ts";
import { messageOf } from "../terminal/errors.ts";
import { interruption } from "../terminal/interrupt.ts";
import { note, print, printJson } from "../terminal/output.ts";
import { startProgress } from "../terminal/progress.ts";
import { formatBytes, formatDuration, plural } from "../terminal/units.ts";
import type { Checkpoints, FoundCheckpoint } from "../training/checkpoints.ts";
import { explainEnd, noteResumed, requireSameFiles } from "../training/run-end.ts";
import { RunLog } from "../training/run-log.ts";
import { fingerprintOf } from "../training/training-images.ts";
import { runTrainingLoop } from "../training/training-loop.ts";
import { trainingBatches } from "./input-stream.ts";
import { writeModel } from "./model-file.ts";
import { openNetworks, type TgdNetworks } from "./networks.ts";
import { type TgdRun, writeRun } from "./run-options.ts";
import { type TgdRunFacts, tgdRunReport } from "./run-report.ts";
import { stepDetail, stepValues } from "./step-values.ts";
import type { TgdImages } from "./training-images.ts";
import { bestEpoch, selectionValue, type ValidationValues, validate } from "./validation.ts";

/** What a training works with. */
export interface TgdWork {
  /** The run's folder. */
  readonly out: string;
  readonly checkpoints: Checkpoints<TgdTrainerProgress>;
  /** To go on from; null to begin. */
  readonly checkpoint: FoundCheckpoint<TgdTrainerProgress> | null;
  readonly given: { readonly maxMemory?: number; readonly json?: boolean };
  readonly session: GpuSession;
  readonly pool: DecodePool;
}

/**
 * Trains to the end, and writes the models, the log and the report.
 *
 * @throws {UsageError} if it diverges or collapses, with the last good checkpoint
 */
export async function trainTgd(images: TgdImages, run: TgdRun, work: TgdWork): Promise<void> {
  const { out, session, checkpoint } = work;
  const device = deviceLine(session.info);
  const microBatch = announce(run, work, device);
  await mkdir(out, { recursive: true }).catch((cause: unknown) => {
    throw fileError("create the folder", out, cause);
  });
  using networks = openNetworks(session.gpu, run.recipe, await firstTensors(run, checkpoint));
  const { network, teacher } = networks;
  using trainer = new TgdTrainer(session.gpu, {
    ...{ network, recipe: run.recipe, microBatch },
    ...(teacher === null ? {} : { teacher }),
    labels: images.train.map(({ label }) => label),
  });
  checkLength(trainer, images.train.length);
  const files = fingerprintOf(images.train);
  if (checkpoint !== null) {
    trainer.importState(checkpoint.saved);
    requireSameFiles(checkpoint, files);
    requireLength(trainer);
    noteResumed(trainer, checkpoint, device);
  }
  // Only now: a folder that cannot be begun, or gone on with like this, stays as it was.
  await writeRun(out, { ...run, microBatch });
  const log = await RunLog.open(out, trainer.stepsDone, trainer.epochsFinished);
  await new TgdTraining({ trainer, networks, log, files, device }, images, run, work).toEnd();
}

/** A training's parts on the device. */
interface Parts {
  readonly trainer: TgdTrainer;
  readonly networks: TgdNetworks;
  readonly log: RunLog;
  /** Fingerprint of the training images. */
  readonly files: string;
  readonly device: string;
}

class TgdTraining {
  readonly #parts: Parts;
  readonly #images: TgdImages;
  readonly #run: TgdRun;
  readonly #work: TgdWork;

  constructor(parts: Parts, images: TgdImages, run: TgdRun, work: TgdWork) {
    this.#parts = parts;
    this.#images = images;
    this.#run = run;
    this.#work = work;
  }

  async toEnd(): Promise<void> {
    const { trainer, log, files, device } = this.#parts;
    const { out, pool, checkpoints } = this.#work;
    const progress = startProgress({ total: imagesLeft(trainer), unit: "images" });
    const onSkipped = (message: string): void => progress.note(message);
    const began = performance.now();
    try {
      await runTrainingLoop<Awaited<ReturnType<TgdTrainer["step"]>>, TgdTrainerState>({
        ...{ trainer, log, progress, signal: interruption, epochs: trainer.epochs },
        batches: trainingBatches({ trainer, pool, images: this.#images.train, onSkipped }),
        stepValues: (outcome) => stepValues(this.#run.recipe, outcome),
        detail: stepDetail,
        validate: () => validate(this.#images, { trainer, pool, signal: interruption, onSkipped }),
        onValidated: (values) => this.#keepBest(values),
        save: (state) => checkpoints.write({ ...state, files, device }),
        onEpoch: () =>
          this.#report(`${trainer.epochsFinished} of ${plural(trainer.epochs, "epoch")} done`),
      });
    } catch (error) {
      progress.stop();
      const goOn = `fauxgrad tgd ${this.#run.recipe.stage} --out ${out} --resume`;
      const remedy =
        "Begin a new training with a lower --lr; --weights or --source go on from LAST.";
      const failure = explainEnd(error, { goOn, remedy, latest: checkpoints.latest });
      const [status = ""] = messageOf(failure).split("\n");
      await this.#report(status).catch((cause: unknown) => note(messageOf(cause)));
      throw failure;
    }
    progress.stop();
    await this.#conclude(performance.now() - began);
  }

  /** Writes the model if the epoch is better than all before. */
  async #keepBest(values: ValidationValues): Promise<void> {
    const { trainer, log, networks } = this.#parts;
    const { recipe } = this.#run;
    const value = selectionValue(recipe.selection, values);
    const before = bestEpoch(log.rows, recipe.selection);
    if (value === null || (before !== null && value <= before.value)) return;
    const epoch = trainer.epochsFinished + 1;
    await writeModel(this.#work.out, "best", networks.network, { recipe, epoch, ...values });
  }

  async #report(status: string): Promise<void> {
    const { trainer, log, device } = this.#parts;
    const { train, val, sourceVal } = this.#images;
    const facts: TgdRunFacts = {
      ...{ run: this.#run, device, status, stepsPerEpoch: trainer.stepsPerEpoch },
      images: { train: train.length, val: val.length, sourceVal: sourceVal.length },
    };
    await writeReport(this.#work.out, tgdRunReport(log.rows, facts));
  }

  async #conclude(ms: number): Promise<void> {
    const { trainer, log, networks, device } = this.#parts;
    const { recipe } = this.#run;
    const { out, given } = this.#work;
    const epochs = trainer.epochsFinished;
    const model = await writeModel(out, "last", networks.network, { recipe, epoch: epochs });
    await this.#report("finished");
    const last = log.rows.findLast(({ kind }) => kind === "validation")?.values ?? null;
    const found = bestEpoch(log.rows, recipe.selection);
    const best = found === null ? null : { epoch: found.epoch + 1, value: found.value };
    const seconds = Math.round(ms) / 1000;
    const steps = trainer.stepsDone;
    if (given.json === true) {
      printJson({ out, model, device, epochs, steps, seconds, validation: last, best });
      return;
    }
    const { rocAuc, sourceRocAuc } = last ?? {};
    const measures = [
      ...(rocAuc === undefined ? [] : [`validation AUROC ${percent(rocAuc)}`]),
      ...(sourceRocAuc === undefined ? [] : [`source AUROC ${percent(sourceRocAuc)}`]),
      ...(best === null ? [] : [`best epoch ${best.epoch}`]),
    ];
    const length = plural(epochs, "epoch");
    print([`trained ${length} in ${formatDuration(ms)}`, ...measures, model].join(", "));
  }
}

/** Tells the recipe, and how batches are cut, before anything is done. */
function announce(run: TgdRun, { given, session, checkpoint }: TgdWork, device: string): number {
  const { recipe, microBatch: wanted } = run;
  const { gpu, info } = session;
  const maxBytes = given.maxMemory ?? defaultMaxBytes(info.isSoftware);
  const fixed = checkpoint?.saved.progress.microBatch ?? wanted ?? undefined;
  const plan = planTgdParts(recipe, { maxArrayBytes: gpu.maxArrayBytes, maxBytes }, fixed);
  note(`${recipeLine(recipe)}, about ${formatBytes(plan.bytes)}, on ${device}`);
  if (plan.notice !== null) note(plan.notice);
  return plan.microBatch;
}

/** One line for people. */
function recipeLine({ network, method, stage, batchSize, augmentation, ...recipe }: TgdRecipe) {
  const { optimizer, learningRate, duration, regularization } = recipe;
  const { size } = augmentation;
  const { feedback = null } = regularization ?? {};
  const often =
    feedback === null ? "no feedback" : `feedback every ${feedback.every} ${feedback.unit}`;
  return (
    `${network.name}, ${stage} by ${method}, ${optimizer.kind} ${learningRate.base}, batch ` +
    `${batchSize} of ${size} x ${size}, ${duration.count} ${duration.unit}` +
    (regularization === null ? "" : `, s ${regularization.s}, ${often}`)
  );
}

async function firstTensors(
  { weights }: TgdRun,
  checkpoint: FoundCheckpoint<TgdTrainerProgress> | null,
) {
  // So that no random weights are made only to be replaced.
  if (checkpoint !== null) return modelTensors(checkpoint.saved.tensors);
  if (weights === null) return null;
  return readCheckpoint(await readWholeFile(weights, "the weights")).tensors;
}

/** A batch larger than the data makes no step where the rest is dropped. */
function checkLength({ stepsPerEpoch, recipe }: TgdTrainer, images: number): void {
  if (!recipe.dropLast) return;
  const left = images - stepsPerEpoch * recipe.batchSize;
  if (left > 0) note(`Of every epoch ${plural(left, "image")} are left out: no whole batch.`);
}

/** A model of more steps must not pass for one of fewer. */
function requireLength({ steps, stepsDone, recipe: { duration } }: TgdTrainer): void {
  if (steps >= stepsDone) return;
  throw new UsageError(
    `--${duration.unit} ${duration.count}: ${plural(stepsDone, "step")} of ${steps} are done already\n` +
      "Pass as many or more, or leave it out.",
  );
}

function imagesLeft(trainer: TgdTrainer): number {
  let sum = 0;
  const { steps, stepsDone, stepsPerEpoch } = trainer;
  // All epochs are alike: one is counted.
  const counts = Array.from({ length: stepsPerEpoch }, (_, step) => countOf(trainer.batchAt(step)));
  for (let step = stepsDone; step < steps; step += 1) sum += counts[step % stepsPerEpoch] ?? 0;
  return sum;
}

function countOf({ indices }: SampledBatch): number {
  return indices.length;
}

function percent(share: number): string {
  return Number.isNaN(share) ? "not defined" : `${(100 * share).toFixed(1)} %`;
}
