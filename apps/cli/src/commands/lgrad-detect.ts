import path from "node:path";
import type { Detection, ExplainedDetection } from "@fauxgrad/lgrad";
import { mapForClass, normalizeMap, overlayMap } from "@fauxgrad/training";
import type { Command } from "commander";
import {
  addDetectorOptions,
  checkTransformation,
  type DetectorCommandOptions,
} from "../detection/detector-options.ts";
import { judgeFiles } from "../detection/judge-files.ts";
import { checkFormat, failedVerdict, printVerdicts, type Verdict } from "../detection/verdicts.ts";
import { type FoundImage, listImages } from "../io/list-images.ts";
import { planOutputs } from "../io/output-paths.ts";
import { writePng } from "../io/write-png.ts";
import { fileError } from "../session/files.ts";
import { setAction } from "../terminal/command.ts";
import { CommandLineError } from "../terminal/errors.ts";
import { note } from "../terminal/output.ts";
import { parseShare } from "../terminal/parse.ts";

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
    .option("--threshold <p>", "fake if the probability is above it", parseShare, 0.5)
    .option("--gradients <dir>", "write the gradient images into it")
    .option("--cams <dir>", "write the images with class activation maps over them into it")
    .option("--csv", "print the results as CSV")
    .option("--json", "print the results as JSON")
    .addHelpText("after", EXAMPLES);
  setAction<DetectOptions>(command, detect);
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
  const verdicts = new Map<number, Verdict<"logit">>();
  if (planned.length > 0) await judgeAll(planned, options, verdicts);
  const judged = planned.map((_, i) => verdicts.get(i)!);
  const failed = problems.map(({ file, problem }) => failedVerdict(file, problem, "logit"));
  return printVerdicts([...judged, ...failed], "logit", options.threshold, options);
}

function checkOptions(options: DetectOptions): void {
  checkTransformation(options);
  checkFormat(options);
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
  verdicts: Map<number, Verdict<"logit">>,
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
        verdicts.set(index, failedVerdict(images[index]!.file, error, "logit"));
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
