import { mkdir } from "node:fs/promises";
import path from "node:path";
import { createClassifier, planMicroBatch, Trainer, TrainingDiverged } from "@fauxgrad/lgrad";
import { fromFloat32, readCheckpoint, writeSafetensors } from "@fauxgrad/models/checkpoint";
import { UsageError } from "@fauxgrad/tensor";
import type { Module } from "@fauxgrad/tensor/nn";
import { type Command, InvalidArgumentError, Option } from "commander";
import { writeFileAtomic } from "../io/atomic-write.ts";
import { DecodePool } from "../io/decode-pool.ts";
import { fileError, readWholeFile } from "../session/files.ts";
import {
  defaultMaxBytes,
  deviceLine,
  type GlobalOptions,
  type GpuSession,
  openGpu,
} from "../session/open-gpu.ts";
import { setAction } from "../terminal/command.ts";
import { CommandLineError, exitCodes, Interrupted, messageOf } from "../terminal/errors.ts";
import { interruption } from "../terminal/interrupt.ts";
import { note, print, printJson } from "../terminal/output.ts";
import { parseCount, parseSeed, parseSetting } from "../terminal/parse.ts";
import { startProgress } from "../terminal/progress.ts";
import { formatBytes, formatDuration, plural } from "../terminal/units.ts";
import { Checkpoints, type FoundCheckpoint } from "../training/checkpoints.ts";
import { RunLog } from "../training/run-log.ts";
import {
  continueOptions,
  type GivenOptions,
  type RunOptions,
  readRunOptions,
  resolveOptions,
  writeRunOptions,
} from "../training/run-options.ts";
import { type RunFacts, writeRunReport } from "../training/run-report.ts";
import { writeTinyImages } from "../training/tiny-images.ts";
import { trainToEnd } from "../training/train-run.ts";
import {
  checkTransform,
  findImages,
  fingerprintOf,
  type TrainingImages,
  withGradients,
} from "../training/training-images.ts";

