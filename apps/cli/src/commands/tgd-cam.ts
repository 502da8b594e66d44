import path from "node:path";
import { contactSheet, type RgbImage, resize } from "@fauxgrad/models/transforms";
import { type CamTarget, camTargets, TgdDetector, type TgdExplanation } from "@fauxgrad/tgd";
import { inUnits, normalizeMap, overlayMap } from "@fauxgrad/training";
import { type Command, Option } from "commander";
import { judgeFilesBy } from "../detection/judge-files.ts";
import { listImages } from "../io/list-images.ts";
import { type PlannedImage, planOutputs } from "../io/output-paths.ts";
import { writePng } from "../io/write-png.ts";
import { fileError } from "../session/files.ts";
import { deviceLine, type GpuSession, openGpu } from "../session/open-gpu.ts";
import { setAction } from "../terminal/command.ts";
import { CommandLineError, exitCodes } from "../terminal/errors.ts";
import { note, print, printJson } from "../terminal/output.ts";
import { parseCount } from "../terminal/parse.ts";
import { plural } from "../terminal/units.ts";
import { readBeforeModel } from "../tgd/before.ts";
import { type ModelFile, readModel } from "../tgd/model-file.ts";
import { addModelOptions, type ModelOptions, modelChoice } from "../tgd/model-options.ts";
import { batchSizeOf } from "../tgd/open-model.ts";

interface CamOptions extends ModelOptions {
  readonly out: string;
  readonly before?: string;
  readonly layer: string;
  readonly class: CamTarget;
  readonly sheetRows: number;
  readonly json?: boolean;
}

/** Of Grad-CAM's reference code. */
const EPSILON = 1e-7;
/** As the reference code mixes: half and half, then brightened. */
const MIX = { heat: 0.5, image: 0.5, stretch: true } as const;

/** Of a picture on a contact sheet, in pixels. */
const LEAST_SIDE = 128;

const DETAILS = `
Into a folder for each image, DIR/NAME/, go image.png (as the network was given it) and cam.png, the
map over it; with --before also cam-before.png, the same by the model before the transfer.
DIR/sheet-1.png and so on show them side by side. Red is what speaks for the class. Maps have the
layer's resolution: at 128 pixels head 4 x 4, block10 8 x 8, block4 16 x 16, block2 32 x 32.

Example:
  fauxgrad tgd cam faces/ --weights runs/pggan-star --before runs/pggan --layer block10 --out maps/`;

