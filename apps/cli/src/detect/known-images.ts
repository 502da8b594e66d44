/*
 * The images that a set of detectors is calibrated by, and knows: of a folder SPLIT/CLASS/NAME, each
 * as it is and once more through JPEG, as half of the training's crops are.
 */
import path from "node:path";
import type { RgbImage } from "@fauxgrad/models/transforms";
import { jpegRoundTrip } from "@fauxgrad/training";
import { drawQuality } from "../data/cut-crops.ts";
import { DecodePool, isDecoded } from "../io/decode-pool.ts";
import { jpegCodec } from "../io/jpeg-codec.ts";
import { listImages } from "../io/list-images.ts";
import { interruption } from "../terminal/interrupt.ts";

/** One image, twice. */
export interface KnownImage {
  readonly plain: RgbImage;
  readonly coded: RgbImage;
}

/** As `fauxgrad data crops` draws it, but of every image. */
const JPEG = { share: 1, quality: [70, 95], seed: 0 } as const;

/**
 * The images of a class, in the order of their names. A fake and the photograph it was made from,
 * which have one name, go through the same JPEG.
 *
 * @throws {ImageError} if the folder cannot be read, or an image in it
 */
export async function* knownImages(
  data: string,
  split: "train" | "val",
  name: string,
): AsyncGenerator<KnownImage> {
  const { images, problems } = await listImages([path.join(data, split, name)]);
  const [problem] = problems;
  if (problem !== undefined) throw problem;
  await using pool = new DecodePool();
  const files = images.map(({ file }) => file);
  for await (const decoded of pool.decode(files, { signal: interruption })) {
    if (!isDecoded(decoded)) throw decoded.error;
    const { image: plain, file } = decoded;
    const quality = drawQuality(JPEG, path.parse(file).name);
    if (quality === null) throw new Error("knownImages: no quality was drawn");
    yield { plain, coded: await jpegRoundTrip(plain, jpegCodec, { quality }) };
  }
}
