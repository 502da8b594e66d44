import { type Command, Option } from "commander";
import { DecodePool } from "../io/decode-pool.ts";
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
import {
  continueOptions,
  type GivenOptions,
  readRunOptions,
  resolveOptions,
} from "../training/run-options.ts";
import { trainOn } from "../training/run-training.ts";
import { writeTinyImages } from "../training/tiny-images.ts";
import { checkTransform, findImages, withGradients } from "../training/training-images.ts";

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
_grad. RUN gets checkpoints/, metrics.jsonl, report.html and, at the end, model_epoch_last.safetensors;
model_epoch_best.safetensors is that of the highest validation accuracy so far.
--transform makes all gradient images first, in a pass of its own in which decoding, the device and
writing overlap: a hundred epochs read them a hundred times. --cache shares them between trainings.
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
    .option("--limit <n>", "train on so many of the images, half of them real", parseCount)
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
    .option("--lr <rate>", "learning rate of the first epoch (default: 0.0005)", parsePositive)
    .addOption(new Option("--optim <name>", "default: adam").choices(["adam", "sgd"]))
    .option("--flip", "mirror every second image (default: as the preset)")
    .option("--no-flip", "mirror none")
    .option("--seed <n>", "of everything random (default: 0)", parseSeed)
    .option("--size <n>", "side that gradient images are resized to (default: 256)", parseCount)
    .option("--crop <n>", "side of what is cut out of them (default: 224)", parseCount)
    .option("--weights <file>", "torchvision's ResNet-50, or a classifier, to begin from")
    .addOption(
      new Option("--network <name>", "the classifier; the paper's is resnet50").choices([
        "resnet50",
        "small_cnn",
      ]),
    )
    .option("--width-percent <n>", "channels in percent of ResNet-50's", parseCount)
    .option("--zero-init-residual", "begin with every block of a ResNet as its shortcut")
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
  const options = await openRun(given, {
    recorded: await readRunOptions(out),
    goOn: (recorded) => continueOptions(recorded, given, data),
    begin: () => resolveOptions(given, out, data),
  });
  checkTransform(options);
  const checkpoints = new Checkpoints(out);
  const checkpoint = await findCheckpoint(checkpoints, given);
  if (given.tiny === true) await writeTinyImages(options.data);
  const images = await findImages(options);
  const session = await openGpu(given);
  const pool = new DecodePool();
  try {
    const { transform } = options;
    const ready =
      transform === null ? images : await withGradients(images, transform, { session, pool });
    await trainOn(ready, options, { out, checkpoints, checkpoint, given, session, pool });
  } finally {
    await pool.close();
    session.close();
  }
  return exitCodes.ok;
}
