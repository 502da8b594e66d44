import type { Command } from "commander";
import { setAction } from "../terminal/command.ts";
import { modelFileOf } from "../tgd/model-file.ts";
import { resolveRecipe } from "../tgd/recipe-options.ts";
import type { TgdRun } from "../tgd/run-options.ts";
import { writeTinyGenerator } from "../tgd/tiny-images.ts";
import { addTrainOptions, type TrainOptions, train } from "../tgd/train-command.ts";
import { dataFolder } from "../training/open-run.ts";

const DETAILS = `
DATA holds {train, val or validation}/{0,1}, or {0_real,1_fake}, or {real,fake}. Options change the
preset; what they come to is in RUN/run.json. RUN gets checkpoints/, metrics.jsonl, report.html,
model_epoch_best.safetensors (by validation accuracy) and, at the end, model_epoch_last.safetensors.
--weights begins from a model, or from ImageNet's convolutions in torchvision's file.
Ctrl-C saves and stops; --resume goes on to the same bits as a run that never stopped.

Examples:
  fauxgrad tgd pretrain StarGAN_128/ --out runs/stargan
  fauxgrad tgd pretrain StarGAN_128/ --out runs/b --preset script --epochs 50 --set standardizeSE=false
  fauxgrad tgd pretrain --out runs/stargan --resume
  fauxgrad tgd pretrain --tiny --out runs/tiny`;

/** `fauxgrad tgd pretrain` */
export function addTgdPretrain(tgd: Command): void {
  const command = tgd
    .command("pretrain")
    .summary("train a detector on the images of one generator")
    .description("Trains a detector from scratch on real images and those of one generator.")
    .argument("[data]", "the folder that holds train and val");
  addTrainOptions(command)
    .option("--weights <file>", "what to begin from: a model, or ImageNet's convolutions")
    .addHelpText("after", DETAILS);
  setAction<TrainOptions>(command, ([data], given) =>
    train("pretrain", data, given, () => begin(data, given)),
  );
}

async function begin(data: string | undefined, given: TrainOptions): Promise<TgdRun> {
  const folder = dataFolder(data, given);
  const recipe = await resolveRecipe("pretrain", given);
  if (given.tiny === true) await writeTinyGenerator(folder, "checkerboard");
  return {
    ...{ version: 1, method: "tgd", recipe, data: folder, targetVal: null, sourceVal: null },
    weights: given.weights === undefined ? null : await modelFileOf(given.weights, "last"),
    microBatch: given.microBatch ?? null,
  };
}
