import type { RgbImage } from "@fauxgrad/models/transforms";
import { jpegSimulate } from "./jpeg-simulate.ts";

/**
 * A JPEG encoder and decoder, passed in: packages hold none. To give the pixels of OpenCV and
 * Pillow, it must be libjpeg-turbo's: baseline, 4:2:0, Annex K's tables, accurate integer DCT, fancy
 * upsampling. Where only pixels matter, {@link jpegSimulate} takes its place.
 */
export interface JpegCodec {
  /** @param quality an integer in 1..100 */
  encode(image: RgbImage, quality: number): Promise<Uint8Array>;
  decode(bytes: Uint8Array): Promise<RgbImage>;
}

/**
 * The image after a round trip through JPEG.
 *
 * @param codec undefined: simulated, to the pixels of libjpeg-turbo
 * @param options.channelOrder `bgr` codes red as blue and blue as red and swaps them back: what
 * OpenCV does to an array that Pillow has loaded, with luma weights for the wrong channels
 * @throws {RangeError} if `quality` is no integer in 1..100, or the codec changes the size
 */
export async function jpegRoundTrip(
  image: RgbImage,
  codec: JpegCodec | undefined,
  options: { readonly quality: number; readonly channelOrder?: "rgb" | "bgr" },
): Promise<RgbImage> {
  const { quality, channelOrder = "rgb" } = options;
  if (!Number.isInteger(quality) || quality < 1 || quality > 100) {
    throw new RangeError(`jpegRoundTrip: quality is ${quality}\nPass a whole number in 1..100.`);
  }
  const swapped = channelOrder === "bgr";
  const given = swapped ? swapRedAndBlue(image) : image;
  const decoded =
    codec === undefined ? jpegSimulate(given, quality) : await codedBy(codec, given, quality);
  return swapped ? swapRedAndBlue(decoded) : decoded;
}

async function codedBy(codec: JpegCodec, image: RgbImage, quality: number): Promise<RgbImage> {
  const decoded = await codec.decode(await codec.encode(image, quality));
  if (decoded.width === image.width && decoded.height === image.height) return decoded;
  throw new RangeError(
    "jpegRoundTrip: the codec returned another size\n" +
      `  image    ${image.width} x ${image.height}\n` +
      `  decoded  ${decoded.width} x ${decoded.height}\n` +
      "Pass a codec that neither rotates nor scales.",
  );
}

function swapRedAndBlue({ width, height, data }: RgbImage): RgbImage {
  // Not slice(): that of Node's Buffer, which a decoder may return, copies nothing.
  const swapped = new Uint8Array(data);
  for (let i = 0; i < data.length; i += 3) {
    swapped[i] = data[i + 2]!;
    swapped[i + 2] = data[i]!;
  }
  return { width, height, data: swapped };
}
