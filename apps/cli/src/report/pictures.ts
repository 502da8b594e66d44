// Pictures for a page.

import type { RgbImage } from "@fauxgrad/models/transforms";
import sharp from "sharp";
import { encodePng } from "../io/write-png.ts";
import type { ReportImage } from "./report.ts";

const JPEG_QUALITY = 88;

/** What a picture shows, below it and for those who do not see it. */
export type PictureText = Pick<ReportImage, "alt" | "caption">;

/** A picture compressed for the eye. */
export async function jpegPicture(image: RgbImage, text: PictureText): Promise<ReportImage> {
  const { width, height, data } = image;
  const bytes = await sharp(data, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: JPEG_QUALITY, chromaSubsampling: "4:4:4" })
    .toBuffer();
  return { bytes, type: "image/jpeg", width, height, ...text };
}

/** A picture as it is. */
export async function pngPicture(image: RgbImage, text: PictureText): Promise<ReportImage> {
  const { width, height } = image;
  return { bytes: await encodePng(image), type: "image/png", width, height, ...text };
}
