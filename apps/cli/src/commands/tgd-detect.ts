import { crop, type RgbImage } from "@fauxgrad/models/transforms";
import { type TgdDetection, TgdDetector, validationImage } from "@fauxgrad/tgd";
import { inUnits } from "@fauxgrad/training";
import { type Command, Option } from "commander";
import { judgeFilesBy } from "../detection/judge-files.ts";
import { checkFormat, failedVerdict, printVerdicts, type Verdict } from "../detection/verdicts.ts";
import { type FoundImage, listImages } from "../io/list-images.ts";
import { deviceLine, openGpu } from "../session/open-gpu.ts";
import { setAction } from "../terminal/command.ts";
import { CommandLineError } from "../terminal/errors.ts";
import { note } from "../terminal/output.ts";
import { parseShare } from "../terminal/parse.ts";
import { readModel } from "../tgd/model-file.ts";
import { addModelOptions, type ModelOptions, modelChoice } from "../tgd/model-options.ts";
import { batchSizeOf } from "../tgd/open-model.ts";

interface DetectOptions extends ModelOptions {
  readonly sizes: "resize" | "center-crop";
  readonly threshold?: number;
  readonly calibration: boolean;
  readonly csv?: boolean;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  fauxgrad tgd detect photo.jpg --weights runs/pggan-star
  fauxgrad tgd detect folder/ --weights runs/pggan-star --csv
  fauxgrad tgd detect folder/ --weights best.pth.tar --network tgd_resnext50_32x4d --json

The probability is that of being generated, calibrated if the model's folder holds a calibration
(tgd eval --calibrate … --save-calibration), whose threshold then is the default. A detector says
little about generators that it was not trained on or transferred to. Images are resized to the
network's square; --sizes center-crop cuts the largest square out of the middle first.`;

/** `fauxgrad tgd detect` */
export function addTgdDetect(tgd: Command): void {
  const command = tgd
    .command("detect")
    .summary("images to the probability of being generated")
    .description("Judges images by a detector that was trained or transferred.")
    .argument("<paths...>", "images, or folders of images");
  addModelOptions(command)
    .addOption(
      new Option("--sizes <mode>", "what is done to images that are no square")
        .choices(["resize", "center-crop"])
        .default("resize"),
    )
    .option("--threshold <p>", "fake if the probability is above it", parseShare)
    .option("--no-calibration", "the plain sigmoid of the margin")
    .option("--csv", "print the results as CSV")
    .option("--json", "print the results as JSON")
    .addHelpText("after", EXAMPLES);
  setAction<DetectOptions>(command, detect);
}

async function detect(paths: readonly string[], options: DetectOptions): Promise<number> {
  checkFormat(options);
  const { images, problems } = await listImages(paths);
  for (const { message } of problems) note(message);
  const { verdicts, threshold } = await judgeAll(images, options);
  const failed = problems.map(({ file, problem }) => failedVerdict(file, problem, "margin"));
  return printVerdicts([...verdicts, ...failed], "margin", threshold, options);
}

async function judgeAll(images: readonly FoundImage[], options: DetectOptions) {
  const { maxPixels, sizes } = options;
  const model = await readModel(modelChoice(options));
  const { recipe } = model;
  if (recipe.network.name === "forensic_transfer") {
    throw new CommandLineError(
      "ForensicTransfer gives no probability: its score only ranks images\n" +
        "Measure it by fauxgrad tgd eval, or pass a classifier.",
    );
  }
  const calibration = options.calibration ? model.calibration : null;
  const threshold = options.threshold ?? calibration?.threshold ?? 0.5;
  const verdicts = new Map<number, Verdict<"margin">>();
  if (images.length === 0) return { verdicts: [], threshold };
  const session = await openGpu(options);
  const batchSize = batchSizeOf(options.batchSize, session);
  const detector = TgdDetector.load(session.gpu, model.tensors, recipe, {
    threshold,
    ...(calibration === null ? {} : { calibration }),
  });
  const side = recipe.augmentation.size;
  const how = calibration === null ? "not calibrated" : "calibrated";
  await judgeFilesBy<TgdDetection>(
    images.map(({ file }) => file),
    {
      line: `${recipe.network.name} of ${model.file}, ${how}, on ${deviceLine(session.info)}`,
      ...{ batchSize, filter: "bilinear", maxPixels },
      size: sizes === "resize" ? { width: side, height: side } : null,
      judge: (pictures) => {
        const squares =
          sizes === "resize" ? pictures : pictures.map((each) => middleOf(each, side));
        return inUnits(squares, (unit) => detector.detect(unit));
      },
      close: () => {
        detector.dispose();
        session.close();
      },
    },
    {
      onResult: async (index, { probability, margin, isFake }) => {
        const { file } = images[index]!;
        const verdict = isFake ? "fake" : "real";
        verdicts.set(index, { file, probability, margin, verdict, error: null });
      },
      onFailure: (index, error) => {
        verdicts.set(index, failedVerdict(images[index]!.file, error, "margin"));
      },
    },
  );
  return { verdicts: images.map((_, i) => verdicts.get(i)!), threshold };
}

/** The largest square in the middle, at the network's size. */
function middleOf(image: RgbImage, size: number): RgbImage {
  const { width, height } = image;
  const side = Math.min(width, height);
  const left = Math.floor((width - side) / 2);
  const top = Math.floor((height - side) / 2);
  return validationImage(crop(image, { left, top, width: side, height: side }), { size });
}
