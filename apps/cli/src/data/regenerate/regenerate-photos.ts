/*
 * Photographs to real and fake images. Threads decode the photographs to come while the device works
 * on one. Files appear whole; those that are there already are not made again.
 */
import { open } from "node:fs/promises";
import path from "node:path";
import type { RgbImage } from "@fauxgrad/models/transforms";
import { type DecodePool, isDecoded } from "../../io/decode-pool.ts";
import type { ImageError } from "../../io/image-error.ts";
import { writePng } from "../../io/write-png.ts";
import { fileError } from "../../session/files.ts";
import { interruption, untilInterrupted } from "../../terminal/interrupt.ts";
import { startProgress } from "../../terminal/progress.ts";
import type { Regenerate } from "./load-generator.ts";
import { type Photo, type Recipe, writeManifest } from "./manifest.ts";
import { chooseRegions, cutMargin, cutRegion, SIDE, scalePhoto } from "./regions.ts";

/** A class of fakes. */
export interface FakeClass {
  readonly name: string;
  /** Whether it is a control, which is for the test split only. */
  readonly isControl: boolean;
  readonly regenerate: Regenerate;
}

/** What {@link regeneratePhotos} goes by. */
export interface RegenerateOptions {
  readonly out: string;
  readonly recipe: Recipe;
  readonly classes: readonly FakeClass[];
  readonly pool: DecodePool;
  readonly maxPixels?: number;
}

/** What came of it. */
export interface RegenerateResult {
  readonly photos: readonly Photo[];
  /** Images written now. */
  readonly written: number;
  /** Photographs that cannot be decoded. */
  readonly problems: readonly ImageError[];
}

/** The class of the photographs' own images. */
export const REAL = "real";

/**
 * Makes the images of each photograph that are not there yet.
 *
 * @param photos what an earlier run has noted, included
 * @throws {FileError} if the system refuses
 * @throws {DeviceError} if the device cannot
 * @throws {Interrupted} at a signal; what was written stays
 */
export async function regeneratePhotos(
  photos: readonly Photo[],
  options: RegenerateOptions,
): Promise<RegenerateResult> {
  const { out, recipe, pool, maxPixels } = options;
  const noted = [...photos];
  const problems: ImageError[] = [];
  let written = 0;
  const work: number[] = [];
  for (const [i, photo] of photos.entries()) {
    if (!(await isDone(photo, options))) work.push(i);
  }
  await writeManifest(out, recipe, noted);
  const progress = startProgress({ total: work.length, unit: "photos" });
  const limit = maxPixels === undefined ? {} : { maxPixels };
  const files = work.map((i) => photos[i]!.path);
  try {
    // A photograph is large, and its images take long.
    for await (const decoded of pool.decode(files, {
      signal: interruption,
      prefetch: 2,
      ...limit,
    })) {
      const i = work[decoded.index]!;
      if (isDecoded(decoded)) {
        const onImage = (name: string): void => progress.advance(0, name);
        const one = await regeneratePhoto(noted[i]!, decoded.image, options, onImage);
        noted[i] = one.photo;
        written += one.written;
        await writeManifest(out, recipe, noted);
      } else {
        problems.push(decoded.error);
      }
      progress.advance();
    }
  } finally {
    progress.stop();
  }
  return { photos: noted, written, problems };
}

/** Files of an image by class, below the output folder. */
function filesOf({ photo, split }: Photo, region: number, { out, classes }: RegenerateOptions) {
  const fakes = classes.filter(({ isControl }) => !isControl || split === "test");
  return [{ name: REAL, regenerate: null }, ...fakes].map(({ name, regenerate }) => ({
    regenerate,
    name: `${split}/${name}/${photo}-${region}`,
    file: path.join(out, split, name, `${photo}-${region}.png`),
  }));
}

async function isDone(photo: Photo, options: RegenerateOptions): Promise<boolean> {
  if (photo.regions === null) return false;
  for (const region of photo.regions.keys()) {
    for (const { file } of filesOf(photo, region, options)) {
      if (!(await isWhole(file))) return false;
    }
  }
  return true;
}

async function regeneratePhoto(
  photo: Photo,
  image: RgbImage,
  options: RegenerateOptions,
  onImage: (name: string) => void,
): Promise<{ readonly photo: Photo; readonly written: number }> {
  const { texture: least, regions: most } = options.recipe;
  const scaled = scalePhoto(image, options.recipe);
  const places = chooseRegions(scaled, { least, most });
  let written = 0;
  for (const [number, place] of places.entries()) {
    const region = cutRegion(scaled, place);
    for (const { file, name, regenerate } of filesOf(photo, number, options)) {
      interruption.throwIfAborted();
      if (await isWhole(file)) continue;
      onImage(name);
      const whole = regenerate === null ? region : await untilInterrupted(regenerate(region));
      await writePng(file, cutMargin(whole)).catch((cause: unknown) => {
        throw fileError("write", file, cause);
      });
      written += 1;
    }
  }
  const size = [scaled.width, scaled.height] as const;
  return { photo: { ...photo, scaled: size, regions: places }, written };
}

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** Up to the width and height. */
const HEAD = 24;
/** The last chunk: no bytes, its name, its checksum. */
const END = [0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82];

/** Whether a file is a PNG of our size from its first chunk to its last. */
export async function isWhole(file: string): Promise<boolean> {
  try {
    await using handle = await open(file, "r");
    const { size } = await handle.stat();
    if (size < HEAD + END.length) return false;
    const head = Buffer.alloc(HEAD);
    const end = Buffer.alloc(END.length);
    await handle.read(head, 0, HEAD, 0);
    await handle.read(end, 0, END.length, size - END.length);
    const isPng = head.subarray(0, SIGNATURE.length).equals(Buffer.from(SIGNATURE));
    const sides = [head.readUInt32BE(16), head.readUInt32BE(20)];
    return isPng && sides.every((side) => side === SIDE) && end.equals(Buffer.from(END));
  } catch {
    // Whatever stands there is made anew, or writing says why not.
    return false;
  }
}
