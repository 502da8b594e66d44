/*
 * The pictures of the paper's Fig. 1: an image, its gradient, and the gradient's channels in false
 * colours.
 */
import { gradientToImage, heatMap, type RgbImage } from "@fauxgrad/models/transforms";
import sharp from "sharp";
import { encodePng } from "../io/write-png.ts";
import type { ReportImage } from "../report/report.ts";

/** One photograph through one network. */
export interface Panels {
  readonly title: string;
  /** What the network was given. */
  readonly image: RgbImage;
  readonly gradient: RgbImage;
  /** Red, green, blue. */
  readonly channels: readonly [RgbImage, RgbImage, RgbImage];
  /** Of the float gradient. */
  readonly range: { readonly min: number; readonly max: number; readonly l2: number };
  /** From upload to readback, in ms. */
  readonly ms: number;
}

/** Of the pixels, at either end of a heat map's scale: single outliers would take all of it. */
const SATURATE = 0.005;
const JPEG_QUALITY = 88;

export const panelNames = ["image", "gradient", "red", "green", "blue"] as const;

/** Draws what Fig. 1 shows. */
export function drawPanels(
  title: string,
  image: RgbImage,
  gradient: Float32Array<ArrayBuffer>,
  ms: number,
): Panels {
  const { width, height } = image;
  const channel = (index: 0 | 1 | 2) =>
    heatMap(gradient, { width, height, channel: index, saturate: SATURATE });
  let min = Infinity;
  let max = -Infinity;
  let squares = 0;
  for (const value of gradient) {
    min = Math.min(min, value);
    max = Math.max(max, value);
    squares += value * value;
  }
  return {
    title,
    image,
    gradient: gradientToImage(gradient, { width, height }),
    channels: [channel(0), channel(1), channel(2)],
    range: { min, max, l2: Math.sqrt(squares) },
    ms,
  };
}

/** The pictures for a page: the gradient as it is, the others compressed for the eye. */
export async function panelImages({ title, ...panels }: Panels): Promise<ReportImage[]> {
  const { image, gradient, channels } = panels;
  const caption = (text: string, alt: string) => ({ caption: text, alt: `${title}: ${alt}` });
  const [red, green, blue] = await Promise.all(channels.map(jpeg));
  return [
    { ...(await jpeg(image)), ...caption("the photograph", "the photograph") },
    {
      ...picture(gradient, await encodePng(gradient), "image/png"),
      ...caption("its gradient", "its gradient"),
    },
    { ...red!, ...caption("red channel", "the gradient's red channel") },
    { ...green!, ...caption("green channel", "the gradient's green channel") },
    { ...blue!, ...caption("blue channel", "the gradient's blue channel") },
  ];
}

async function jpeg(image: RgbImage): Promise<Omit<ReportImage, "alt" | "caption">> {
  const { width, height, data } = image;
  const bytes = await sharp(data, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: JPEG_QUALITY, chromaSubsampling: "4:4:4" })
    .toBuffer();
  return picture(image, bytes, "image/jpeg");
}

function picture(
  { width, height }: RgbImage,
  bytes: Uint8Array,
  type: ReportImage["type"],
): Omit<ReportImage, "alt" | "caption"> {
  return { bytes, type, width, height };
}