/** `fauxgrad tgd cam` */
export function addTgdCam(tgd: Command): void {
  const command = tgd
    .command("cam")
    .summary("where a detector looked, before and after a transfer")
    .description("Draws Grad-CAM maps over images, as Figs. 8 and 9.")
    .argument("<paths...>", "images, or folders of images")
    .requiredOption("--out <dir>", "the folder to write into")
    .option("--before <model>", "the model before the transfer, for a pair");
  addModelOptions(command)
    .option("--layer <name>", "head, block10, block4, block2, or another block", "head")
    .addOption(
      new Option("--class <class>", "the logit that is explained: margin is fake minus real")
        .choices(camTargets)
        .default("fake"),
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
  readonly margin: number | null;
  readonly probability: number | null;
  readonly error: string | null;
}

async function drawMaps(paths: readonly string[], options: CamOptions): Promise<number> {
  const { out, json } = options;
  const { images, problems } = await listImages(paths, { exclude: out });
  for (const { message } of problems) note(message);
  // Named like a file without its ending: a folder of its own for each image.
  const planned = await planOutputs(images, { out, extension: "" });
  const drawn = planned.length > 0 ? await drawAll(planned, options) : [];
  const failed = drawn.filter(({ error }) => error !== null).length + problems.length;
  if (json === true) {
    const failures = problems.map(({ file, problem }) => ({ file, error: problem }));
    const { class: target, layer } = options;
    printJson({ out, class: target, layer, images: [...drawn, ...failures] });
  } else {
    const done = drawn.filter(({ error }) => error === null).length;
    print(`maps of ${plural(done, "image")}${failed > 0 ? `, ${failed} failed` : ""}, into ${out}`);
  }
  return failed > 0 ? exitCodes.failed : exitCodes.ok;
}

/** One image by the model, and by the one before. */
interface Pair {
  readonly now: TgdExplanation;
  readonly before: TgdExplanation | null;
}

async function drawAll(images: readonly PlannedImage[], options: CamOptions): Promise<Drawn[]> {
  const model = classifierOf(await readModel(modelChoice(options)));
  const { before: given } = options;
  const earlier = given === undefined ? null : await readBeforeModel(given, options);
  const session = await openGpu(options);
  const detector = load(session, model);
  const previous = earlier === null ? null : load(session, classifierOf(earlier));
  const explain = { layer: options.layer, target: options.class };
  const side = model.recipe.augmentation.size;
  const drawn = new Map<number, Drawn>();
  const rows: SheetRow[] = [];
  await judgeFilesBy<Pair>(
    images.map(({ file }) => file),
    {
      line: `${model.recipe.network.name} of ${model.file}, on ${deviceLine(session.info)}`,
      batchSize: batchSizeOf(options.batchSize, session),
      ...{ filter: "bilinear", size: { width: side, height: side }, maxPixels: options.maxPixels },
      judge: async (pictures) => {
        const by = (judge: TgdDetector) =>
          inUnits(pictures, (unit) => judge.explain(unit, explain));
        const now = await by(detector);
        const then = previous === null ? null : await by(previous);
        return now.map((each, i) => ({ now: each, before: then?.[i] ?? null }));
      },
      close: () => {
        detector.dispose();
        previous?.dispose();
        session.close();
      },
    },
    {
      onResult: async (index, pair) => {
        const { file, relative, output: folder } = images[index]!;
        const { margin, probability } = pair.now;
        const pictures = picturesOf(pair);
        for (const [name, picture] of Object.entries(pictures)) {
          await writePicture(path.join(folder, `${name}.png`), picture);
        }
        rows.push({ label: `${relative}  p(fake) ${probability.toFixed(4)}`, pictures });
        drawn.set(index, { file, folder, margin, probability, error: null });
      },
      onFailure: (index, { message }) => {
        const { file, output: folder } = images[index]!;
        drawn.set(index, { file, folder, margin: null, probability: null, error: message });
      },
    },
  );
  await writeSheets(rows, options);
  return images.map((_, i) => drawn.get(i)!);
}

function load({ gpu }: GpuSession, { tensors, recipe }: ModelFile): TgdDetector {
  return TgdDetector.load(gpu, tensors, recipe);
}

function classifierOf(model: ModelFile): ModelFile {
  if (model.recipe.network.name !== "forensic_transfer") return model;
  throw new CommandLineError(
    "ForensicTransfer has no logits to explain\nPass a classifier: a model of a tgd_ network.",
  );
}

type Pictures = Readonly<Record<string, RgbImage>>;

interface SheetRow {
  readonly label: string;
  readonly pictures: Pictures;
}

function picturesOf({ now, before }: Pair): Pictures {
  const over = ({ image, map }: TgdExplanation) =>
    overlayMap(image, normalizeMap(map, EPSILON), MIX);
  return {
    image: now.image,
    ...(before === null ? {} : { "cam-before": over(before) }),
    cam: over(now),
  };
}

async function writeSheets(rows: readonly SheetRow[], { out, sheetRows }: CamOptions) {
  for (let at = 0; at < rows.length; at += sheetRows) {
    const part = rows.slice(at, at + sheetRows);
    const names = Object.keys(part[0]?.pictures ?? {});
    const sheet = contactSheet(
      part.map(({ pictures }) => Object.values(pictures).map(enlarged)),
      { columnLabels: names, rowLabels: part.map(({ label }) => label), margin: 10 },
    );
    await writePicture(path.join(out, `sheet-${at / sheetRows + 1}.png`), sheet);
  }
}

/** Pictures of a small network would leave no room for their labels. */
function enlarged(picture: RgbImage): RgbImage {
  const scale = Math.ceil(LEAST_SIDE / picture.width);
  const size = { width: scale * picture.width, height: scale * picture.height };
  return scale === 1 ? picture : resize(picture, size, "bilinear");
}

async function writePicture(file: string, picture: RgbImage): Promise<void> {
  await writePng(file, picture).catch((cause: unknown) => {
    throw fileError("write", file, cause);
  });
}
