import { realpath } from "node:fs/promises";
import path from "node:path";
import type { FoundImage } from "./list-images.ts";

/** An image and the file that will be made of it. */
export interface PlannedImage extends FoundImage {
  readonly output: string;
}

/** How {@link planOutputs} names files. */
export interface OutputOptions {
  /** The folder that mirrors the input tree. */
  readonly out: string;
  /**
   * LGrad's own tree: the folder that holds an image gets the suffix `_grad`, and a name is cut at
   * its first dot instead of its last one.
   */
  readonly officialLayout?: boolean;
  /** With its dot; of the file that is written. */
  readonly extension?: string;
}

/** Two files would be one. The message lists every such pair; nothing has been written. */
export class CollisionError extends Error {
  override readonly name = "CollisionError";
}

const MOST_LISTED = 20;

/**
 * Says where the result of each image goes, and refuses before anything runs if a result would
 * overwrite another one or an input. Names that differ in case only count as equal: on macOS and
 * Windows they are.
 *
 * @throws {CollisionError} listing both sides of each collision
 */
export async function planOutputs(
  images: readonly FoundImage[],
  options: OutputOptions,
): Promise<PlannedImage[]> {
  const planned = images.map((image) => ({ ...image, output: outputPath(image, options) }));
  const identity = identities();
  const inputs = new Map<string, string>();
  for (const { file } of images) {
    inputs.set(await identity(file), file);
    // A link: what it leads to must survive as well.
    inputs.set(await identity(await realpath(file).catch(() => file)), file);
  }

  const byOutput = new Map<string, PlannedImage>();
  const collisions: string[] = [];
  for (const image of planned) {
    const key = await identity(image.output);
    const rival = byOutput.get(key);
    const victim = inputs.get(key);
    if (rival !== undefined) {
      collisions.push(`${rival.file}\n  ${image.file}\n    both to ${image.output}`);
    } else if (victim !== undefined) {
      collisions.push(`${image.file}\n    to ${image.output}, which is an input`);
    } else {
      byOutput.set(key, image);
    }
  }
  for (const [key, image] of byOutput) {
    const folder = folderAbove(key, byOutput);
    if (folder === undefined) continue;
    collisions.push(
      `${folder.file}\n    to ${folder.output}, which must be a folder for\n  ${image.file}`,
    );
  }
  if (collisions.length > 0) throw new CollisionError(collisionMessage(collisions));
  return planned;
}

/** The mirrored path of one image, `OUT/relative folder/name.png`. */
export function outputPath(image: FoundImage, options: OutputOptions): string {
  const { out, officialLayout = false, extension = ".png" } = options;
  const { dir, base, name } = path.parse(image.relative);
  const stem = officialLayout ? base.slice(0, firstDot(base)) : name;
  const folder = officialLayout && dir !== "" ? `${dir}_grad` : dir;
  return path.join(out, folder, `${stem}${extension}`);
}

/** A leading dot begins the name and does not end it. */
function firstDot(base: string): number {
  const dot = base.indexOf(".", 1);
  return dot === -1 ? base.length : dot;
}

/** The planned file that an output would need as a folder. */
function folderAbove(key: string, byOutput: ReadonlyMap<string, PlannedImage>) {
  for (let above = path.dirname(key); above !== path.dirname(above); above = path.dirname(above)) {
    const image = byOutput.get(above);
    if (image !== undefined) return image;
  }
  return undefined;
}

/**
 * Makes the function that gives a file its identity: its absolute path with links resolved as far
 * as it exists, in one case and one Unicode form.
 */
function identities(): (file: string) => Promise<string> {
  const known = new Map<string, Promise<string>>();
  const resolve = (folder: string): Promise<string> => {
    let real = known.get(folder);
    if (real === undefined) {
      const parent = path.dirname(folder);
      real = realpath(folder).catch(async () =>
        parent === folder ? folder : path.join(await resolve(parent), path.basename(folder)),
      );
      known.set(folder, real);
    }
    return real;
  };
  return async (file) => {
    const absolute = path.resolve(file);
    const real = path.join(await resolve(path.dirname(absolute)), path.basename(absolute));
    return real.normalize("NFC").toLowerCase();
  };
}

function collisionMessage(collisions: readonly string[]): string {
  const count = collisions.length;
  const listed = collisions.slice(0, MOST_LISTED).map((text) => `  ${text}`);
  if (count > MOST_LISTED) listed.push(`  and ${count - MOST_LISTED} more`);
  return [
    `outputs: ${count === 1 ? "1 file" : `${count} files`} would be overwritten in this run`,
    ...listed,
    "Rename one of each, transform them into different folders, or choose another output folder.",
  ].join("\n");
}
