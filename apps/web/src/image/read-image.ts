/*
 * A visitor's file to 8-bit RGB, as the command line reads it (docs/images.md): alpha dropped,
 * orientation and profiles not applied, the first frame.
 */
import type { RgbImage } from "@fauxgrad/models/transforms";
import { decodeBmp } from "../../../cli/src/io/bmp.ts";
import { BmpError } from "../../../cli/src/io/bmp-error.ts";
import { readBmpHeader } from "../../../cli/src/io/bmp-header.ts";
import { ImageError } from "../../../cli/src/io/image-error.ts";
import { FORMAT_NAMES, type ImageFormat, SNIFF_BYTES } from "../../../cli/src/io/image-format.ts";
import { requireFormat } from "../../../cli/src/io/require-format.ts";
import { readPixels } from "./read-pixels.ts";
import { stripMetadata } from "./strip-metadata.ts";

/** The limit of the command line, too: Pillow's. */
const MOST_PIXELS = 89_478_485;

const RESTORE = "Restore the file from its source, or leave it out.";

/**
 * Reads a PNG, JPEG, WebP or BMP.
 *
 * @param device of which a texture is used for a moment
 * @throws {ImageError} if the file cannot be read, is no such image, truncated, corrupt or too large
 */
export async function readImage(file: File, device: GPUDevice): Promise<RgbImage> {
  const { name } = file;
  const bytes = await file.arrayBuffer().then(
    (buffer) => new Uint8Array(buffer),
    (cause: unknown) => {
      const details = [`browser ${String(cause)}`];
      const remedy = "Choose it again; folders are not read.";
      throw new ImageError({ file: name, problem: "it cannot be read", details, remedy });
    },
  );
  const format = requireFormat(name, bytes.subarray(0, SNIFF_BYTES), bytes.length);
  return format === "bmp" ? readBmp(name, bytes) : readByBrowser(name, format, bytes, device);
}

/** By our own decoder: browsers differ about alpha in bitmaps. */
function readBmp(name: string, bytes: Uint8Array): RgbImage {
  try {
    const { width, height } = readBmpHeader(bytes);
    checkPixels(name, width, height);
    return decodeBmp(bytes);
  } catch (cause) {
    if (!(cause instanceof BmpError)) throw cause;
    throw new ImageError({ file: name, problem: cause.message, remedy: RESTORE }, { cause });
  }
}

async function readByBrowser(
  name: string,
  format: Exclude<ImageFormat, "bmp">,
  bytes: Uint8Array,
  device: GPUDevice,
): Promise<RgbImage> {
  const { bytes: stripped, isComplete } = stripMetadata(format, bytes);
  const data = `the ${FORMAT_NAMES[format]} data`;
  if (!isComplete) {
    const problem = `${data} ends early: the file is truncated`;
    throw new ImageError({ file: name, problem, remedy: RESTORE });
  }
  const blob = new Blob([stripped], { type: `image/${format}` });
  const bitmap = await createImageBitmap(blob, {
    colorSpaceConversion: "none",
    premultiplyAlpha: "none",
  }).catch((cause: unknown) => {
    const details = [`browser ${String(cause)}`];
    const problem = `${data} is corrupt`;
    throw new ImageError({ file: name, problem, details, remedy: RESTORE }, { cause });
  });
  try {
    checkPixels(name, bitmap.width, bitmap.height);
    return await readPixels(device, bitmap);
  } finally {
    bitmap.close();
  }
}

function checkPixels(file: string, width: number, height: number): void {
  if (width * height <= MOST_PIXELS) return;
  throw new ImageError({
    file,
    problem: `the image has ${width * height} pixels, more than the limit of ${MOST_PIXELS}`,
    details: [`size    ${width} x ${height}`],
    remedy: "Cut a part out of it: shrinking would erase what is looked for.",
  });
}
