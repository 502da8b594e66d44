/*
 * A file to 8-bit RGB, as `PIL.Image.open(file).convert("RGB")` gives it: alpha dropped and not
 * composited, palettes and grey expanded, 16 bits cut to the high byte, CMYK by Pillow's formula,
 * EXIF orientation and colour profiles not applied, the first frame of an animation. docs/images.md
 * says what was compared with Pillow, and where the two differ.
 *
 * The content decides about the format, not the name. Sizes are read from the header and checked
 * before anything is decoded.
 */
import type { RgbImage } from "@fauxgrad/models/transforms";
import sharp, { type Metadata, type SharpOptions } from "sharp";
import { decodeBmp } from "./bmp.ts";
import { BmpError } from "./bmp-error.ts";
import { BMP_HEADER_BYTES, type BmpHeader, readBmpHeader } from "./bmp-header.ts";
import { ImageError } from "./image-error.ts";
import { endsEarly, readBytes, withImageFile } from "./image-file.ts";
import { FORMAT_NAMES, type ImageFormat, SNIFF_BYTES } from "./image-format.ts";
import { requireFormat } from "./require-format.ts";
import { cmykToRgb, toRgb } from "./to-rgb.ts";

/** Pillow warns of a decompression bomb above this many pixels (`Image.MAX_IMAGE_PIXELS`). */
export const DEFAULT_MAX_PIXELS = 89_478_485;

/** Limits of {@link decodeImage}. */
export interface DecodeOptions {
  /** Images with more pixels are refused before they are decoded. */
  readonly maxPixels?: number;
}

// Files change between runs of a long-lived process; and what is cached is not freed.
sharp.cache(false);

/**
 * Decodes one PNG, JPEG, WebP or BMP file.
 *
 * @throws {ImageError} if the file is missing, empty, no such image, too large, truncated or corrupt
 */
export async function decodeImage(file: string, options: DecodeOptions = {}): Promise<RgbImage> {
  const { maxPixels = DEFAULT_MAX_PIXELS } = options;
  const head = await openImage(file);
  if (head.format === "bmp") return decodeBmpFile(file, maxPixels);
  return decodeWithVips(file, head.format, maxPixels);
}

/** Looks at the first bytes, and refuses what is no image. */
async function openImage(file: string): Promise<{ format: ImageFormat }> {
  const { head, size } = await withImageFile(file, async (handle, bytes) => ({
    head: await readBytes(handle, 0, SNIFF_BYTES),
    size: bytes,
  }));
  return { format: requireFormat(file, head, size) };
}

async function decodeWithVips(
  file: string,
  format: ImageFormat,
  maxPixels: number,
): Promise<RgbImage> {
  const options: SharpOptions = { failOn: "error", ignoreIcc: true, limitInputPixels: maxPixels };
  let metadata: Metadata;
  try {
    metadata = await sharp(file, { ...options, limitInputPixels: false }).metadata();
  } catch (cause) {
    throw await dataProblem(file, format, cause);
  }
  const { width, height, space } = metadata;
  checkPixels(file, width, height, maxPixels);
  const cmyk = space === "cmyk";
  const input = sharp(file, options);
  const pipeline = cmyk ? input.pipelineColourspace("cmyk").toColourspace("cmyk") : input;
  try {
    const { data, info } = await pipeline.raw().toBuffer({ resolveWithObject: true });
    const size = { width: info.width, height: info.height };
    return cmyk ? cmykToRgb(data, size) : toRgb(data, size, info.channels);
  } catch (cause) {
    throw await dataProblem(file, format, cause, metadata);
  }
}

async function decodeBmpFile(file: string, maxPixels: number): Promise<RgbImage> {
  try {
    return await withImageFile(file, async (handle, size) => {
      const header = readBmpHeader(await readBytes(handle, 0, BMP_HEADER_BYTES));
      checkPixels(file, header.width, header.height, maxPixels);
      return decodeBmp(await readBytes(handle, 0, Math.min(size, largestUse(header))));
    });
  } catch (cause) {
    if (!(cause instanceof BmpError)) throw cause;
    throw new ImageError({ file, problem: cause.message, remedy: RESTORE }, { cause });
  }
}

/** No bitmap of this size reads beyond: 4 bytes a pixel, a few a row, header and gap before. */
function largestUse({ width, height, dataOffset }: BmpHeader): number {
  return dataOffset + width * height * 4 + height * 8 + 1024;
}

function checkPixels(file: string, width: number, height: number, maxPixels: number): void {
  if (width * height <= maxPixels) return;
  throw new ImageError({
    file,
    problem: `the image has ${width * height} pixels, more than the limit of ${maxPixels}`,
    details: [`size    ${width} x ${height}`],
    remedy: "Shrink it first, or raise the limit (--max-pixels) if you trust the file.",
  });
}

const RESTORE = "Restore the file from its source, or leave it out.";
const TRUNCATED = /premature end|end of stream|truncat|unexpected end|not enough|read error|eof/i;

/** libvips' complaint in our words, with its own as a detail. */
async function dataProblem(
  file: string,
  format: ImageFormat,
  cause: unknown,
  size?: { readonly width: number; readonly height: number },
): Promise<ImageError> {
  const text = cause instanceof Error ? cause.message : String(cause);
  const lines = text.split("\n").map((line) => line.trim());
  const name = FORMAT_NAMES[format];
  const truncated = TRUNCATED.test(text) || (await endsEarly(file, format));
  const problem = truncated
    ? `the ${name} data ends early: the file is truncated`
    : `the ${name} data is corrupt`;
  const details = [`decoder ${lines.filter((line) => line !== "").join("; ")}`];
  if (size !== undefined) details.push(`size    ${size.width} x ${size.height}`);
  return new ImageError({ file, problem, details, remedy: RESTORE }, { cause });
}
