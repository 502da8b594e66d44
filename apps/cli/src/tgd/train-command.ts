/*
 * What `tgd pretrain` and `tgd transfer` have in common: their options, and the way from these to a
 * training.
 */
import {
  type RecipePreset,
  recipeNetworkNames,
  recipePresets,
  type Stage,
  type TgdTrainerProgress,
} from "@fauxgrad/tgd";
import { type Command, InvalidArgumentError, Option } from "commander";
import { DecodePool } from "../io/decode-pool.ts";
import { type GlobalOptions, openGpu } from "../session/open-gpu.ts";
import { CommandLineError, exitCodes } from "../terminal/errors.ts";
import { note } from "../terminal/output.ts";
import {
  parseCount,
  parseNumber,
  parsePositive,
  parseSeed,
  parseSetting,
  parseShare,
} from "../terminal/parse.ts";
import { Checkpoints } from "../training/checkpoints.ts";
import { findCheckpoint, openRun } from "../training/open-run.ts";
import type { GivenRecipe } from "./recipe-options.ts";
import { continueRun, cosineNotice, readRun, type TgdRun } from "./run-options.ts";
import { type TgdWork, trainTgd } from "./run-training.ts";
import { findTgdImages } from "./training-images.ts";

/** Options of both commands. */
export interface TrainOptions extends GlobalOptions, GivenRecipe {
  readonly out: string;
  readonly weights?: string;
  readonly microBatch?: number;
  readonly resume?: boolean;
  readonly json?: boolean;
}

const FORMAT = "fauxgrad-tgd-training-1";

/** Names of the recipe's options that cannot be told again when a training is resumed. */
const FIXED = [
  ...["preset", "method", "network", "recipe", "batchSize", "microBatch", "lr", "warmup"],
  ...["milestones", "optim", "momentum", "weightDecay", "dropRate", "dropConnect", "flip", "blur"],
  ...["jpeg", "cutmix", "cutmixRate", "seed", "size", "selection", "s", "strength", "scope"],
  ...["startingPoint", "feedback", "weights", "source", "tiny"],
];

/** Adds the options that both commands take. */
export function addTrainOptions(command: Command): Command {
  return command
    .requiredOption("--out <run>", "the folder of this training")
    .option("--resume", "go on with the training in --out, from its last checkpoint")
    .addOption(
      new Option("--preset <name>", "whose reading of the recipe (default: paper)").choices([
        ...recipePresets,
      ] satisfies RecipePreset[]),
    )
    .option("--recipe <file>", "a recipe as JSON, whole or changes of the preset")
    .addOption(
      new Option("--network <name>", "what is trained (default: tgd_efficientnet_b0)").choices(
        recipeNetworkNames,
      ),
    )
    .addOption(
      new Option("--set <key=value>", "an option of the network; may be given several times")
        .argParser(parseSetting)
        .default({}, "none"),
    )
    .option("--epochs <n>", "how often to go through the images", parseCount)
    .option("--steps <n>", "how many steps, instead of epochs", parseCount)
    .option("--batch-size <n>", "images of a step", parseCount)
    .option("--micro-batch <n>", "images at once on the device (default: as fits)", parseCount)
    .option("--lr <rate>", "learning rate at the start", parsePositive)
    .option("--warmup <m,T>", "to m times the rate at time T; or none", parseWarmup)
    .option("--milestones <list>", "times of a tenth of the rate; or none", parseMilestones)
    .addOption(new Option("--optim <name>", "the optimizer").choices(["sgd", "adam"]))
    .option("--momentum <share>", "of sgd", parseNumber)
    .option("--weight-decay <rate>", "of all tensors", parseNumber)
    .option("--drop-rate <share>", "dropout before the classifier", parseShare)
    .option("--drop-connect <share>", "of the last block's residual branch", parseShare)
    .option("--flip <rate>", "share of the images that are mirrored", parseShare)
    .option("--blur <rate>", "share that is blurred", parseShare)
    .option("--no-blur-truncation", "round when blurring, not down as SciPy")
    .option("--jpeg <rate>", "share that is compressed", parseShare)
    .addOption(
      new Option("--cutmix <kind>", "mixing within classes or across").choices([
        ...["none", "intra", "inter"],
      ]),
    )
    .option("--cutmix-rate <rate>", "share of the batches that are mixed", parseShare)
    .option("--seed <n>", "of everything random (default: 7)", parseSeed)
    .option("--size <n>", "side of the network's input", parseCount)
    .addOption(
      new Option("--selection <measure>", "what the best epoch is chosen by").choices([
        ...["accuracy", "auroc", "auroc-sum", "last"],
      ]),
    )
    .option("--tiny", "a demonstration on generated images, with a small network")
    .option("--json", "print a summary as JSON");
}

/**
 * Begins a training, or goes on with the one that is there.
 *
 * @param begin the training that the command line asks for
 */
export async function train(
  stage: Stage,
  data: string | undefined,
  given: TrainOptions,
  begin: () => Promise<TgdRun>,
): Promise<number> {
  const { out } = given;
  const run = await openRun(given, {
    recorded: await readRun(out),
    goOn: (recorded) => goOn(stage, recorded, given, data),
    begin,
  });
  const checkpoints = new Checkpoints<TgdTrainerProgress>(out, FORMAT);
  const checkpoint = await findCheckpoint(checkpoints, given);
  const images = await findTgdImages(run);
  const session = await openGpu(given);
  const pool = new DecodePool();
  const work: TgdWork = { out, checkpoints, checkpoint, given, session, pool };
  try {
    await trainTgd(images, run, work);
  } finally {
    await pool.close();
    session.close();
  }
  return exitCodes.ok;
}

/** @throws {CommandLineError} if it is another stage's training */
function goOn(
  stage: Stage,
  recorded: TgdRun,
  given: TrainOptions,
  data: string | undefined,
): TgdRun {
  if (recorded.recipe.stage !== stage) {
    throw new CommandLineError(
      `${given.out} holds a ${recorded.recipe.stage}\nResume it by fauxgrad tgd ${recorded.recipe.stage}.`,
    );
  }
  const continued = continueRun(recorded, given, FIXED, data);
  const notice = cosineNotice(continued.recipe);
  if (notice !== null) note(notice);
  return continued;
}

function parseWarmup(text: string) {
  if (text === "none") return "none";
  const [multiplier = Number.NaN, length = Number.NaN, ...rest] = text.split(",").map(Number);
  if (!(multiplier > 0) || !Number.isInteger(length) || length < 1 || rest.length > 0) {
    throw new InvalidArgumentError("Write M,T such as 4,20; or none.");
  }
  return { multiplier, length };
}

function parseMilestones(text: string) {
  if (text === "none") return "none";
  const at = text.split(",").map(Number);
  if (at.some((time, i) => !Number.isInteger(time) || time <= (at[i - 1] ?? 0))) {
    throw new InvalidArgumentError("Write growing whole numbers such as 50,250; or none.");
  }
  return at;
}
