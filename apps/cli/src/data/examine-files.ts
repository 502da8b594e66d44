/*
 * Reads and decodes every image once, and keeps a few numbers of each.
 */
import { crop, type RgbImage } from "@fauxgrad/models/transforms";
import {
  type FileFacts,
  type JpegHistory,
  jpegHistory,
  luma,
  type PerceptualHash,
  perceptualHash,
  readFileFacts,
} from "@fauxgrad/training";
import { type DecodePool, isDecoded } from "../io/decode-pool.ts";
import { ImageError } from "../io/image-error.ts";
import { readWholeFile } from "../session/files.ts";
import { FileError } from "../terminal/errors.ts";
import type { LabelledFile } from "./labelled-files.ts";
import { hashBytes } from "./lay-out.ts";

/** What is known of an image. */
export interface Examined {
  readonly image: LabelledFile;
  readonly bytes: number;
  readonly width: number;
  readonly height: number;
  /** Null where the header cannot be read although the picture can. */
  readonly facts: FileFacts | null;
  /** SHA-256 of the file. */
  readonly fileHash: string;
  /** SHA-256 of size and pixels. */
  readonly pixelHash: string;
  readonly hash: PerceptualHash;
  /** Null for lossy files: they show their own compression. */
  readonly history: JpegHistory | null;
  readonly colour: ColourStatistics;
}

/** Of a picture's pixels, in 0..255. */
export interface ColourStatistics {
  /** Mean luma. */
  readonly brightness: number;
  /** Its standard deviation. */
  readonly contrast: number;
  /** Mean of the largest minus the smallest channel. */
  readonly saturation: number;
}

/** Where {@link examineFiles} tells what it found. */
export interface ExamineOptions {
  readonly pool: DecodePool;
  readonly maxPixels?: number;
  readonly signal: AbortSignal;
  readonly onImage: (examined: Examined) => void;
  readonly onProblem: (image: LabelledFile, error: ImageError) => void;
}

/**
 * Examines the images in their order.
 *
 * @throws the signal's reason when it is aborted
 */
export async function examineFiles(
  images: readonly LabelledFile[],
  { pool, maxPixels, signal, onImage, onProblem }: ExamineOptions,
): Promise<void> {
  const files = images.map(({ file }) => file);
  const options = maxPixels === undefined ? { signal } : { signal, maxPixels };
  for await (const result of pool.decode(files, options)) {
    const image = images[result.index]!;
    if (!isDecoded(result)) {
      onProblem(image, result.error);
      continue;
    }
    try {
      onImage(await examine(image, result.image));
    } catch (cause) {
      if (!(cause instanceof FileError)) throw cause;
      onProblem(image, vanished(image.file, cause));
    }
  }
}

/** Decoded a moment ago: somebody is changing the folder. */
function vanished(file: string, cause: FileError): ImageError {
  const problem = `it was there, but ${cause.message}`;
  return new ImageError({ file, problem, remedy: "Run the audit again." }, { cause });
}

async function examine(image: LabelledFile, picture: RgbImage): Promise<Examined> {
  const bytes = await readWholeFile(image.file, "the image");
  const { width, height } = picture;
  const facts = readFileFacts(bytes);
  return {
    image,
    bytes: bytes.length,
    width,
    height,
    facts,
    fileHash: hashBytes(bytes),
    pixelHash: hashBytes(`${width} ${height} `, picture.data),
    hash: perceptualHash(picture),
    history: facts?.isLossless ? jpegHistory(luma(middle(picture))) : null,
    colour: colourStatistics(picture),
  };
}

/** Of a large picture the middle, cut where blocks of 8 that begin at the corner begin. */
const MOST_SIDE = 1024;

function middle(picture: RgbImage): RgbImage {
  const { width, height } = picture;
  if (width <= MOST_SIDE && height <= MOST_SIDE) return picture;
  const begin = (side: number) => Math.max(0, Math.floor((side - MOST_SIDE) / 16) * 8);
  return crop(picture, {
    left: begin(width),
    top: begin(height),
    width: Math.min(width, MOST_SIDE),
    height: Math.min(height, MOST_SIDE),
  });
}

const MOST_PIXELS = 1_000_000;

/** Of about a million pixels at most, spread evenly. */
export function colourStatistics({ data }: RgbImage): ColourStatistics {
  const pixels = data.length / 3;
  // An odd step does not fall into the columns of an even width.
  const step = 3 * (2 * Math.floor(pixels / MOST_PIXELS / 2) + 1);
  let count = 0;
  let sum = 0;
  let squares = 0;
  let saturation = 0;
  for (let i = 0; i < data.length; i += step) {
    const [red, green, blue] = [data[i]!, data[i + 1]!, data[i + 2]!];
    const grey = 0.299 * red + 0.587 * green + 0.114 * blue;
    sum += grey;
    squares += grey * grey;
    saturation += Math.max(red, green, blue) - Math.min(red, green, blue);
    count += 1;
  }
  const brightness = sum / count;
  const contrast = Math.sqrt(Math.max(0, squares / count - brightness * brightness));
  return { brightness, contrast, saturation: saturation / count };
}
