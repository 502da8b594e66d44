import path from "node:path";
import { DEFAULT_CROPS, type Judgement } from "@fauxgrad/detectors";
import type { RgbImage } from "@fauxgrad/models/transforms";
import type { Command } from "commander";
import { judgementReport, pictureSection } from "../detect/detect-page.ts";
import { judgementRow, writePictures } from "../detect/detect-pictures.ts";
import { judgementCsv, judgementJson, judgementLines } from "../detect/detect-text.ts";
import { type JudgedFile, judgedFile, unjudgedFile } from "../detect/judged-file.ts";
import {
  type DetectorsChoice,
  type OpenDetectors,
  openDetectors,
} from "../detect/open-detectors.ts";
import { judgeFilesBy } from "../detection/judge-files.ts";
import { writeFileAtomic } from "../io/atomic-write.ts";
import { type FoundImage, listImages } from "../io/list-images.ts";
import { planOutputs } from "../io/output-paths.ts";
import { renderReport } from "../report/html.ts";
import type { ImageRow } from "../report/report.ts";
import { fileError } from "../session/files.ts";
import { setAction } from "../terminal/command.ts";
import { exitCodes } from "../terminal/errors.ts";
import { interruption } from "../terminal/interrupt.ts";
import { note, print, printJson } from "../terminal/output.ts";
import { parseCount, parseNames } from "../terminal/parse.ts";
import { plural } from "../terminal/units.ts";

interface DetectOptions extends DetectorsChoice {
  readonly crops: number;
  readonly maxPixels?: number;
  readonly csv?: string;
  readonly html?: string;
  readonly explain?: string;
  readonly json?: boolean;
}

/** Images whose pictures go into one page: it would not open with all of a large folder's. */
const MOST_PICTURED = 200;

const EXAMPLES = `
Examples:
  fauxgrad detect photo.jpg
  fauxgrad detect folder/ --csv verdicts.csv
  fauxgrad detect folder/ --html verdicts.html
  fauxgrad detect photo.jpg --explain maps/ --json

The numbers are probabilities of being made by a GAN, calibrated on validation images. An image is
judged at its own resolution: squares of 128 x 128 pixels of it, at most --crops, evenly spaced. Where
the detectors differ, the verdict is "undecided". A question mark says that the image is unlike what
the detectors learned from: a drawing, a blank page, a tiny picture. No verdict is proof; what was
measured is in docs/results.md and in the model cards (packages/detectors/cards).`;

/** `fauxgrad detect` */
export function addDetect(program: Command): void {
  const command = program
    .command("detect")
    .summary("was this image made by a GAN? The shipped detectors, LGrad and T-GD, judge it")
    .description("Judges images by the detectors that come with the program.")
    .argument("<paths...>", "images, or folders of images")
    .option("--crops <n>", "most squares of an image that are judged", parseCount, DEFAULT_CROPS)
    .option("--csv <file>", "write the verdicts as CSV")
    .option("--html <file>", "write one page with verdicts, gradients and maps")
    .option("--explain <dir>", "write gradients and maps into it, a folder for each image")
    .option("--json", "print the verdicts as JSON")
    .option("--only <names>", "detectors by their names, with commas between", parseNames)
    .option("--bundle <dir>", "detectors of another folder than the shipped one")
    .option("--max-pixels <n>", "refuse larger images undecoded (default: 89478485)", parseCount)
    .addHelpText("after", EXAMPLES);
  setAction<DetectOptions>(command, detect);
}

async function detect(paths: readonly string[], options: DetectOptions): Promise<number> {
  const { explain, csv, html, json } = options;
  const began = performance.now();
  const { images, problems } = await listImages(
    paths,
    explain === undefined ? {} : { exclude: explain },
  );
  for (const { message } of problems) note(message);
  const planned = await planFolders(images, explain);
  const opened = await openDetectors(options);
  const { detectors, device } = opened;
  const listed = detectors.judges.map(({ detector }) => detector);
  const rows: ImageRow[] = [];
  const judged = planned.length > 0 ? await judgeAll(planned, opened, options, rows) : [];
  if (planned.length === 0) opened.close();
  const files = [...judged, ...problems.map(({ file, problem }) => unjudgedFile(file, problem))];
  if (csv !== undefined) await write(csv, judgementCsv(files, listed));
  if (html !== undefined) {
    const title = "Made by a GAN? What the detectors say";
    const sections = rows.length > 0 ? [pictureSection(rows, judgedCount(files))] : [];
    const ms = performance.now() - began;
    const page = { title, intro: INTRO, files, sections, detectors: listed, device, ms };
    await write(html, renderReport(judgementReport(page)));
  }
  if (json === true) {
    const about = listed.map(({ name, title, card, threshold }) => ({
      name,
      title,
      card,
      threshold,
    }));
    printJson({ device, detectors: about, images: files.map(judgementJson) });
  } else {
    print(judgementLines(files, listed).join("\n"));
  }
  const failed = files.length - judgedCount(files);
  if (failed > 0) note(`${plural(failed, "file")} failed.`);
  return failed > 0 ? exitCodes.failed : exitCodes.ok;
}

const INTRO = [
  "Two detectors judged these images: LGrad (Tan et al., CVPR 2023) looks at the gradient of the " +
    "image through another network, T-GD (Jeon et al., ICML 2020) at the image itself.",
];

/** An image, and the folder of its pictures. */
interface Planned extends FoundImage {
  readonly folder: string | null;
}

async function planFolders(
  images: readonly FoundImage[],
  explain: string | undefined,
): Promise<Planned[]> {
  if (explain === undefined) return images.map((image) => ({ ...image, folder: null }));
  // Named like a file without its ending: a folder of its own for each image.
  const planned = await planOutputs(images, { out: explain, extension: "" });
  return planned.map(({ output, ...image }) => ({ ...image, folder: output }));
}

/** @param rows of the page, added to where there is one */
async function judgeAll(
  images: readonly Planned[],
  { detectors, line, close }: OpenDetectors,
  { crops, maxPixels, html, explain }: DetectOptions,
  rows: ImageRow[],
): Promise<JudgedFile[]> {
  const files = new Map<number, JudgedFile>();
  let pictured = 0;
  const judge = ([image]: readonly RgbImage[]): Promise<Judgement> => {
    if (image === undefined) throw new Error("detect: no image to judge");
    const isPictured = explain !== undefined || (html !== undefined && pictured < MOST_PICTURED);
    if (isPictured) pictured += 1;
    return detectors.detect(image, { crops, explain: isPictured, signal: interruption });
  };
  await judgeFilesBy<Judgement>(
    images.map(({ file }) => file),
    {
      ...{ line, batchSize: 1, filter: "bilinear", size: null, maxPixels, close },
      judge: async (pictures) => [await judge(pictures)],
    },
    {
      onResult: async (index, judgement) => {
        const { file, folder } = images[index]!;
        if (folder !== null) await writePictures(folder, judgement);
        if (html !== undefined && rows.length < MOST_PICTURED) {
          rows.push(await judgementRow(file, judgement));
        }
        files.set(index, judgedFile(file, judgement));
      },
      onFailure: (index, error) => {
        files.set(index, unjudgedFile(images[index]!.file, error));
      },
    },
  );
  return images.map((_, i) => files.get(i)!);
}

function judgedCount(files: readonly JudgedFile[]): number {
  return files.filter(({ image }) => image !== null).length;
}

async function write(file: string, text: string): Promise<void> {
  await writeFileAtomic(path.resolve(file), text).catch((cause: unknown) => {
    throw fileError("write", file, cause);
  });
}
