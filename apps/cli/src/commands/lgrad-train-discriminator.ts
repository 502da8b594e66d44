import {
  type DiscriminatorRecipe,
  discriminatorNames,
  type TrainerProgress,
} from "@fauxgrad/lgrad";
import { type Command, Option } from "commander";
import {
  continueRun,
  type GivenDiscriminator,
  readRun,
  resolveRun,
} from "../discriminator/run-options.ts";
import { trainDiscriminator } from "../discriminator/run-training.ts";
import { DecodePool } from "../io/decode-pool.ts";
import { checkNetwork } from "../session/network.ts";
import { type GlobalOptions, openGpu } from "../session/open-gpu.ts";
import { setAction } from "../terminal/command.ts";
import { exitCodes } from "../terminal/errors.ts";
import {
  parseCount,
  parseNames,
  parsePositive,
  parseSeed,
  parseSetting,
} from "../terminal/parse.ts";
import { Checkpoints } from "../training/checkpoints.ts";
import { findCheckpoint, openRun } from "../training/open-run.ts";
import { writeTinyImages } from "../training/tiny-images.ts";
import { findImages } from "../training/training-images.ts";

interface TrainOptions extends GlobalOptions, GivenDiscriminator {
  readonly out: string;
  readonly resume?: boolean;
  readonly json?: boolean;
}

const FORMAT = "fauxgrad-discriminator-training-1";

const EXAMPLES = `
Examples:
  fauxgrad lgrad train-discriminator crops/ --classes isr-gans --out runs/discriminator
  fauxgrad lgrad train-discriminator crops/ --set resolution=64 --set fmapsMax=128 --out runs/d64
  fauxgrad lgrad train-discriminator --out runs/discriminator --resume
  fauxgrad lgrad train crops/ --transform pggan --out runs/classifier \\
    --transform-weights runs/discriminator/model_epoch_best.safetensors

The folder holds train/CLASS/{0_real,1_fake} and val/CLASS/{0_real,1_fake}. Images keep their
resolution: of a larger one a window is drawn, its middle in validation; a smaller one is left out.
RUN gets checkpoints/, metrics.jsonl, report.html and, at the end, model_epoch_last.safetensors;
model_epoch_best.safetensors is that of the highest average precision in validation so far. Both
have genforce's names, and their shapes tell resolution and widths: lgrad transform, detect and
train --transform need no --set. Ctrl-C saves and stops; --resume goes on to the same bits.`;

/** `fauxgrad lgrad train-discriminator` */
export function addLgradTrainDiscriminator(lgrad: Command): void {
  const command = lgrad
    .command("train-discriminator")
    .summary("train the network whose gradients are taken")
    .description(
      "Trains a discriminator of ProGAN's or StyleGAN's architecture to tell real images from a " +
        "generator's: LGrad's transformation model, where none of a GAN's own is at hand.",
    )
    .argument("[data]", "the folder that holds train and val")
    .requiredOption("--out <run>", "the folder of this training")
    .option("--resume", "go on with the training in --out, from its last checkpoint")
    .addOption(
      new Option("--model <arch>", "the architecture (default: pggan)").choices(discriminatorNames),
    )
    .option(
      "--set <key=value>",
      "an option of the network (default: resolution=128 fmapsBase=1024 fmapsMax=64)",
      parseSetting,
    )
    .option("--weights <file>", "a discriminator to begin from; it decides the sizes")
    .option("--section <name>", "which of several networks in the file of weights")
    .option("--classes <names>", "only these classes, with commas between", parseNames)
    .option("--limit <n>", "train on so many of the images, half of them real", parseCount)
    .option("--epochs <n>", "how often to go through the images (default: 20)", parseCount)
    .option("--batch-size <n>", "images of a step (default: 16)", parseCount)
    .option("--micro-batch <n>", "images at once on the device (default: as fits)", parseCount)
    .option("--lr <rate>", "learning rate (default: 0.001)", parsePositive)
    .option("--flip", "mirror every second image, as it is by default")
    .option("--no-flip", "mirror none")
    .option("--seed <n>", "of everything random (default: 0)", parseSeed)
    .option("--tiny", "a demonstration of seconds, on generated images")
    .option("--json", "print a summary as JSON")
    .addHelpText("after", EXAMPLES);
  setAction<TrainOptions>(command, ([data], options) => train(data, options));
}

async function train(data: string | undefined, given: TrainOptions): Promise<number> {
  const { out } = given;
  const run = await openRun(given, {
    recorded: await readRun(out),
    goOn: (recorded) => continueRun(recorded, given, data),
    begin: () => resolveRun(given, out, data),
  });
  const { recipe, set, weights } = run;
  checkNetwork(recipe.model, {
    set,
    ...(weights === null ? { randomInit: recipe.seed } : { weights }),
  });
  const checkpoints = new Checkpoints<TrainerProgress<DiscriminatorRecipe>>(out, FORMAT);
  const checkpoint = await findCheckpoint(checkpoints, given);
  if (given.tiny === true) await writeTinyImages(run.data);
  const images = await findImages(run);
  const session = await openGpu(given);
  const pool = new DecodePool();
  try {
    await trainDiscriminator(images, run, { out, checkpoints, checkpoint, given, session, pool });
  } finally {
    await pool.close();
    session.close();
  }
  return exitCodes.ok;
}
