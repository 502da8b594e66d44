import path from "node:path";
import type { Detection, ExplainedDetection } from "@fauxgrad/lgrad";
import { mapForClass, normalizeMap, overlayMap } from "@fauxgrad/training";
import type { Command } from "commander";
import { InvalidArgumentError } from "commander";
import {
  addDetectorOptions,
  checkTransformation,
  type DetectorCommandOptions,
} from "../detection/detector-options.ts";
import { judgeFiles } from "../detection/judge-files.ts";
import { ImageError } from "../io/image-error.ts";
import { type FoundImage, listImages } from "../io/list-images.ts";
import { planOutputs } from "../io/output-paths.ts";
import { writePng } from "../io/write-png.ts";
import { fileError } from "../session/files.ts";
import { setAction } from "../terminal/command.ts";
import { csvText } from "../terminal/csv.ts";
import { CommandLineError, exitCodes } from "../terminal/errors.ts";
import { columns, note, print, printJson } from "../terminal/output.ts";
import { plural } from "../terminal/units.ts";

interface DetectOptions extends DetectorCommandOptions {
  readonly threshold: number;
  readonly gradients?: string;
  readonly cams?: string;
  readonly csv?: boolean;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  fauxgrad lgrad detect photo.jpg --weights LGrad.pth --model stylegan --model-weights S.pth
  fauxgrad lgrad detect folder/ --weights LGrad.pth --model stylegan --model-weights S.pth --csv
  fauxgrad lgrad detect folder/ --weights LGrad.pth --model stylegan --model-weights S.pth \\
      --gradients gradients/ --cams maps/

The probability is that of being generated; LGrad was trained on GANs, and says little about other
generators and about compressed images. Use the transformation model that the classifier was trained
with. With --sizes tile the logit is the mean of the tiles'.`;

/** `fauxgrad lgrad detect` */
export function addLgradDetect(lgrad: Command): void {
  const command = lgrad
    .command("detect")
    .summary("images to the probability of being generated")
    .description("Judges images: resized, their gradient taken, and the gradient classified.")
    .argument("<paths...>", "images, or folders of images");
  addDetectorOptions(command)
    .option("--threshold <p>", "fake if the probability is above it", parseProbability, 0.5)
    .option("--gradients <dir>", "write the gradient images into it")
    .option("--cams <dir>", "write the images with class activation maps over them into it")
    .option("--csv", "print the results as CSV")
    .option("--json", "print the results as JSON")
    .addHelpText("after", EXAMPLES);
  setAction<DetectOptions>(command, detect);
}

/** What became of one file. */
interface Verdict {
  readonly file: string;
  readonly probability: number | null;
  readonly logit: number | null;
  readonly verdict: "real" | "fake" | null;
  readonly error: string | null;
}

/** An image, and the files that are made of it. */
interface Planned extends FoundImage {
  readonly gradient: string | null;
  readonly cam: string | null;
}

async function detect(paths: readonly string[], options: DetectOptions): Promise<number> {
  checkOptions(options);
  const { images, problems } = await listImages(paths);
  for (const { message } of problems) note(message);
  const planned = await plan(images, options);
  const verdicts = new Map<number, Verdict>();
  if (planned.length > 0) await judgeAll(planned, options, verdicts);
  const failed = problems.map(({ file, problem }) => failure(file, problem));
  report([...planned.map((_, i) => verdicts.get(i)!), ...failed], options);
  const bad = [...verdicts.values(), ...failed].filter(({ error }) => error !== null).length;
  if (bad > 0) note(`${plural(bad, "file")} failed.`);
  return bad > 0 ? exitCodes.failed : exitCodes.ok;
}

function checkOptions(options: DetectOptions): void {
  checkTransformation(options);
  if (options.csv === true && options.json === true) {
    throw new CommandLineError("--csv and --json are two forms of one result\nPass one of them.");
  }
  if (options.cams !== undefined && options.sizes === "tile") {
    throw new CommandLineError(
      "--cams: tiles have no map in common\nPass --sizes resize or center-crop.",
    );
  }
}

async function plan(images: readonly FoundImage[], options: DetectOptions): Promise<Planned[]> {
  const { gradients, cams } = options;
  if (
    gradients !== undefined &&
    cams !== undefined &&
    path.resolve(gradients) === path.resolve(cams)
  ) {
    throw new CommandLineError(
      "--gradients and --cams name one folder\nName two: files have the same names.",
    );
  }
  const outputs = async (out: string | undefined) =>
    out === undefined ? null : (await planOutputs(images, { out })).map(({ output }) => output);
  const [gradient, cam] = [await outputs(gradients), await outputs(cams)];
  return images.map((image, i) => ({
    ...image,
    gradient: gradient?.[i] ?? null,
    cam: cam?.[i] ?? null,
  }));
}

async function judgeAll(
  images: readonly Planned[],
  options: DetectOptions,
  verdicts: Map<number, Verdict>,
): Promise<void> {
  const { threshold, cams } = options;
  await judgeFiles<Judged>(
    images.map(({ file }) => file),
    options,
    {
      // Maps cost a readback of the features: only where they are wanted.
      judge: (detector, pictures) =>
        cams === undefined ? detector.detectBatch(pictures) : detector.explainBatch(pictures),
      onResult: async (index, detection) => {
        const image = images[index]!;
        await writeFiles(image, detection);
        const { logit, probability } = detection;
        const verdict = probability > threshold ? "fake" : "real";
        verdicts.set(index, { file: image.file, probability, logit, verdict, error: null });
      },
      onFailure: (index, error) => {
        verdicts.set(index, failure(images[index]!.file, problemOf(error)));
      },
    },
  );
}

type Judged = Detection | ExplainedDetection;

async function writeFiles({ gradient, cam }: Planned, detection: Judged): Promise<void> {
  if (gradient !== null) await writePicture(gradient, detection.gradient);
  if (cam === null || !("map" in detection)) return;
  const map = mapForClass(detection.map, "predicted", detection.logit);
  await writePicture(cam, overlayMap(detection.image, normalizeMap(map)));
}

async function writePicture(file: string, picture: Parameters<typeof writePng>[1]): Promise<void> {
  await writePng(file, picture).catch((cause: unknown) => {
    throw fileError("write", file, cause);
  });
}

function report(verdicts: readonly Verdict[], { json, csv, threshold }: DetectOptions): void {
  if (json === true) {
    printJson({ threshold, images: verdicts });
    return;
  }
  const rows = verdicts.map(({ file, probability, logit, verdict, error }) => ({
    csv: [file, probability, logit, verdict, error],
    text: [probability?.toFixed(4) ?? "-", verdict ?? "failed", file],
  }));
  if (csv === true) {
    const head = ["file", "probability", "logit", "verdict", "error"];
    print(csvText([head, ...rows.map((row) => row.csv)]).trimEnd());
    return;
  }
  print(columns(rows.map(({ text }) => text)).join("\n"));
}

function failure(file: string, error: string): Verdict {
  return { file, probability: null, logit: null, verdict: null, error };
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
