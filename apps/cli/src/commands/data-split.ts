import { balanceClasses, type Shares, splitImages, withSharedReals } from "@fauxgrad/training";
import type { Command } from "commander";
import {
  addTreeOptions,
  findLabelledFiles,
  type LabelledFile,
  noteFindings,
} from "../data/labelled-files.ts";
import { checkNewFolder, layOut } from "../data/lay-out.ts";
import { countSets, noteSharedContent, placeFiles, printCounts } from "../data/placed-files.ts";
import {
  addLayOutOptions,
  groupingText,
  type LayOutOptions,
  parseCounts,
  parseRatios,
} from "../data/split-options.ts";
import { setAction } from "../terminal/command.ts";
import { CommandLineError, exitCodes } from "../terminal/errors.ts";
import { note, printJson } from "../terminal/output.ts";
import { plural } from "../terminal/units.ts";

interface SplitCommandOptions extends LayOutOptions {
  readonly ratios?: Shares;
  readonly counts?: Shares;
  readonly keepSplits?: boolean;
  readonly balance?: boolean;
}

const EXAMPLES = `
Examples:
  fauxgrad data split photos/ --out dataset/ --seed 1
      0_real and 1_fake below photos/ (or real and fake, or 0 and 1), as 8:1:1.
  fauxgrad data split faces/ --out dataset/ --layout tgd --counts 2000:200:500 --link hardlink
      As many images of each class, in T-GD's layout.
  fauxgrad data split crops/ --out dataset/ --group-by '([0-9]+)-[0-9]+\\.webp$'
      All crops of a photograph in one split.
  fauxgrad data split sr-gan/ --out dataset/ --keep-splits
      The splits that there are, in another layout; one real folder for all generators.

The split depends on the seed and the files' names only. By default files with one name (without the
extension) stay together, whatever their folders: a fake and the photograph it was made from.`;

/** `fauxgrad data split` */
export function addDataSplit(data: Command): void {
  const command = data
    .command("split")
    .summary("real and fake folders into train, val and test, by a seed")
    .description("Lays out a data set as a new folder with a manifest; overwrites nothing.")
    .argument("<src>", "folder with real and fake images");
  addTreeOptions(addLayOutOptions(command))
    .option("--ratios <t:v:t>", "shares of train, val and test (default: 8:1:1)", parseRatios)
    .option("--counts <t:v:t>", "images of each class and generator instead", parseCounts)
    .option("--keep-splits", "the source's own splits")
    .option("--balance", "as many real as fake images in each split of each generator")
    .addHelpText("after", EXAMPLES);
  setAction<SplitCommandOptions>(command, split);
}

async function split([source]: readonly string[], options: SplitCommandOptions): Promise<number> {
  checkOptions(options);
  const { out, layout, seed, groupBy = "stem", link, balance = false } = options;
  await checkNewFolder(out);
  const found = await findLabelledFiles(source!, options);
  noteFindings(found);
  const divided = divide(found.images, source!, options);
  const chosen = balance ? balanceClasses(divided, { seed, grouping: groupBy }) : divided;
  const unused = found.images.length - new Set(chosen.map(({ path }) => path)).size;
  const entries = await layOut(placeFiles(chosen, layout), {
    out,
    link,
    header: {
      command: "fauxgrad data split",
      layout,
      seed,
      groupBy: groupingText(groupBy),
      ...sharesOf(options),
      balance,
    },
  });
  noteSharedContent(entries);
  if (unused > 0) note(`${plural(unused, "image")} left out.`);
  const sets = countSets(chosen);
  if (options.json) printJson({ out, files: entries.length, unused, sets });
  else printCounts(sets);
  return found.problems.length > 0 ? exitCodes.failed : exitCodes.ok;
}

function checkOptions({ ratios, counts, keepSplits }: SplitCommandOptions): void {
  const given = [
    ...(ratios === undefined ? [] : ["--ratios"]),
    ...(counts === undefined ? [] : ["--counts"]),
    ...(keepSplits ? ["--keep-splits"] : []),
  ];
  if (given.length > 1) {
    throw new CommandLineError(`${given.join(" and ")} exclude each other\nPass one of them.`);
  }
}

function sharesOf({ ratios, counts, keepSplits }: SplitCommandOptions) {
  if (keepSplits) return { keepSplits: true };
  return counts === undefined ? { ratios: ratios ?? DEFAULT_RATIOS } : { counts };
}

const DEFAULT_RATIOS: Shares = { train: 8, val: 1, test: 1 };

/** Images with their splits; those that generators share once for each of them. */
function divide(
  images: readonly LabelledFile[],
  source: string,
  { ratios = DEFAULT_RATIOS, counts, keepSplits, seed, groupBy }: SplitCommandOptions,
): (LabelledFile & { readonly group: string })[] {
  const splits = [...new Set(images.map(({ split: name }) => name))];
  if (keepSplits) {
    if (!splits.includes(null)) return withSharedReals(images);
    throw new CommandLineError(
      `--keep-splits: ${source} has no folders train, val and test\n` +
        "Leave the option out, and it is split.",
    );
  }
  if (splits.some((name) => name !== null)) {
    throw new CommandLineError(
      `${source} is split already: ${splits.join(", ")}\n` +
        "Pass --keep-splits to lay it out as it is, or name a folder below one of them.",
    );
  }
  const by = counts === undefined ? { ratios } : { counts };
  const grouping = groupBy === undefined ? {} : { grouping: groupBy };
  const result = splitImages(images, { seed, by, ...grouping });
  // Shared before: a real image is its category's, wherever the fakes of it went.
  return withSharedReals(images).flatMap((image) => {
    const name = result.get(image.path) ?? null;
    return name === null ? [] : [{ ...image, split: name }];
  });
}
