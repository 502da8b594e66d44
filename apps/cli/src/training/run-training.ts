/*
 * One training on a device: what it begins from, what it leaves in its folder, and what is said
 * when it ends early.
 */
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { createClassifier, planMicroBatch, Trainer } from "@fauxgrad/lgrad";
import { fromFloat32, readCheckpoint, writeSafetensors } from "@fauxgrad/models/checkpoint";
import { UsageError } from "@fauxgrad/tensor";
import type { Module } from "@fauxgrad/tensor/nn";
import { writeFileAtomic } from "../io/atomic-write.ts";
import type { DecodePool } from "../io/decode-pool.ts";
import { writeReport } from "../report/write-report.ts";
import { fileError, readWholeFile } from "../session/files.ts";
import { defaultMaxBytes, deviceLine, type GpuSession } from "../session/open-gpu.ts";
import { messageOf } from "../terminal/errors.ts";
import { interruption } from "../terminal/interrupt.ts";
import { note, print, printJson } from "../terminal/output.ts";
import { startProgress } from "../terminal/progress.ts";
import { formatBytes, formatDuration, plural } from "../terminal/units.ts";
import type { Checkpoints, FoundCheckpoint } from "./checkpoints.ts";
import { explainEnd, noteResumed, requireSameFiles } from "./run-end.ts";
import { RunLog } from "./run-log.ts";
import { type RunOptions, writeRunOptions } from "./run-options.ts";
import { type RunFacts, runReport } from "./run-report.ts";
import { trainToEnd } from "./train-run.ts";
import { fingerprintOf, type TrainingImages } from "./training-images.ts";

/** What a training works with. */
export interface TrainingWork {
  /** The run's folder. */
  readonly out: string;
  readonly checkpoints: Checkpoints;
  /** To go on from; null to begin. */
  readonly checkpoint: FoundCheckpoint | null;
  /** Bytes of device memory, and how the summary is printed. */
  readonly given: { readonly maxMemory?: number; readonly json?: boolean };
  readonly session: GpuSession;
  readonly pool: DecodePool;
}

/**
 * Trains to the end, and writes the model, the log and the report.
 *
 * @throws {UsageError} if it diverges, with the last good checkpoint
 */
export async function trainOn(
  images: TrainingImages,
  options: RunOptions,
  work: TrainingWork,
): Promise<void> {
  const { out, given, session, checkpoints, checkpoint } = work;
  const { recipe } = options;
  const files = fingerprintOf(images.train);
  const device = deviceLine(session.info);
  const microBatch = announce(options, work, device);
  await mkdir(out, { recursive: true }).catch((cause: unknown) => {
    throw fileError("create the folder", out, cause);
  });
  const weights = checkpoint === null ? await initialWeights(options.weights) : modelOf(checkpoint);
  using network = createClassifier(session.gpu, { seed: recipe.seed, ...weights });
  const labels = images.train.map(({ label }) => label);
  using trainer = new Trainer(session.gpu, { network, labels, recipe, microBatch });
  if (checkpoint !== null) {
    trainer.importState(checkpoint.saved);
    requireSameFiles(checkpoint, files);
    requireEpochs(trainer);
    noteResumed(trainer, checkpoint, device);
  }
  // Only now: a folder that cannot be begun, or gone on with like this, stays as it was.
  await writeRunOptions(out, { ...options, microBatch });
  const log = await RunLog.open(out, trainer.stepsDone, trainer.epochsFinished);
  const facts: Omit<RunFacts, "status"> = {
    options,
    device,
    stepsPerEpoch: trainer.stepsPerEpoch,
    images: { train: images.train.length, val: images.val.length },
  };
  const report = (status: string) => writeReport(out, runReport(log.rows, { ...facts, status }));
  const progress = startProgress({ total: imagesLeft(trainer, labels.length), unit: "images" });
  const began = performance.now();
  try {
    await trainToEnd({
      trainer,
      images,
      pool: work.pool,
      log,
      progress,
      signal: interruption,
      onValidated: async (values) => {
        progress.note(validationLine(trainer.epochsFinished + 1, values));
        if (isBest(values, log)) await writeModel(out, "best", network);
      },
      save: (state) => checkpoints.write({ ...state, files, device }),
      onEpoch: () => report(`${trainer.epochsFinished} of ${plural(recipe.epochs, "epoch")} done`),
    });
  } catch (error) {
    progress.stop();
    const failure = explainEnd(error, {
      goOn: `fauxgrad lgrad train --out ${out} --resume`,
      remedy:
        "Begin a new training with a lower --lr (and --weights LAST to go on from that checkpoint).",
      latest: checkpoints.latest,
    });
    const [status = ""] = messageOf(failure).split("\n");
    await report(status).catch((cause: unknown) => note(messageOf(cause)));
    throw failure;
  }
  progress.stop();
  const model = await writeModel(out, "last", network);
  await report("finished");
  const ms = performance.now() - began;
  const last = log.rows.findLast(({ kind }) => kind === "validation")?.values ?? null;
  const best = bestEpoch(log);
  const summary = { out, model, best, device, epochs: recipe.epochs, steps: trainer.stepsDone };
  if (given.json === true) {
    printJson({ ...summary, seconds: Math.round(ms) / 1000, validation: last });
  } else {
    const of = best === null ? "" : ` (best ${percent(best.accuracy)} in epoch ${best.epoch})`;
    const accuracy = last === null ? "" : `, validation accuracy ${percent(last["accuracy"])}${of}`;
    print(
      `trained ${plural(recipe.epochs, "epoch")} in ${formatDuration(ms)}${accuracy}: ${model}`,
    );
  }
}

