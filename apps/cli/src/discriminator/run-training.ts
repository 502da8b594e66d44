/*
 * One training of a discriminator: what it begins from, what its images become, and how its batches
 * are cut.
 */
import path from "node:path";
import {
  type DiscriminatorRecipe,
  discriminatorInput,
  discriminatorValidationInput,
  FakeLogit,
  planDiscriminatorParts,
} from "@fauxgrad/lgrad";
import { type CreatedModel, Discriminator, loadModel } from "@fauxgrad/models";
import { imageBatch } from "@fauxgrad/models/transforms";
import type { Gpu } from "@fauxgrad/tensor";
import { modelTensors } from "@fauxgrad/training";
import { findNetwork, loadNetwork } from "../session/network.ts";
import { defaultMaxBytes, deviceLine } from "../session/open-gpu.ts";
import { note } from "../terminal/output.ts";
import { formatBytes, plural } from "../terminal/units.ts";
import type { InputForm } from "../training/input-stream.ts";
import { writeRunFile } from "../training/run-file.ts";
import { type ReportText, runReport } from "../training/run-report.ts";
import {
  type NetworkTraining,
  type TrainingWork,
  trainNetwork,
} from "../training/train-network.ts";
import type { TrainingImages } from "../training/training-images.ts";
import type { DiscriminatorRun } from "./run-options.ts";

/** What a discriminator's training works with. */
export type DiscriminatorWork = TrainingWork<DiscriminatorRecipe>;

/**
 * Trains to the end, and writes the models, the log and the report.
 *
 * @throws {UsageError} if it diverges, with the last good checkpoint
 */
export async function trainDiscriminator(
  images: TrainingImages,
  run: DiscriminatorRun,
  work: DiscriminatorWork,
): Promise<void> {
  const { out, session } = work;
  const { recipe } = run;
  const { name, input, network: discriminator } = await openDiscriminator(session.gpu, run, work);
  using network = new FakeLogit(discriminator);
  network.requiresGrad_(true);
  const microBatch = announce(discriminator, run, work);
  const training: NetworkTraining<DiscriminatorRecipe> = {
    command: "fauxgrad lgrad train-discriminator",
    ...{ network, recipe, microBatch },
    form: inputForm(recipe, input),
    selection: "averagePrecision",
    metadata: {
      format: "fauxgrad-discriminator-1",
      model: name,
      ...{ set: JSON.stringify(run.set), recipe: JSON.stringify(recipe) },
    },
    begin: () => writeRunFile(out, { ...run, microBatch }),
    report: (rows, facts) => runReport(rows, facts, reportText(run)),
  };
  await trainNetwork(images, training, work);
}

/** The network on the device: of the checkpoint, of the file of weights, or of the seed. */
async function openDiscriminator(
  gpu: Gpu,
  { recipe, set, weights, section }: DiscriminatorRun,
  { checkpoint }: DiscriminatorWork,
) {
  const begun = checkpoint !== null && weights !== null;
  const created = begun
    ? // The file of weights need not be there any more.
      loadModel(gpu, recipe.model, modelTensors(checkpoint.saved.tensors), set)
    : loadNetwork(
        gpu,
        await findNetwork(recipe.model, {
          set,
          ...(weights === null ? { randomInit: recipe.seed } : { weights }),
          ...(section === undefined ? {} : { section }),
        }),
      );
  return requireDiscriminator(created);
}

function requireDiscriminator({ network, ...rest }: CreatedModel) {
  if (network instanceof Discriminator) return { ...rest, network };
  throw new Error(`${rest.name} is no discriminator`);
}

function inputForm({ flip }: DiscriminatorRecipe, input: CreatedModel["input"]): InputForm {
  const { size, normalization } = input;
  return {
    decode: {},
    smallest: size,
    train: (image, random) => discriminatorInput(image, random, { size, flip }),
    validate: (image) => discriminatorValidationInput(image, size),
    batch: (images) => imageBatch(images, normalization),
  };
}

/** Tells the recipe, and how batches are cut, before anything is done. */
function announce(
  discriminator: Discriminator,
  { recipe, microBatch: wanted }: DiscriminatorRun,
  { given, session, checkpoint }: DiscriminatorWork,
): number {
  const { gpu, info } = session;
  const { batchSize, epochs, learningRate } = recipe;
  const maxBytes = given.maxMemory ?? defaultMaxBytes(info.isSoftware);
  const limits = { maxArrayBytes: gpu.maxArrayBytes, maxBytes };
  const fixed = checkpoint?.saved.progress.microBatch ?? wanted ?? undefined;
  const parameters = discriminator.numParameters();
  const { architecture } = discriminator;
  const plan = planDiscriminatorParts(architecture, { batchSize, parameters }, limits, fixed);
  const { resolution, channels } = architecture;
  note(
    `${recipe.model}, channels ${channels.join(" ")}, ${parameters} values, adam ${learningRate}, ` +
      `batch ${batchSize} of ${resolution} x ${resolution}, ${plural(epochs, "epoch")}, ` +
      `about ${formatBytes(plan.bytes)}, on ${deviceLine(info)}`,
  );
  if (plan.parts > 1) {
    note(`A batch is cut into ${plan.parts} parts of at most ${plan.microBatch} images.`);
  }
  return plan.microBatch;
}

function reportText({ recipe, set, data, weights }: DiscriminatorRun): ReportText {
  const first = weights === null ? "random weights" : path.basename(weights);
  return {
    title: "Training of a discriminator",
    begun: `in ${path.basename(data)}; the ${recipe.model} discriminator began from ${first}.`,
    recipe: { ...recipe, ...set },
    footer:
      "The loss is the discriminator's non-saturating logistic one (I. Goodfellow et al., " +
      "“Generative Adversarial Nets”, 2014), without R1.",
  };
}
