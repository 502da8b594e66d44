import { type RgbImage, rgbImage } from "@fauxgrad/models/transforms";
import sharp from "sharp";

/** An image at `1 / factor` of its sides, which it divides. */
export function shrink(image: RgbImage, factor: number): Promise<RgbImage> {
  return bicubic(image, { width: image.width / factor, height: image.height / factor });
}

/**
 * libvips' bicubic interpolation, not Pillow's: it is what the fakes of sr-gan were made with, and
 * the two differ where they shrink by 4 (by 2 levels on average).
 */
export async function bicubic(
  { data, ...size }: RgbImage,
  { width, height }: Pick<RgbImage, "width" | "height">,
): Promise<RgbImage> {
  const bytes = await sharp(data, { raw: { ...size, channels: 3 } })
    .resize(width, height, { fit: "fill", kernel: "cubic" })
    .raw()
    .toBuffer();
  return rgbImage(width, height, new Uint8Array(bytes));
}
