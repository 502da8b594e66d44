import { mkdir } from "node:fs/promises";
import { type Command, Option } from "commander";
import { DecodePool } from "../io/decode-pool.ts";
import { fileError } from "../session/files.ts";
import {
  checkNetwork,
  findNetwork,
  loadTransformer,
  type NetworkOptions,
  networkOptions,
} from "../session/network.ts";
import { deviceLine, type GlobalOptions, openGpu } from "../session/open-gpu.ts";
import { setAction } from "../terminal/command.ts";
import { CommandLineError, exitCodes } from "../terminal/errors.ts";
import { interruption } from "../terminal/interrupt.ts";
import { note, print, printJson } from "../terminal/output.ts";
import { parseCount } from "../terminal/parse.ts";
import { type Progress, startProgress } from "../terminal/progress.ts";
import { plural } from "../terminal/units.ts";
import { planTransform, type TransformPlan } from "../transform/plan.ts";
import { Summary } from "../transform/summary.ts";
import { type Outcome, transformImages } from "../transform/transform-images.ts";
import { addLgradCam } from "./lgrad-cam.ts";
import { addLgradDetect } from "./lgrad-detect.ts";
import { addLgradEval } from "./lgrad-eval.ts";
import { addLgradExperiment } from "./lgrad-experiment.ts";
import { addLgradTrain } from "./lgrad-train.ts";
import { addLgradTrainDiscriminator } from "./lgrad-train-discriminator.ts";

interface TransformCommandOptions extends GlobalOptions, NetworkOptions {
  readonly model: string;
  readonly out: string;
  readonly size?: number;
  readonly resize: "bilinear" | "bicubic";
  readonly raw?: boolean;
  readonly officialLayout?: boolean;
  readonly overwrite?: boolean;
  readonly batchSize?: number;
  readonly maxPixels?: number;
  readonly json?: boolean;
}

/** Images at once where nothing is said: a software adapter gains nothing from more than one. */
const BATCH = { software: 1, hardware: 8 } as const;

const EXAMPLES = `
Examples:
  fauxgrad lgrad transform photo.jpg --model stylegan --random-init 1 --out gradients/
  fauxgrad lgrad transform dataset/ --model stylegan --weights bedrooms.pth --out gradients/
  fauxgrad lgrad transform dataset/ --model pggan --weights D.safetensors --out g/ --raw --json

Images are .png .jpg .jpeg .bmp .webp in any case of letters, folders are searched to the bottom,
and the output mirrors them. One picture is one minimum and one maximum over all its pixels and
channels, as in the LGrad paper's code. What exists is skipped: run the command again to continue.`;

/** `fauxgrad lgrad …` */
export function addLgrad(program: Command): void {
  const lgrad = program
    .command("lgrad")
    .summary("learning on gradients: images to gradient images")
    .description("LGrad (Tan et al., CVPR 2023): gradients as a representation of images");
  const command = lgrad
    .command("transform")
    .summary("make the gradient image of every image")
    .description(
      "Makes the gradient image of every image: resized to the network's input, the gradient of " +
        "the sum of the network's outputs with respect to it, scaled to 8 bits, as a PNG.",
    )
    .argument("<paths...>", "images, or folders of images")
    .requiredOption("--model <arch>", "the network: fauxgrad models lists them")
    .requiredOption("--out <dir>", "the folder to write into");
  for (const option of networkOptions()) command.addOption(option);
  command
    .addOption(
      new Option("--resize <filter>", "Pillow's filter to the network's size")
        .choices(["bilinear", "bicubic"])
        .default("bilinear"),
    )
    .option("--size <n>", "side of the resized images, where the network takes several", parseCount)
    .option("--raw", "write the float gradient as well, NAME.safetensors beside NAME.png")
    .option("--official-layout", "the original script's names: FOLDER_grad/NAME.png")
    .option("--overwrite", "do again what exists already")
    .option("--batch-size <n>", "images at once; results do not depend on it", parseCount)
    .option("--max-pixels <n>", "refuse larger images undecoded (default: 89478485)", parseCount)
    .option("--json", "print a summary as JSON")
    .addHelpText("after", EXAMPLES);
  setAction<TransformCommandOptions>(command, transform);
  addLgradTrain(lgrad);
  addLgradTrainDiscriminator(lgrad);
  addLgradEval(lgrad);
  addLgradDetect(lgrad);
  addLgradCam(lgrad);
  addLgradExperiment(lgrad);
}

async function transform(
  paths: readonly string[],
  options: TransformCommandOptions,
): Promise<number> {
  checkNetwork(options.model, options);
  if (options.set?.["minibatchStddev"] === "batch") {
    throw new CommandLineError(
      "images are transformed one by one: a gradient must not depend on its neighbours\n" +
        "Leave minibatchStddev out; fauxgrad run has --minibatch-stddev batch.",
    );
  }
  const plan = await planTransform(paths, options);
  const summary = new Summary(plan, options);
  for (const problem of plan.problems) note(problem.message);
  try {
    if (plan.work.length > 0) await transformAll(plan, options, summary);
  } catch (error) {
    // What was done is told first; the error, and what to do, comes last.
    summary.endedEarly(error);
    if (summary.isStarted || options.json === true) report(summary, options);
    if (summary.written > 0 && summary.remaining > 0) note(summary.howToContinue());
    throw error;
  }
  report(summary, options);
  return summary.failed > 0 ? exitCodes.failed : exitCodes.ok;
}

function report(summary: Summary, { json }: TransformCommandOptions): void {
  if (json === true) printJson(summary.toJson());
  else print(summary.toText());
}

async function transformAll(
  plan: TransformPlan,
  options: TransformCommandOptions,
  summary: Summary,
): Promise<void> {
  const { out, resize: filter, maxPixels } = options;
  const session = await openGpu(options);
  summary.device = deviceLine(session.info);
  const network = await findNetwork(options.model, options);
  const source = loadTransformer(session.gpu, network, {
    ...(options.size === undefined ? {} : { size: options.size }),
    filter,
  });
  const batchSize = options.batchSize ?? BATCH[session.info.isSoftware ? "software" : "hardware"];
  await mkdir(out, { recursive: true }).catch((cause: unknown) => {
    throw fileError("create the folder", out, cause);
  });
  const side = source.size;
  note(`${network.name}, ${side} x ${side}, ${network.origin}, on ${summary.device}`);
  const pool = new DecodePool();
  const progress = startProgress({ total: plan.work.length, unit: "images" });
  summary.start();
  try {
    await transformImages(plan.work, {
      source,
      pool,
      batchSize,
      filter,
      ...(maxPixels === undefined ? {} : { maxPixels }),
      onOutcome: (outcome) => {
        tell(outcome, progress);
        summary.add(outcome);
      },
      onSmallerBatch: (size, { message }) =>
        progress.note(`${message}\nGoing on with ${plural(size, "image")} at once.`),
      signal: interruption,
    });
  } finally {
    progress.stop();
  }
  await pool.close();
  source.dispose();
  session.close();
}

function tell({ error }: Outcome, progress: Progress): void {
  if (error !== null) progress.note(error.message);
  progress.advance();
}
