import path from "node:path";
import { transferMethods } from "@fauxgrad/tgd";
import { type Command, InvalidArgumentError, Option } from "commander";
import { setAction } from "../terminal/command.ts";
import { CommandLineError } from "../terminal/errors.ts";
import { parsePositive } from "../terminal/parse.ts";
import { readModel } from "../tgd/model-file.ts";
import { resolveRecipe, type Strength } from "../tgd/recipe-options.ts";
import { readRun, type TgdRun } from "../tgd/run-options.ts";
import { writeTinyGenerator } from "../tgd/tiny-images.ts";
import { addTrainOptions, type TrainOptions, train } from "../tgd/train-command.ts";
import { dataFolder } from "../training/open-run.ts";

interface TransferOptions extends TrainOptions {
  readonly source?: string;
  readonly sourceVal?: string;
  readonly targetVal?: string;
}

const DETAILS = `
DATA is a folder of the two classes, as a subset of few images is, or holds train and val of them.
--source is the run of a pretraining or a transfer, of which the last model is taken, or a file.
With --source-val the best epoch is that of the highest target + source AUROC, as the authors choose
it; without, of the highest target AUROC. The teacher sees the student's batch, in evaluation mode;
gamma = s * sigmoid(-teacher's loss) weighs both penalties. RUN gets what tgd pretrain leaves.

Examples:
  fauxgrad tgd transfer star/2000_shot --source runs/pggan --target-val StarGAN_128 \\
      --source-val PGGAN_128 --out runs/pggan-star
  fauxgrad tgd transfer star/2000_shot --source runs/pggan --method fine-tune --out runs/fine
  fauxgrad tgd transfer star/2000_shot --source pggan.pth.tar --feedback "1 epochs" --out runs/b
  fauxgrad tgd transfer --tiny --source runs/tiny --out runs/tiny-transfer`;

/** `fauxgrad tgd transfer` */
export function addTgdTransfer(tgd: Command): void {
  const command = tgd
    .command("transfer")
    .summary("teach a detector another generator, without forgetting")
    .description("Transfers a trained detector to another generator by few of its images.")
    .argument("[data]", "the folder of the target's images");
  addTrainOptions(command)
    .option("--source <model>", "what it begins from: a run's folder, or a file of weights")
    .option("--source-val <dir>", "validation images of the source")
    .option("--target-val <dir>", "validation images of the target, where DATA has none")
    .addOption(new Option("--method <name>", "default: tgd").choices(transferMethods))
    .option("--s <scale>", "of gamma", parsePositive)
    .option("--strength <kind>", "of the penalties: adaptive, fixed:a,b or none", parseStrength)
    .addOption(
      new Option("--starting-point <kind>", "whether it follows the teacher").choices([
        ...["moving", "fixed"],
      ]),
    )
    .option("--feedback <period>", 'when the teacher follows: "200 steps" or none', parseFeedback)
    .addOption(
      new Option("--scope <which>", "of the penalty on distances").choices([
        ...["conv", "all-but-fc", "all"],
      ]),
    )
    .addHelpText("after", DETAILS);
  setAction<TransferOptions>(command, ([data], given) =>
    train("transfer", data, given, () => begin(data, given)),
  );
}

async function begin(data: string | undefined, given: TransferOptions): Promise<TgdRun> {
  const folder = dataFolder(data, given);
  const { source, tiny, network, set } = given;
  if (source === undefined) {
    throw new CommandLineError(
      "there is nothing to transfer\nPass --source RUN, a pretraining's folder, or a file of weights.",
    );
  }
  const model = await readModel(
    {
      weights: source,
      ...(network === undefined ? {} : { network }),
      ...(set === undefined ? {} : { set }),
    },
    "last",
  );
  const isAutoencoder = model.recipe.network.name === "forensic_transfer";
  const method = given.method ?? (isAutoencoder ? "forensic-transfer" : "tgd");
  if (isAutoencoder !== (method === "forensic-transfer")) {
    throw new CommandLineError(
      `--method ${method} cannot go on from ${model.recipe.network.name}\n` +
        "forensic-transfer goes on from a forensic_transfer, all others from a tgd_ network.",
    );
  }
  const { set: _set, ...rest } = given;
  const options = { ...rest, method, network: model.recipe.network.name };
  const recipe = await resolveRecipe("transfer", options, model.recipe);
  if (tiny === true) await writeTinyGenerator(folder, "stripes");
  return {
    ...{ version: 1, method: "tgd", recipe, data: folder },
    targetVal: absolute(given.targetVal),
    sourceVal: absolute(given.sourceVal) ?? (tiny === true ? await tinySource(source) : null),
    weights: model.file,
    microBatch: given.microBatch ?? null,
  };
}

/** Validation images that a tiny pretraining made. */
async function tinySource(source: string): Promise<string | null> {
  return (await readRun(source).catch(() => null))?.data ?? null;
}

function absolute(folder: string | undefined): string | null {
  return folder === undefined ? null : path.resolve(folder);
}

function parseStrength(text: string): Strength {
  if (text === "adaptive" || text === "none") return text;
  const match = /^fixed:([\d.e-]+),([\d.e-]+)$/i.exec(text);
  const [alpha, beta] = [Number(match?.[1]), Number(match?.[2])];
  if (!(alpha >= 0 && beta >= 0)) {
    throw new InvalidArgumentError("Write adaptive, none, or two numbers: fixed:0.1,0.01.");
  }
  return [alpha, beta];
}

function parseFeedback(text: string) {
  if (text === "none") return "none";
  const match = /^(\d+)\s*(steps?|epochs?)$/.exec(text.trim());
  const every = Number(match?.[1]);
  if (!(every >= 1)) throw new InvalidArgumentError('Write "200 steps", "1 epochs", or none.');
  return { every, unit: match?.[2]?.startsWith("step") ? ("steps" as const) : ("epochs" as const) };
}
