import { type Command, InvalidArgumentError } from "commander";
import { cutCrops } from "../data/cut-crops.ts";
import { addTreeOptions, findLabelledFiles, noteFindings } from "../data/labelled-files.ts";
import { checkNewFolder } from "../data/lay-out.ts";
import { DecodePool } from "../io/decode-pool.ts";
import { setAction } from "../terminal/command.ts";
import { CommandLineError, exitCodes } from "../terminal/errors.ts";
import { note, print, printJson } from "../terminal/output.ts";
import { parseCount, parseNames, parseSeed, parseShare } from "../terminal/parse.ts";
import { plural } from "../terminal/units.ts";

interface CropsOptions {
  readonly out: string;
  readonly size: number;
  readonly stride?: number;
  readonly splits?: readonly string[];
  readonly resample: number;
  readonly jpegShare: number;
  readonly jpegQuality: readonly [number, number];
  readonly seed: number;
  readonly maxPixels?: number;
  readonly real?: readonly string[];
  readonly fake?: readonly string[];
  readonly generators?: readonly string[];
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  fauxgrad data crops sr-gan/ --out crops/ --size 128
      Each image of 256 x 256 becomes four files: 001-0.webp 001-0-0-0.png, …, 001-0-128-128.png.
  fauxgrad data crops sr-gan/ --out crops/ --size 128 --stride 64
      Nine crops of each, which overlap by half.
  fauxgrad data crops sr-gan/ --out crops/ --splits train,val --jpeg-share 0.5
      Half of the crops go through JPEG of a quality from 70 to 95 before they are written.
  fauxgrad data crops sr-gan/ --out bicubic/ --splits train --resample 4
      Images are shrunk by 4 and enlarged again by bicubic interpolation: what no network made.

Crops keep the image's own pixels: resizing would remove what a generator leaves in them. The
quality is drawn from the seed, the file's name and the crop's place, not from the class: a fake and
the photograph of the same name get the same. The folders stay as they are; data split --keep-splits
lays the crops out for either method.`;

/** `fauxgrad data crops` */
export function addDataCrops(data: Command): void {
  const command = data
    .command("crops")
    .summary("images cut into squares of one size, some through JPEG")
    .description("Cuts the images of a data set into a new folder of the same tree, as PNGs.")
    .argument("<src>", "folder with real and fake images")
    .requiredOption("--out <dir>", "the folder to make; it must not exist")
    .option("--size <n>", "side of a crop", parseCount, 128)
    .option("--stride <n>", "pixels from one crop to the next (default: its side)", parseCount)
    .option("--splits <names>", "only these splits, with commas between", parseNames)
    .option("--resample <n>", "shrink images by n and enlarge them again first", parseCount, 1)
    .option("--jpeg-share <share>", "of the crops that go through JPEG", parseShare, 0)
    .option("--jpeg-quality <a:b>", "lowest and highest quality", parseQualities, [70, 95])
    .option("--seed <n>", "another seed, other qualities", parseSeed, 0)
    .option("--max-pixels <n>", "refuse larger images", parseCount)
    .option("--json", "print the result as JSON");
  addTreeOptions(command).addHelpText("after", EXAMPLES);
  setAction<CropsOptions>(command, crops);
}

/** `70:95` */
export function parseQualities(text: string): readonly [number, number] {
  const match = /^(\d{1,3}):(\d{1,3})$/.exec(text.trim());
  const [lowest, highest] = [Number(match?.[1]), Number(match?.[2])];
  if (match === null || lowest < 1 || highest > 100 || lowest > highest) {
    throw new InvalidArgumentError("Write lowest:highest within 1 to 100, e.g. 70:95.");
  }
  return [lowest, highest];
}

async function crops([source]: readonly string[], options: CropsOptions): Promise<number> {
  const {
    out,
    size,
    stride = size,
    splits,
    resample,
    jpegShare: share,
    jpegQuality: quality,
    seed,
    maxPixels,
  } = options;
  await checkNewFolder(out);
  const found = await findLabelledFiles(source!, options);
  noteFindings(found);
  const images =
    splits === undefined
      ? found.images
      : found.images.filter(({ split }) => splits.includes(split ?? ""));
  if (images.length === 0) {
    const there = [...new Set(found.images.map(({ split }) => split ?? "no split"))].sort();
    throw new CommandLineError(
      `--splits: ${splits?.join(", ")} hold no image\n  ${source} has  ${there.join(", ")}\n` +
        "Choose some of these.",
    );
  }
  const pool = new DecodePool();
  try {
    const { entries, problems } = await cutCrops(images, {
      out,
      size,
      stride,
      resample,
      jpeg: { share, quality, seed },
      pool,
      ...(maxPixels === undefined ? {} : { maxPixels }),
      header: {
        command: "fauxgrad data crops",
        size,
        stride,
        resample,
        jpegShare: share,
        jpegQuality: quality,
        seed,
      },
    });
    for (const { message } of problems) note(message);
    const compressed = entries.filter((entry) => entry.quality !== null).length;
    const count = { images: images.length, crops: entries.length, compressed };
    if (options.json) printJson({ out, ...count, failed: problems.length });
    else print(`${plural(entries.length, "crop")} of ${plural(images.length, "image")} in ${out}`);
    return problems.length + found.problems.length > 0 ? exitCodes.failed : exitCodes.ok;
  } finally {
    await pool.close();
  }
}
