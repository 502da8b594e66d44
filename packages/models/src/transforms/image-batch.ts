import type { RgbImage } from "./image.ts";
import { type Normalization, type NormalizationName, normalize } from "./normalize.ts";

/** Images as the networks take them. */
export interface ImageBatch {
  /** `[N, H, W, 3]`, R G B, normalised. */
  readonly pixels: Float32Array<ArrayBuffer>;
  readonly shape: readonly [n: number, height: number, width: number, channels: 3];
}

/**
 * Images of one size as a batch, each normalised as {@link normalize} does it.
 *
 * @throws {RangeError} if there is no image, or their sizes differ
 */
export function imageBatch(
  images: readonly RgbImage[],
  normalization: Normalization | NormalizationName,
): ImageBatch {
  const [first] = images;
  if (first === undefined) throw new RangeError("imageBatch: no images\nPass one or more.");
  const { width, height } = first;
  const values = width * height * 3;
  const pixels = new Float32Array(images.length * values);
  for (const [i, image] of images.entries()) {
    if (image.width !== width || image.height !== height) {
      throw new RangeError(
        "imageBatch: the images of a batch differ in size\n" +
          `  image 0  ${width} x ${height}\n  image ${i}  ${image.width} x ${image.height}\n` +
          "Resize or crop them to one size, or pass them one by one.",
      );
    }
    normalize(image, normalization, pixels.subarray(i * values, (i + 1) * values));
  }
  return { pixels, shape: [images.length, height, width, 3] };
}
