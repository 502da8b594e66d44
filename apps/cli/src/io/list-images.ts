import type { Dirent } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import path from "node:path";
import { fileProblem, ImageError } from "./image-error.ts";
import { IMAGE_EXTENSIONS } from "./image-format.ts";

/** One image to work on. */
export interface FoundImage {
  /** Its path, beginning with the input it was found under. */
  readonly file: string;
  /** The path below that input, which an output tree mirrors; a named file's own name. */
  readonly relative: string;
}

/** What {@link listImages} found, and what it could not look into. */
export interface ImageList {
  readonly images: readonly FoundImage[];
  readonly problems: readonly ImageError[];
}

/** How {@link listImages} searches. */
export interface ListOptions {
  /** Folders below the inputs as well. */
  readonly recursive?: boolean;
  /** A folder that is left out, wherever it lies: the output's, so that it is no input again. */
  readonly exclude?: string;
}

/**
 * The images among files and folders, in the order of the inputs; a folder's by path, sorted by
 * code units, so that the order does not depend on the machine.
 *
 * A file named by the user is taken whatever its extension. In folders the extension decides, in
 * any case of letters. Symbolic links are followed, but not into a folder that contains them.
 * Missing and unreadable inputs are `problems`; they do not hide the rest.
 */
export async function listImages(
  inputs: readonly string[],
  options: ListOptions = {},
): Promise<ImageList> {
  const { recursive = true, exclude } = options;
  const images = new Map<string, FoundImage>();
  const problems: ImageError[] = [];
  const excluded = exclude === undefined ? null : await realpath(exclude).catch(() => null);
  for (const input of inputs) {
    const walk: Walk = { input, recursive, excluded, found: [], problems };
    await visitInput(walk);
    walk.found.sort((a, b) => (a.relative < b.relative ? -1 : a.relative > b.relative ? 1 : 0));
    for (const image of walk.found) {
      // The same file by the same way, named twice, is one image.
      const key = `${path.resolve(image.file)}\0${image.relative}`;
      if (!images.has(key)) images.set(key, image);
    }
  }
  return { images: [...images.values()], problems };
}

interface Walk {
  readonly input: string;
  readonly recursive: boolean;
  readonly excluded: string | null;
  readonly found: FoundImage[];
  readonly problems: ImageError[];
}

async function visitInput(walk: Walk): Promise<void> {
  const { input, found, problems } = walk;
  try {
    if ((await stat(input)).isDirectory()) {
      const real = await realpath(input);
      const known = problems.length;
      await visitFolder(walk, "", [real]);
      if (found.length === 0 && problems.length === known) problems.push(emptyFolder(walk));
    } else {
      found.push({ file: input, relative: path.basename(input) });
    }
  } catch (cause) {
    problems.push(fileProblem(input, cause));
  }
}

/** @param ancestors real paths from the input down to this folder, to notice a circle */
async function visitFolder(walk: Walk, relative: string, ancestors: string[]): Promise<void> {
  const folder = path.join(walk.input, relative);
  let entries: Dirent[];
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (cause) {
    walk.problems.push(fileProblem(folder, cause));
    return;
  }
  for (const entry of entries) {
    const below = path.join(relative, entry.name);
    const kind = await kindOf(path.join(walk.input, below), entry);
    if (kind === "file" && isImageName(entry.name)) {
      found(walk, below);
    } else if (kind === "folder" && walk.recursive) {
      const real = await realpath(path.join(walk.input, below));
      if (real !== walk.excluded && !ancestors.includes(real)) {
        await visitFolder(walk, below, [...ancestors, real]);
      }
    } else if (kind instanceof Error && isImageName(entry.name)) {
      walk.problems.push(fileProblem(path.join(walk.input, below), kind));
    }
  }
}

function found(walk: Walk, relative: string): void {
  walk.found.push({ file: path.join(walk.input, relative), relative });
}

/** Looks through a link; an Error where it leads nowhere. */
async function kindOf(file: string, entry: Dirent): Promise<"file" | "folder" | "other" | Error> {
  let target: { isFile(): boolean; isDirectory(): boolean } = entry;
  if (entry.isSymbolicLink()) {
    try {
      target = await stat(file);
    } catch (cause) {
      return cause instanceof Error ? cause : new Error(String(cause));
    }
  }
  if (target.isDirectory()) return "folder";
  return target.isFile() ? "file" : "other";
}

/** Temporary files of an interrupted copy begin with a dot, and are none of ours. */
function isImageName(name: string): boolean {
  const lower = name.toLowerCase();
  return !name.startsWith(".") && IMAGE_EXTENSIONS.some((extension) => lower.endsWith(extension));
}

function emptyFolder({ input, recursive }: Walk): ImageError {
  return new ImageError({
    file: input,
    problem: `the folder holds no image${recursive ? "" : " (folders below it are not searched)"}`,
    details: [`looked for  ${IMAGE_EXTENSIONS.join(" ")}, in any case of letters`],
    remedy: "Name another folder, or the files themselves.",
  });
}