/** Tells the recipe, and how batches are cut, before anything is done. */
function announce(
  options: RunOptions,
  { given, session, checkpoint }: TrainingWork,
  device: string,
) {
  const { recipe, microBatch: wanted } = options;
  const { gpu, info } = session;
  const maxBytes = given.maxMemory ?? defaultMaxBytes(info.isSoftware);
  const limits = { maxArrayBytes: gpu.maxArrayBytes, maxBytes };
  const fixed = checkpoint?.saved.progress.microBatch ?? wanted ?? undefined;
  const plan = planMicroBatch(recipe.batchSize, recipe.crop, limits, fixed);
  note(
    `ResNet-50, preset ${recipe.preset}, ${recipe.optimizer} ${recipe.learningRate}, batch ` +
      `${recipe.batchSize} of ${recipe.crop} x ${recipe.crop}, ${plural(recipe.epochs, "epoch")}, ` +
      `about ${formatBytes(plan.bytes)}, on ${device}`,
  );
  if (plan.notice !== null) note(plan.notice);
  return plan.microBatch;
}

async function initialWeights(file: string | null) {
  if (file === null) return {};
  return { weights: readCheckpoint(await readWholeFile(file, "the weights")).tensors };
}

/** A model of more epochs must not pass for one of fewer. */
function requireEpochs({ epochsFinished, recipe }: Trainer): void {
  if (recipe.epochs >= epochsFinished) return;
  throw new UsageError(
    `--epochs ${recipe.epochs}: ${plural(epochsFinished, "epoch")} are finished already\n` +
      "Pass as many or more, or leave it out.",
  );
}

/** So that no random weights are made only to be replaced. */
function modelOf({ saved }: FoundCheckpoint) {
  return { weights: saved.tensors };
}

function imagesLeft({ stepsDone, stepsPerEpoch, recipe }: Trainer, images: number): number {
  const inEpoch = Math.min(images, (stepsDone % stepsPerEpoch) * recipe.batchSize);
  return recipe.epochs * images - Math.floor(stepsDone / stepsPerEpoch) * images - inEpoch;
}

/** As LGrad's train.py prints it; epochs are counted from 1. */
function validationLine(
  epoch: number,
  { accuracy = Number.NaN, averagePrecision = Number.NaN }: Readonly<Record<string, number>>,
): string {
  const share = (value: number) => (Number.isNaN(value) ? "nan" : value.toFixed(4));
  return `(Val @ epoch ${epoch}) acc: ${share(accuracy)}; ap: ${share(averagePrecision)}`;
}

/** Whether an epoch's validation accuracy is higher than that of all before. */
function isBest({ accuracy = Number.NaN }: Readonly<Record<string, number>>, log: RunLog): boolean {
  return accuracy > (bestEpoch(log)?.accuracy ?? Number.NEGATIVE_INFINITY);
}

/** The first epoch, counted from 1, with the highest validation accuracy; null without any. */
function bestEpoch({ rows }: RunLog): { epoch: number; accuracy: number } | null {
  let best: { epoch: number; accuracy: number } | null = null;
  for (const { kind, epoch, values } of rows) {
    const { accuracy } = values;
    if (kind !== "validation" || accuracy === undefined) continue;
    if (best === null || accuracy > best.accuracy) best = { epoch: epoch + 1, accuracy };
  }
  return best;
}

/** `model_epoch_last.safetensors`, the name of LGrad's own: a flat state dict with PyTorch's names. */
async function writeModel(out: string, which: "last" | "best", network: Module): Promise<string> {
  const file = path.join(out, `model_epoch_${which}.safetensors`);
  const state = await network.stateDict();
  const tensors = [...state].map(
    ([name, value]) =>
      [name, value.dtype === "float32" ? fromFloat32(value.data, value.shape) : value] as const,
  );
  try {
    await writeFileAtomic(file, new Uint8Array(writeSafetensors(new Map(tensors))));
  } catch (cause) {
    throw fileError("write", file, cause);
  }
  return file;
}

function percent(share = Number.NaN): string {
  return Number.isNaN(share) ? "not defined" : `${(100 * share).toFixed(1)} %`;
}
