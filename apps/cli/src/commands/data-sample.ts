import { fewShots, groupingKey, withSharedReals } from "@fauxgrad/training";
import type { Command } from "commander";
import {
  addTreeOptions,
  findLabelledFiles,
  type LabelledFile,
  noteFindings,
} from "../data/labelled-files.ts";
import { checkNewFolder, hashFile, layOut } from "../data/lay-out.ts";
import { countSets, placeFiles, printCounts } from "../data/placed-files.ts";
import { addLayOutOptions, groupingText, type LayOutOptions } from "../data/split-options.ts";
import { setAction } from "../terminal/command.ts";
import { CommandLineError, exitCodes } from "../terminal/errors.ts";
import { interruption } from "../terminal/interrupt.ts";
import { note, printJson } from "../terminal/output.ts";
import { parseCount } from "../terminal/parse.ts";
import { startProgress } from "../terminal/progress.ts";
import { plural } from "../terminal/units.ts";

interface SampleOptions extends LayOutOptions {
  readonly shots: number;
}

const EXAMPLES = `
Examples:
  fauxgrad data sample dataset/ --shots 100 --layout tgd --out few/
      few/GENERATOR/100_shot/{0,1}: 100 real and 100 fake images of each generator.
  fauxgrad data sample dataset/ --shots 200 --generators realcugan --out few-200/
      few-200/train/realcugan/{0_real,1_fake}; its first 100 are those of --shots 100.

Images come from the training split, or from everything where there are no splits. What is in the
validation or test split as well, under whatever name, is not taken; with --group-by neither is
another picture of the same photograph or person.`;

/** `fauxgrad data sample` */
export function addDataSample(data: Command): void {
  const command = data
    .command("sample")
    .summary("few-shot subsets: N images of each class and generator")
    .description("Lays out a small subset; that of fewer shots is a part of that of more.")
    .argument("<dir>", "a data set, in any layout");
  addTreeOptions(addLayOutOptions(command))
    .requiredOption("--shots <n>", "images of each class and generator", parseCount)
    .addHelpText("after", EXAMPLES);
  setAction<SampleOptions>(command, sample);
}

async function sample([folder]: readonly string[], options: SampleOptions): Promise<number> {
  const { out, layout, seed, shots, link, groupBy } = options;
  await checkNewFolder(out);
  const found = await findLabelledFiles(folder!, options);
  noteFindings(found);
  const candidates = await unseen(found.images, folder!, options);
  const grouping = groupBy === undefined ? {} : { grouping: groupBy };
  // Shared first: else a generator would get those of the N real images that lie in its categories.
  const shared = withSharedReals(candidates.map(asTrain));
  const chosen = fewShots(shared, { seed, shots, ...grouping });
  const part = layout === "tgd" ? `${shots}_shot` : "train";
  const entries = await layOut(placeFiles(chosen, layout, part), {
    out,
    link,
    header: {
      ...{ command: "fauxgrad data sample", layout, seed, shots },
      groupBy: groupingText(groupBy ?? "stem"),
    },
  });
  const sets = countSets(chosen);
  if (options.json) printJson({ out, files: entries.length, sets });
  else printCounts(sets);
  return found.problems.length > 0 ? exitCodes.failed : exitCodes.ok;
}

/** A subset of everything is for training as well. */
function asTrain<Image extends { readonly split: unknown }>(image: Image) {
  return { ...image, split: "train" as const };
}

/** The training images without those that validation and test have too. */
async function unseen(
  images: readonly LabelledFile[],
  folder: string,
  { groupBy }: SampleOptions,
): Promise<LabelledFile[]> {
  if (images.every(({ split }) => split === null)) return [...images];
  const train = images.filter(({ split }) => split === "train");
  const others = images.filter(({ split }) => split !== "train");
  if (train.length === 0) {
    throw new CommandLineError(
      `${folder} has no training split\nName a data set with a folder train, or one that is not split.`,
    );
  }
  if (others.length === 0) return train;
  const seen = new Set(await hashes(others));
  const keys = new Set(
    groupBy === undefined ? [] : others.map((image) => groupingKey(image, groupBy)),
  );
  const own = await hashes(train);
  const kept = train.filter(
    (image, i) =>
      !seen.has(own[i]!) && (groupBy === undefined || !keys.has(groupingKey(image, groupBy))),
  );
  const left = train.length - kept.length;
  if (left > 0) {
    note(`${plural(left, "training image")} not taken: validation or test has the same.`);
  }
  return kept;
}

async function hashes(images: readonly LabelledFile[]): Promise<string[]> {
  const progress = startProgress({ total: images.length, unit: "files read" });
  const result: string[] = [];
  try {
    for (const { file } of images) {
      interruption.throwIfAborted();
      result.push(await hashFile(file));
      progress.advance();
    }
  } finally {
    progress.stop();
  }
  return result;
}
