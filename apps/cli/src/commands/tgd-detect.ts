import { crop, type RgbImage } from "@fauxgrad/models/transforms";
import { type TgdDetection, TgdDetector, validationImage } from "@fauxgrad/tgd";
import { type Command, InvalidArgumentError, Option } from "commander";
import { judgeFilesBy } from "../detection/judge-files.ts";
import { ImageError } from "../io/image-error.ts";
import { type FoundImage, listImages } from "../io/list-images.ts";
import { deviceLine, openGpu } from "../session/open-gpu.ts";
import { setAction } from "../terminal/command.ts";
import { csvText } from "../terminal/csv.ts";
import { CommandLineError, exitCodes } from "../terminal/errors.ts";
import { columns, note, print, printJson } from "../terminal/output.ts";
import { plural } from "../terminal/units.ts";
import { inUnits } from "../tgd/in-units.ts";
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
    .option("--threshold <p>", "fake from this probability on", parseProbability)
    .option("--no-calibration", "the plain sigmoid of the margin")
    .option("--csv", "print the results as CSV")
    .option("--json", "print the results as JSON")
    .addHelpText("after", EXAMPLES);
  setAction<DetectOptions>(command, detect);
}

/** What became of one file. */
interface Verdict {
  readonly file: string;
  readonly probability: number | null;
  readonly margin: number | null;
  readonly verdict: "real" | "fake" | null;
  readonly error: string | null;
}

async function detect(paths: readonly string[], options: DetectOptions): Promise<number> {
  if (options.csv === true && options.json === true) {
    throw new CommandLineError("--csv and --json are two forms of one result\nPass one of them.");
  }
  const { images, problems } = await listImages(paths);
  for (const { message } of problems) note(message);
  const { verdicts, threshold } = await judgeAll(images, options);
  const failed = problems.map(({ file, problem }) => failure(file, problem));
  report([...verdicts, ...failed], threshold, options);
  const bad = [...verdicts, ...failed].filter(({ error }) => error !== null).length;
  if (bad > 0) note(`${plural(bad, "file")} failed.`);
  return bad > 0 ? exitCodes.failed : exitCodes.ok;
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
  const verdicts = new Map<number, Verdict>();
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
        verdicts.set(index, failure(images[index]!.file, problemOf(error)));
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

function report(
  verdicts: readonly Verdict[],
  threshold: number,
  { json, csv }: DetectOptions,
): void {
  if (json === true) {
    printJson({ threshold, images: verdicts });
    return;
  }
  const rows = verdicts.map(({ file, probability, margin, verdict, error }) => ({
    csv: [file, probability, margin, verdict, error],
    text: [probability?.toFixed(4) ?? "-", verdict ?? "failed", file],
  }));
  if (csv === true) {
    const head = ["file", "probability", "margin", "verdict", "error"];
    print(csvText([head, ...rows.map((row) => row.csv)]).trimEnd());
    return;
  }
  print(columns(rows.map(({ text }) => text)).join("\n"));
}

function failure(file: string, error: string): Verdict {
  return { file, probability: null, margin: null, verdict: null, error };
}

/** Without the file's name, which stands beside it. */
function problemOf(error: Error): string {
  return error instanceof ImageError ? error.problem : error.message;
}

function parseProbability(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value <= 1)) {
    throw new InvalidArgumentError("Write a probability from 0 to 1.");
  }
  return value;
}
