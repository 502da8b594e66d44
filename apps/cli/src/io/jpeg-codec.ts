import type { RgbImage } from "@fauxgrad/models/transforms";
import type { JpegCodec } from "@fauxgrad/training";
import sharp from "sharp";
import { toRgb } from "./to-rgb.ts";

/**
 * libjpeg-turbo as OpenCV and Pillow set it by default: baseline, 4:2:0 at every quality, the
 * standard's quantisation tables, no trellis.
 */
export const jpegCodec: JpegCodec = {
  async encode({ width, height, data }: RgbImage, quality: number): Promise<Uint8Array> {
    return sharp(data, { raw: { width, height, channels: 3 }, limitInputPixels: false })
      .jpeg({ quality, chromaSubsampling: "4:2:0" })
      .toBuffer();
  },
  async decode(bytes: Uint8Array): Promise<RgbImage> {
    const { data, info } = await sharp(bytes, { limitInputPixels: false })
      .raw()
      .toBuffer({ resolveWithObject: true });
    return toRgb(data, info, info.channels);
  },
};