interface TrainOptions extends GlobalOptions, GivenOptions {
  readonly out: string;
  readonly resume?: boolean;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  fauxgrad lgrad train gradients/ --classes horse --weights resnet50.pth --out runs/horse
  fauxgrad lgrad train images/ --transform stylegan --transform-weights bedrooms.pth --out runs/a
  fauxgrad lgrad train --out runs/horse --resume
  fauxgrad lgrad train --tiny --out runs/tiny

The folder holds train/CLASS/{0_real,1_fake} and val/CLASS/{0_real,1_fake}; the names may end in
_grad. RUN gets checkpoints/, metrics.jsonl, report.html and, at the end, model_epoch_last.safetensors.
Ctrl-C saves and stops; --resume goes on to the same bits as a run that never stopped.`;

/** `fauxgrad lgrad train` */
export function addLgradTrain(lgrad: Command): void {
  const command = lgrad
    .command("train")
    .summary("train the classifier on gradient images")
    .description(
      "Trains a ResNet-50 with one logit to tell gradients of fake images from real ones.",
    )
    .argument("[data]", "the folder that holds train and val")
    .requiredOption("--out <run>", "the folder of this training")
    .option("--resume", "go on with the training in --out, from its last checkpoint")
    .option("--classes <names>", "only these classes, with commas between", parseNames)
    .option("--class-balance", "draw real and fake images equally often, with replacement")
    .addOption(
      new Option("--preset <name>", "the recipe (default: official)").choices([
        "official",
        "paper",
      ]),
    )
    .option("--epochs <n>", "how often to go through the images (default: 100)", parseCount)
    .option("--batch-size <n>", "images of a step (default: 16)", parseCount)
    .option("--micro-batch <n>", "images at once on the device (default: as fits)", parseCount)
    .option("--lr <rate>", "learning rate of the first epoch (default: 0.0005)", parseRate)
    .addOption(new Option("--optim <name>", "default: adam").choices(["adam", "sgd"]))
    .option("--flip", "mirror every second image (default: as the preset)")
    .option("--no-flip", "mirror none")
    .option("--seed <n>", "of everything random (default: 0)", parseSeed)
    .option("--size <n>", "side that gradient images are resized to (default: 256)", parseCount)
    .option("--crop <n>", "side of what is cut out of them (default: 224)", parseCount)
    .option("--weights <file>", "torchvision's ResNet-50, or a classifier, to begin from")
    .option("--transform <arch>", "the data are images: make their gradients by this network")
    .option("--transform-weights <file>", "its weights")
    .option("--transform-section <name>", "which of several networks in the file of weights")
    .option("--transform-random-init <seed>", "random weights instead", parseSeed)
    .option("--transform-set <key=value>", "an option of the network", parseSetting)
    .option("--cache <dir>", "where the gradient images go (default: RUN/gradients)")
    .option("--tiny", "a demonstration of seconds, on generated images")
    .option("--json", "print a summary as JSON")
    .addHelpText("after", EXAMPLES);
  setAction<TrainOptions>(command, ([data], options) => train(data, options));
}

async function train(data: string | undefined, given: TrainOptions): Promise<number> {
  const { out } = given;
  const options = await openRun(data, given);
  checkTransform(options);
  const found = await readCheckpoints(out, given.resume === true);
  if (given.tiny === true) await writeTinyImages(options.data);
  const images = await findImages(options);
  const session = await openGpu(given);
  const pool = new DecodePool();
  try {
    const { transform } = options;
    const ready =
      transform === null ? images : await withGradients(images, transform, { session, pool });
    await trainOn(ready, options, { ...found, out, given, session, pool });
  } finally {
    await pool.close();
    session.close();
  }
  return exitCodes.ok;
}

/** The training that is begun or gone on with; nothing is written yet. */
async function openRun(data: string | undefined, given: TrainOptions): Promise<RunOptions> {
  const { out, resume = false } = given;
  const recorded = await readRunOptions(out);
  if (resume && recorded !== null) return continueOptions(recorded, given, data);
  if (resume) {
    throw new CommandLineError(`${out} holds no training\nLeave --resume out to begin one.`);
  }
  if (recorded !== null) {
    throw new CommandLineError(
      `${out} holds a training already\nAdd --resume to go on with it, or choose another folder.`,
    );
  }
  return resolveOptions(given, out, data);
}

interface Found {
  readonly checkpoints: Checkpoints;
  readonly checkpoint: FoundCheckpoint | null;
}

async function readCheckpoints(out: string, resume: boolean): Promise<Found> {
  const checkpoints = new Checkpoints(out);
  const checkpoint = resume ? await checkpoints.read() : null;
  for (const file of checkpoint?.damaged ?? []) note(`${file} is damaged; the one before is used.`);
  return { checkpoints, checkpoint };
}

interface Work extends Found {
  readonly out: string;
  readonly given: TrainOptions;
  readonly session: GpuSession;
  readonly pool: DecodePool;
}

async function trainOn(images: TrainingImages, options: RunOptions, work: Work): Promise<void> {
  const { out, given, session, checkpoints, checkpoint } = work;
  const { recipe } = options;
  const files = fingerprintOf(images.train);
  const device = deviceLine(session.info);
  const microBatch = announce(options, work, device);
  await mkdir(out, { recursive: true }).catch((cause: unknown) => {
    throw fileError("create the folder", out, cause);
  });
  await writeRunOptions(out, { ...options, microBatch });
  const weights = checkpoint === null ? await initialWeights(options.weights) : modelOf(checkpoint);
  using network = createClassifier(session.gpu, { seed: recipe.seed, ...weights });
  const labels = images.train.map(({ label }) => label);
  using trainer = new Trainer(session.gpu, { network, labels, recipe, microBatch });
  if (checkpoint !== null) resume(trainer, checkpoint, { files, device });
  const log = await RunLog.open(out, trainer.stepsDone, trainer.epochsFinished);
  const facts: Omit<RunFacts, "status"> = {
    options,
    device,
    stepsPerEpoch: trainer.stepsPerEpoch,
    images: { train: images.train.length, val: images.val.length },
  };
  const report = (status: string) => writeRunReport(out, log.rows, { ...facts, status });
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
      save: (state) => checkpoints.write({ ...state, files, device }),
      onEpoch: () => report(`${trainer.epochsFinished} of ${plural(recipe.epochs, "epoch")} done`),
    });
  } catch (error) {
    progress.stop();
    const failure = explain(error, out, checkpoints.latest);
    const [status = ""] = messageOf(failure).split("\n");
    await report(status).catch((cause: unknown) => note(messageOf(cause)));
    throw failure;
  }
  progress.stop();
  const model = await writeModel(out, network);
  await report("finished");
  const ms = performance.now() - began;
  const last = log.rows.findLast(({ kind }) => kind === "validation")?.values ?? null;
  const summary = { out, model, device, epochs: recipe.epochs, steps: trainer.stepsDone };
  if (given.json === true) {
    printJson({ ...summary, seconds: Math.round(ms) / 1000, validation: last });
  } else {
    const accuracy = last === null ? "" : `, validation accuracy ${percent(last["accuracy"])}`;
    print(
      `trained ${plural(recipe.epochs, "epoch")} in ${formatDuration(ms)}${accuracy}: ${model}`,
    );
  }
}

/** Tells the recipe, and how batches are cut, before anything is done. */
function announce(options: RunOptions, { given, session, checkpoint }: Work, device: string) {
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

/** So that no random weights are made only to be replaced. */
function modelOf({ saved }: FoundCheckpoint) {
  return { weights: saved.tensors };
}

function resume(
  trainer: Trainer,
  { file, saved }: FoundCheckpoint,
  here: { readonly files: string; readonly device: string },
): void {
  trainer.importState(saved);
  if (saved.files !== here.files) {
    throw new UsageError(
      `${file} was made with other images: their names or folders differ\n` +
        "Resume with the same images, or begin a new training with --weights.",
    );
  }
  note(
    `Going on from ${file}: ${plural(trainer.epochsFinished, "epoch")} finished, ` +
      `${plural(trainer.stepsDone, "step")} done.`,
  );
  if (saved.device === here.device) return;
  note(`It was made on ${saved.device}: another device rounds differently.`);
}

function imagesLeft({ stepsDone, stepsPerEpoch, recipe }: Trainer, images: number): number {
  const inEpoch = Math.min(images, (stepsDone % stepsPerEpoch) * recipe.batchSize);
  return recipe.epochs * images - Math.floor(stepsDone / stepsPerEpoch) * images - inEpoch;
}

/** An error, with what to do about it. */
function explain(error: unknown, out: string, latest: string | null): unknown {
  const goOn = `fauxgrad lgrad train --out ${out} --resume`;
  if (error instanceof Interrupted) {
    note(`Saved: ${latest}\nTo go on: ${goOn}`);
    return error;
  }
  if (!(error instanceof TrainingDiverged)) return error;
  return new UsageError(
    `the training has diverged: ${error.message}\n` +
      `  last good checkpoint  ${latest ?? "none: it was the first epoch"}\n` +
      "Begin a new training with a lower --lr (and --weights LAST to go on from that checkpoint).",
    { cause: error },
  );
}

/** A flat state dict with PyTorch's names. */
async function writeModel(out: string, network: Module): Promise<string> {
  const file = path.join(out, "model_epoch_last.safetensors");
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

function parseNames(text: string): string[] {
  const names = text.split(",").map((name) => name.trim());
  if (names.includes("")) throw new InvalidArgumentError("Write names with commas between.");
  return names;
}

function parseRate(text: string): number {
  const rate = Number(text);
  if (text.trim() === "" || !Number.isFinite(rate) || rate <= 0) {
    throw new InvalidArgumentError("Write a number above 0, such as 0.0005.");
  }
  return rate;
}
