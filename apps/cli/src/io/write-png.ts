import type { RgbImage } from "@fauxgrad/models/transforms";
import sharp from "sharp";
import { writeFileAtomic } from "./atomic-write.ts";

/** The image as an 8-bit RGB PNG, without a profile, a palette or an alpha channel. */
export async function encodePng(image: RgbImage): Promise<Uint8Array> {
  const { width, height, data } = image;
  return sharp(data, { raw: { width, height, channels: 3 }, limitInputPixels: false })
    .png({ compressionLevel: 6, palette: false })
    .toBuffer();
}

/**
 * Writes the image as a PNG, whole or not at all, and creates the folders above it.
 *
 * @throws the file system's error; then no file is left behind
 */
export async function writePng(file: string, image: RgbImage): Promise<void> {
  await writeFileAtomic(file, await encodePng(image));
}
