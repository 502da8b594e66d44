/*
 * Images of a labelled tree, cut into crops of one size: a new folder of the same tree, whole or not
 * at all.
 */
import path from "node:path";
import { crop, type RgbImage } from "@fauxgrad/models/transforms";
import { jpegRoundTrip, randomFor } from "@fauxgrad/training";
import { writeFileAtomic } from "../io/atomic-write.ts";
import { type DecodePool, isDecoded } from "../io/decode-pool.ts";
import { ImageError } from "../io/image-error.ts";
import { jpegCodec } from "../io/jpeg-codec.ts";
import { encodePng } from "../io/write-png.ts";
import { interruption } from "../terminal/interrupt.ts";
import { startProgress } from "../terminal/progress.ts";
import type { LabelledFile } from "./labelled-files.ts";
import { hashBytes, makeFolder } from "./lay-out.ts";
import { bicubic, shrink } from "./resample.ts";

/** How crops are compressed before they are kept. */
export interface JpegDraw {
  /** Share of the crops, in [0, 1]. */
  readonly share: number;
  /** Qualities, both ends included. */
  readonly quality: readonly [lowest: number, highest: number];
  readonly seed: number;
}

/** One crop of the manifest. */
export interface CropEntry {
  /** Below the new folder, with "/". */
  readonly file: string;
  /** Below the source, with "/". */
  readonly source: string;
  readonly left: number;
  readonly top: number;
  /** Of the JPEG that it went through; null for none. */
  readonly quality: number | null;
  /** Of the PNG's bytes, in hexadecimal. */
  readonly sha256: string;
}

/**
 * The quality of a crop's JPEG; null for none. It depends on the seed, the file's name and the
 * crop's place in the image, not on the folders: a fake and the photograph it was made from, which
 * have one name, get the same.
 */
export function drawQuality({ share, quality, seed }: JpegDraw, name: string): number | null {
  const random = randomFor(seed, "crops", name);
  const [lowest, highest] = quality;
  if (random.uniform() >= share) return null;
  return lowest + random.integer(highest - lowest + 1);
}

/** What {@link cutCrops} is to do. */
export interface CutOptions {
  readonly out: string;
  /** Side of a crop. */
  readonly size: number;
  /** Pixels from one crop to the next; less than the side, and they overlap. */
  readonly stride: number;
  /** How many times an image is shrunk, and enlarged again, before it is cut; 1 for not at all. */
  readonly resample: number;
  readonly jpeg: JpegDraw;
  readonly maxPixels?: number;
  readonly pool: DecodePool;
  /** What the manifest says before its list of files. */
  readonly header: Readonly<Record<string, unknown>>;
}

/** What came of it. */
export interface CutResult {
  readonly entries: readonly CropEntry[];
  /** Images that could not be decoded, or are smaller than a crop. */
  readonly problems: readonly ImageError[];
}

/**
 * Cuts the crops that fit, every `stride` pixels from the upper left corner; what remains at the
 * right and at the bottom is dropped.
 *
 * @throws {ImageError} if no image gave a crop: the first one's
 * @throws {FileError} if the system refuses; then nothing is there
 * @throws {Interrupted} likewise
 */
export async function cutCrops(
  images: readonly LabelledFile[],
  { out, header, ...options }: CutOptions,
): Promise<CutResult> {
  return makeFolder(out, header, async (temporary) => {
    const result = await fill(temporary, images, options);
    return { entries: result.entries, result };
  });
}

async function fill(
  folder: string,
  images: readonly LabelledFile[],
  { size, stride, resample, jpeg, pool, maxPixels }: Omit<CutOptions, "out" | "header">,
): Promise<CutResult> {
  const entries: CropEntry[] = [];
  const problems: ImageError[] = [];
  const files = images.map(({ file }) => file);
  const limit = maxPixels === undefined ? {} : { maxPixels };
  const progress = startProgress({ total: images.length, unit: "images" });
  try {
    for await (const result of pool.decode(files, { signal: interruption, ...limit })) {
      const image = images[result.index]!;
      if (!isDecoded(result)) problems.push(result.error);
      else if (Math.min(...wholeSides(result.image, resample)) < size) {
        problems.push(tooSmall(image.file, result.image, size, resample));
      } else {
        const seen = await resampled(result.image, resample);
        for (const place of placesIn(seen, size, stride)) {
          const name = nameOf(image.path, place);
          const quality = drawQuality(jpeg, path.posix.basename(name));
          const cut = crop(seen, { ...place, width: size, height: size });
          const kept = quality === null ? cut : await jpegRoundTrip(cut, jpegCodec, { quality });
          const bytes = await encodePng(kept);
          const file = `${name}.png`;
          await writeFileAtomic(path.join(folder, ...file.split("/")), bytes);
          const sha256 = hashBytes(bytes);
          entries.push({ file, source: image.path, ...place, quality, sha256 });
        }
      }
      progress.advance();
    }
  } finally {
    progress.stop();
  }
  const [problem] = problems;
  if (entries.length === 0 && problem !== undefined) throw problem;
  return { entries, problems };
}

/** Width and height without what the factor leaves over. */
function wholeSides({ width, height }: RgbImage, factor: number): [number, number] {
  return [width - (width % factor), height - (height % factor)];
}

/** By bicubic interpolation; pixels at the right and at the bottom that the factor leaves over are cut. */
async function resampled(image: RgbImage, factor: number): Promise<RgbImage> {
  if (factor === 1) return image;
  const [width, height] = wholeSides(image, factor);
  const whole = crop(image, { left: 0, top: 0, width, height });
  return bicubic(await shrink(whole, factor), whole);
}

interface Place {
  readonly left: number;
  readonly top: number;
}

function placesIn({ width, height }: RgbImage, size: number, stride: number): Place[] {
  const starts = (side: number) =>
    Array.from({ length: Math.floor((side - size) / stride) + 1 }, (_, i) => i * stride);
  return starts(height).flatMap((top) => starts(width).map((left) => ({ left, top })));
}

/** `train/real/001-0.webp` at left 128, top 0: `train/real/001-0-0-128`. */
function nameOf(image: string, { left, top }: Place): string {
  const { dir, name } = path.posix.parse(image);
  return path.posix.join(dir, `${name}-${top}-${left}`);
}

function tooSmall(
  file: string,
  { width, height }: RgbImage,
  size: number,
  resample: number,
): ImageError {
  const multiple = resample === 1 ? "" : ` in whole multiples of ${resample}, by --resample`;
  return new ImageError({
    file,
    problem: `${width} x ${height} pixels hold no crop of ${size} x ${size}${multiple}`,
    remedy: "Choose a smaller --size, or leave the image out.",
  });
}
