/*
 * One training of a network with one logit, whatever the network: what it leaves in its folder, and
 * what is said when it ends.
 */
import { mkdir } from "node:fs/promises";
import { Trainer, type TrainerProgress, type TrainerRecipe } from "@fauxgrad/lgrad";
import { UsageError } from "@fauxgrad/tensor";
import type { Layer } from "@fauxgrad/tensor/nn";
import type { MetricsRow } from "@fauxgrad/training";
import type { DecodePool } from "../io/decode-pool.ts";
import type { Report } from "../report/report.ts";
import { writeReport } from "../report/write-report.ts";
import { fileError } from "../session/files.ts";
import { deviceLine, type GpuSession } from "../session/open-gpu.ts";
import { messageOf } from "../terminal/errors.ts";
import { interruption } from "../terminal/interrupt.ts";
import { note, print, printJson } from "../terminal/output.ts";
import { startProgress } from "../terminal/progress.ts";
import { formatDuration, plural } from "../terminal/units.ts";
import type { Checkpoints, FoundCheckpoint } from "./checkpoints.ts";
import type { InputForm } from "./input-stream.ts";
import { explainEnd, noteResumed, requireSameFiles } from "./run-end.ts";
import { RunLog } from "./run-log.ts";
import { trainToEnd } from "./train-run.ts";
import { fingerprintOf, type TrainingImages } from "./training-images.ts";
import { writeModel } from "./write-model.ts";

/** What a training works with. */
export interface TrainingWork<Recipe extends TrainerRecipe> {
  /** The run's folder. */
  readonly out: string;
  readonly checkpoints: Checkpoints<TrainerProgress<Recipe>>;
  /** To go on from; null to begin. */
  readonly checkpoint: FoundCheckpoint<TrainerProgress<Recipe>> | null;
  /** Bytes of device memory, and how the summary is printed. */
  readonly given: { readonly maxMemory?: number; readonly json?: boolean };
  readonly session: GpuSession;
  readonly pool: DecodePool;
}

/** What a report says beside the curves and the options. */
export interface RunFacts {
  readonly device: string;
  readonly stepsPerEpoch: number;
  readonly images: { readonly train: number; readonly val: number };
  /** `finished`, `running`, or why it stopped. */
  readonly status: string;
}

/** A network, how it is trained, and what is said of it. */
export interface NetworkTraining<Recipe extends TrainerRecipe> {
  /** `fauxgrad lgrad train` */
  readonly command: string;
  /** On the device; it is trained, and not disposed. */
  readonly network: Layer;
  readonly recipe: Recipe;
  readonly microBatch: number;
  readonly form: InputForm;
  /** By which measure of the validation an epoch is the best. */
  readonly selection: "accuracy" | "averagePrecision";
  /** Of the models' files, besides epoch and measures. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Writes down what the training is; called once it can begin. */
  begin(): Promise<void>;
  report(rows: readonly MetricsRow[], facts: RunFacts): Report;
}

/**
 * Trains to the end, and writes the models, the log and the report.
 *
 * @throws {UsageError} if it diverges, with the last good checkpoint
 */
