import path from "node:path";
import type { ExplainedDetection } from "@fauxgrad/lgrad";
import { contactSheet, heatMap, type RgbImage } from "@fauxgrad/models/transforms";
import { type CamClass, mapForClass, normalizeMap, overlayMap } from "@fauxgrad/training";
import { type Command, Option } from "commander";
import {
  addDetectorOptions,
  checkTransformation,
  type DetectorCommandOptions,
} from "../detection/detector-options.ts";
import { judgeFiles } from "../detection/judge-files.ts";
import { listImages } from "../io/list-images.ts";
import { type PlannedImage, planOutputs } from "../io/output-paths.ts";
import { writePng } from "../io/write-png.ts";
import { fileError } from "../session/files.ts";
import { setAction } from "../terminal/command.ts";
import { CommandLineError, exitCodes } from "../terminal/errors.ts";
import { note, print, printJson } from "../terminal/output.ts";
import { parseCount } from "../terminal/parse.ts";
import { plural } from "../terminal/units.ts";

interface CamOptions extends DetectorCommandOptions {
  readonly out: string;
  readonly class: CamClass;
  readonly sheetRows: number;
  readonly json?: boolean;
}

/** Of the pixels, at either end of a heat map's scale: single outliers would take all of it. */
const SATURATE = 0.005;

/** The pictures of one image, by their files' names. */
const PICTURES = [
  "image",
  "gradient",
  "cam-gradient",
  "cam-image",
  "red",
  "green",
  "blue",
] as const;

type Pictures = Readonly<Record<(typeof PICTURES)[number], RgbImage>>;

const DETAILS = `
Into a folder for each image, DIR/NAME/, go image.png (as the model was given it), gradient.png,
cam-gradient.png and cam-image.png (the class activation map over both), and red.png, green.png and
blue.png (the gradient's channels in false colours, the paper's Fig. 1). DIR/sheet-1.png and so on
show them side by side. Red is where the classifier finds what speaks for the class.

Example:
  fauxgrad lgrad cam faces/ --weights LGrad.pth --model pggan --model-weights P.pth --out maps/`;

/** `fauxgrad lgrad cam` */
export function addLgradCam(lgrad: Command): void {
  const command = lgrad
    .command("cam")
    .summary("where the classifier looked, and heat maps of the gradient")
    .description("Draws class activation maps and heat maps of gradients, as Figs. 1 and 3.")
    .argument("<paths...>", "images, or folders of images")
    .requiredOption("--out <dir>", "the folder to write into");
  addDetectorOptions(command)
    .addOption(
      new Option("--class <class>", "which class the map is for")
        .choices(["predicted", "fake", "real"])
        .default("predicted"),
    )
    .option("--sheet-rows <n>", "images on one contact sheet", parseCount, 12)
    .option("--json", "print a summary as JSON")
    .addHelpText("after", DETAILS);
  setAction<CamOptions>(command, drawMaps);
}

/** What became of one image. */
interface Drawn {
  readonly file: string;
  readonly folder: string;
  readonly logit: number | null;
  readonly probability: number | null;
  readonly error: string | null;
}

async function drawMaps(paths: readonly string[], options: CamOptions): Promise<number> {
  checkTransformation(options);
  if (options.sizes === "tile") {
    throw new CommandLineError("tiles have no map in common\nPass --sizes resize or center-crop.");
  }
  const { out, json } = options;
  const { images, problems } = await listImages(paths, { exclude: out });
  for (const { message } of problems) note(message);
  // Named like a file without its ending: a folder of its own for each image.
  const planned = await planOutputs(images, { out, extension: "" });
  const drawn = planned.length > 0 ? await drawAll(planned, options) : [];
  const failed = drawn.filter(({ error }) => error !== null).length + problems.length;
  if (json === true) {
    const failures = problems.map(({ file, problem }) => ({ file, error: problem }));
    printJson({ out, class: options.class, images: [...drawn, ...failures] });
  } else {
    const done = drawn.filter(({ error }) => error === null).length;
    print(`maps of ${plural(done, "image")}${failed > 0 ? `, ${failed} failed` : ""}, into ${out}`);
  }
  return failed > 0 ? exitCodes.failed : exitCodes.ok;
}

async function drawAll(images: readonly PlannedImage[], options: CamOptions): Promise<Drawn[]> {
  const drawn = new Map<number, Drawn>();
  const sheets = new Sheets(options);
  await judgeFiles(
    images.map(({ file }) => file),
    options,
    {
      judge: (detector, pictures) => detector.explainBatch(pictures),
      onResult: async (index, detection) => {
        const { file, relative, output: folder } = images[index]!;
        const { logit, probability } = detection;
        const pictures = picturesOf(detection, options.class);
        await writePictures(folder, pictures);
        await sheets.add(`${relative}  p(fake) ${probability.toFixed(4)}`, pictures);
        drawn.set(index, { file, folder, logit, probability, error: null });
      },
      onFailure: (index, { message }) => {
        const { file, output: folder } = images[index]!;
        drawn.set(index, { file, folder, logit: null, probability: null, error: message });
      },
    },
  );
  await sheets.finish();
  return images.map((_, i) => drawn.get(i)!);
}

function picturesOf(detection: ExplainedDetection, which: CamClass): Pictures {
  const { image, gradient, values, logit } = detection;
  const map = normalizeMap(mapForClass(detection.map, which, logit));
  const { width, height } = gradient;
  const channel = (index: 0 | 1 | 2) =>
    heatMap(values, { width, height, channel: index, saturate: SATURATE });
  return {
    image,
    gradient,
    "cam-gradient": overlayMap(gradient, map),
    "cam-image": overlayMap(image, map),
    red: channel(0),
    green: channel(1),
    blue: channel(2),
  };
}

async function writePictures(folder: string, pictures: Pictures): Promise<void> {
  for (const name of PICTURES) {
    await writePicture(path.join(folder, `${name}.png`), pictures[name]);
  }
}

async function writePicture(file: string, picture: RgbImage): Promise<void> {
  await writePng(file, picture).catch((cause: unknown) => {
    throw fileError("write", file, cause);
  });
}

/** Contact sheets of so many images each. */
class Sheets {
  readonly #out: string;
  readonly #rowsEach: number;
  #rows: { readonly label: string; readonly pictures: Pictures }[] = [];
  #written = 0;

  constructor({ out, sheetRows }: CamOptions) {
    this.#out = out;
    this.#rowsEach = sheetRows;
  }

  async add(label: string, pictures: Pictures): Promise<void> {
    this.#rows.push({ label, pictures });
    if (this.#rows.length === this.#rowsEach) await this.finish();
  }

  async finish(): Promise<void> {
    if (this.#rows.length === 0) return;
    const sheet = contactSheet(
      this.#rows.map(({ pictures }) => PICTURES.map((name) => pictures[name])),
      { columnLabels: PICTURES, rowLabels: this.#rows.map(({ label }) => label), margin: 10 },
    );
    this.#rows = [];
    this.#written += 1;
    await writePicture(path.join(this.#out, `sheet-${this.#written}.png`), sheet);
  }
}
