/*
 * One training of LGrad's classifier: what it begins from, and how its batches are cut.
 */
import path from "node:path";
import { createClassifier, planMicroBatch, type TrainingRecipe } from "@fauxgrad/lgrad";
import { readCheckpoint } from "@fauxgrad/models/checkpoint";
import { readWholeFile } from "../session/files.ts";
import { defaultMaxBytes, deviceLine } from "../session/open-gpu.ts";
import { note } from "../terminal/output.ts";
import { formatBytes, plural } from "../terminal/units.ts";
import type { FoundCheckpoint } from "./checkpoints.ts";
import { gradientForm } from "./input-stream.ts";
import { type RunOptions, writeRunOptions } from "./run-options.ts";
import { type ReportText, runReport } from "./run-report.ts";
import { type NetworkTraining, type TrainingWork, trainNetwork } from "./train-network.ts";
import type { TrainingImages } from "./training-images.ts";

/** What a training of the classifier works with. */
export type ClassifierWork = TrainingWork<TrainingRecipe>;

/**
 * Trains to the end, and writes the model, the log and the report.
 *
 * @throws {UsageError} if it diverges, with the last good checkpoint
 */
export async function trainOn(
  images: TrainingImages,
  options: RunOptions,
  work: ClassifierWork,
): Promise<void> {
  const { out, session, checkpoint } = work;
  const { recipe } = options;
  const microBatch = announce(options, work);
  const weights = checkpoint === null ? await initialWeights(options.weights) : modelOf(checkpoint);
  using network = createClassifier(session.gpu, {
    seed: recipe.seed,
    ...formOf(options),
    ...weights,
  });
  const training: NetworkTraining<TrainingRecipe> = {
    command: "fauxgrad lgrad train",
    ...{ network, recipe, microBatch },
    form: gradientForm(recipe),
    selection: "accuracy",
    begin: () => writeRunOptions(out, { ...options, microBatch }),
    report: (rows, facts) => runReport(rows, facts, reportText(options)),
  };
  await trainNetwork(images, training, work);
}

function reportText({ recipe, data, transform, weights }: RunOptions): ReportText {
  const gradients = transform === null ? "" : `, as gradients of ${transform.model}`;
  const first = weights === null ? "random weights" : path.basename(weights);
  return {
    title: "Training of LGrad's classifier",
    begun: `in ${path.basename(data)}${gradients}; the classifier began from ${first}.`,
    recipe,
    footer:
      "The method: C. Tan et al., “Learning on Gradients: Generalized Artifacts Representation for " +
      "GAN-Generated Images Detection”, CVPR 2023.",
  };
}

/** What the command line says of the classifier. */
function formOf({ network, widthPercent, zeroInitResidual }: RunOptions) {
  return {
    ...(network === undefined ? {} : { network }),
    ...(widthPercent === undefined ? {} : { widthMultiplier: widthPercent / 100 }),
    ...(zeroInitResidual === undefined ? {} : { zeroInitResidual }),
  };
}

/** Tells the recipe, and how batches are cut, before anything is done. */
function announce(options: RunOptions, { given, session, checkpoint }: ClassifierWork): number {
  const { recipe, microBatch: wanted } = options;
  const { gpu, info } = session;
  const maxBytes = given.maxMemory ?? defaultMaxBytes(info.isSoftware);
  const limits = { maxArrayBytes: gpu.maxArrayBytes, maxBytes };
  const fixed = checkpoint?.saved.progress.microBatch ?? wanted ?? undefined;
  const plan = planMicroBatch(recipe.batchSize, recipe.crop, limits, fixed);
  note(
    `${options.network ?? "resnet50"}, preset ${recipe.preset}, ${recipe.optimizer} ` +
      `${recipe.learningRate}, batch ${recipe.batchSize} of ${recipe.crop} x ${recipe.crop}, ` +
      `${plural(recipe.epochs, "epoch")}, ` +
      `about ${formatBytes(plan.bytes)}, on ${deviceLine(info)}`,
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