export async function trainNetwork<Recipe extends TrainerRecipe>(
  images: TrainingImages,
  training: NetworkTraining<Recipe>,
  work: TrainingWork<Recipe>,
): Promise<void> {
  const { network, recipe, microBatch, form, metadata = {} } = training;
  const { out, session, checkpoints, checkpoint } = work;
  const files = fingerprintOf(images.train);
  const device = deviceLine(session.info);
  const labels = images.train.map(({ label }) => label);
  using trainer = new Trainer(session.gpu, { network, labels, recipe, microBatch });
  if (checkpoint !== null) {
    trainer.importState(checkpoint.saved);
    requireSameFiles(checkpoint, files);
    requireEpochs(trainer);
    noteResumed(trainer, checkpoint, device);
  }
  await mkdir(out, { recursive: true }).catch((cause: unknown) => {
    throw fileError("create the folder", out, cause);
  });
  // Only now: a folder that cannot be begun, or gone on with like this, stays as it was.
  await training.begin();
  const log = await RunLog.open(out, trainer.stepsDone, trainer.epochsFinished);
  const facts: Omit<RunFacts, "status"> = {
    device,
    stepsPerEpoch: trainer.stepsPerEpoch,
    images: { train: images.train.length, val: images.val.length },
  };
  const report = (status: string) =>
    writeReport(out, training.report(log.rows, { ...facts, status }));
  const progress = startProgress({ total: imagesLeft(trainer, labels.length), unit: "images" });
  const began = performance.now();
  try {
    await trainToEnd({
      ...{ trainer, form, images, pool: work.pool, log, progress, signal: interruption },
      onValidated: async (values) => {
        const epoch = trainer.epochsFinished + 1;
        progress.note(validationLine(epoch, values));
        if (!isBest(values, log, training.selection)) return;
        await writeModel(out, "best", network, { ...metadata, epoch, ...values });
      },
      save: (state) => checkpoints.write({ ...state, files, device }),
      onEpoch: () => report(`${trainer.epochsFinished} of ${plural(recipe.epochs, "epoch")} done`),
    });
  } catch (error) {
    progress.stop();
    const failure = explainEnd(error, {
      goOn: `${training.command} --out ${out} --resume`,
      remedy:
        "Begin a new training with a lower --lr (and --weights LAST to go on from that checkpoint).",
      latest: checkpoints.latest,
    });
    const [status = ""] = messageOf(failure).split("\n");
    await report(status).catch((cause: unknown) => note(messageOf(cause)));
    throw failure;
  }
  progress.stop();
  const epoch = trainer.epochsFinished;
  const model = await writeModel(out, "last", network, { ...metadata, epoch });
  await report("finished");
  const ms = performance.now() - began;
  conclude({ trainer, log, device, model, ms }, training, work);
}

/** What is left to be said of a training that is done. */
interface End {
  readonly trainer: Trainer<TrainerRecipe>;
  readonly log: RunLog;
  readonly device: string;
  readonly model: string;
  readonly ms: number;
}

function conclude<Recipe extends TrainerRecipe>(
  { trainer, log, device, model, ms }: End,
  { selection, recipe: { epochs } }: NetworkTraining<Recipe>,
  { out, given }: TrainingWork<Recipe>,
): void {
  const last = log.rows.findLast(({ kind }) => kind === "validation")?.values ?? null;
  const best = bestEpoch(log, selection);
  const named = best === null ? null : { epoch: best.epoch, [selection]: best.value };
  const summary = { out, model, best: named, device, epochs, steps: trainer.stepsDone };
  if (given.json === true) {
    printJson({ ...summary, seconds: Math.round(ms) / 1000, validation: last });
    return;
  }
  const name = selection === "accuracy" ? "accuracy" : "average precision";
  const of = best === null ? "" : ` (best ${percent(best.value)} in epoch ${best.epoch})`;
  const measured = last === null ? "" : `, validation ${name} ${percent(last[selection])}${of}`;
  print(`trained ${plural(epochs, "epoch")} in ${formatDuration(ms)}${measured}: ${model}`);
}

/** A model of more epochs must not pass for one of fewer. */
function requireEpochs({ epochsFinished, recipe }: Trainer<TrainerRecipe>): void {
  if (recipe.epochs >= epochsFinished) return;
  throw new UsageError(
    `--epochs ${recipe.epochs}: ${plural(epochsFinished, "epoch")} are finished already\n` +
      "Pass as many or more, or leave it out.",
  );
}

function imagesLeft(
  { stepsDone, stepsPerEpoch, recipe }: Trainer<TrainerRecipe>,
  images: number,
): number {
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

type Selection = NetworkTraining<TrainerRecipe>["selection"];

/** Whether an epoch's validation is better than that of all before. */
function isBest(
  values: Readonly<Record<string, number>>,
  log: RunLog,
  selection: Selection,
): boolean {
  const value = values[selection] ?? Number.NaN;
  return value > (bestEpoch(log, selection)?.value ?? Number.NEGATIVE_INFINITY);
}

/** The first epoch, counted from 1, with the highest measure of validation; null without any. */
function bestEpoch(
  { rows }: RunLog,
  selection: Selection,
): { readonly epoch: number; readonly value: number } | null {
  let best: { epoch: number; value: number } | null = null;
  for (const { kind, epoch, values } of rows) {
    const value = values[selection];
    if (kind !== "validation" || value === undefined) continue;
    if (best === null || value > best.value) best = { epoch: epoch + 1, value };
  }
  return best;
}

function percent(share = Number.NaN): string {
  return Number.isNaN(share) ? "not defined" : `${(100 * share).toFixed(1)} %`;
}
