/*
 * The images below a folder with their labels, for the commands that lay data out or look at it.
 */

import path from "node:path";
import { labelTree, type TreeImage, type TreeOptions } from "@fauxgrad/training";
import type { Command } from "commander";
import type { ImageError } from "../io/image-error.ts";
import { listImages } from "../io/list-images.ts";
import { note } from "../terminal/output.ts";
import { parseNames } from "../terminal/parse.ts";

/** An image of a tree and its file. */
export interface LabelledFile extends TreeImage {
  readonly file: string;
}

/** What {@link findLabelledFiles} found. */
export interface LabelledFiles {
  readonly images: readonly LabelledFile[];
  readonly notices: readonly string[];
  /** What could not be listed. */
  readonly problems: readonly ImageError[];
}

/** Adds `--real`, `--fake` and `--generators`. */
export function addTreeOptions(command: Command): Command {
  return command
    .option("--real <names>", "folders of real images, if they are called otherwise", parseNames)
    .option("--fake <names>", "folders of fake images, each a generator", parseNames)
    .option("--generators <names>", "only these generators", parseNames);
}

/**
 * Lists and labels the images below a folder.
 *
 * @throws {ImageError} if the folder cannot be read or holds no image
 * @throws {RangeError} if no folder is a class, or a generator is not there
 */
export async function findLabelledFiles(
  folder: string,
  { real, fake, generators }: TreeOptions,
): Promise<LabelledFiles> {
  const { images, problems } = await listImages([folder]);
  const [problem] = problems;
  if (images.length === 0 && problem !== undefined) throw problem;
  const files = new Map(
    images.map(({ file, relative }) => [relative.split(path.sep).join("/"), file]),
  );
  const tree = labelTree([...files.keys()], {
    ...(real === undefined ? {} : { real }),
    ...(fake === undefined ? {} : { fake }),
    ...(generators === undefined ? {} : { generators }),
  });
  const labelled = tree.images.map((image) => ({ ...image, file: files.get(image.path)! }));
  return { images: labelled, notices: tree.notices, problems };
}

/** What could not be listed, and what is doubtful, to standard error. */
export function noteFindings({ notices, problems }: LabelledFiles): void {
  for (const { message } of problems) note(message);
  for (const notice of notices) note(notice);
}
