// From an image to a discriminator's input. Images keep their resolution: what a generator leaves
// behind is in the finest details, which resizing removes.

import { centerCrop, crop, flipHorizontal, type RgbImage } from "@fauxgrad/models/transforms";
import type { Random } from "@fauxgrad/tensor";

/** Options of {@link discriminatorInput}. */
export interface DiscriminatorInputOptions {
  /** Side of the windows, in pixels: the network's resolution. */
  readonly size: number;
  /** Mirror every second image, by chance. */
  readonly flip: boolean;
}

/**
 * A window anywhere in the image, mirrored with probability ½. Draws the same number of values from
 * `random` whatever the options.
 *
 * @param random this image's own
 * @throws {RangeError} if the image is smaller than the window
 */
export function discriminatorInput(
  image: RgbImage,
  random: Random,
  { size, flip }: DiscriminatorInputOptions,
): RgbImage {
  const top = random.integer(Math.max(1, image.height - size + 1));
  const left = random.integer(Math.max(1, image.width - size + 1));
  const mirrored = random.uniform() < 0.5;
  const window = crop(image, { left, top, width: size, height: size });
  return flip && mirrored ? flipHorizontal(window) : window;
}

/**
 * The image's middle.
 *
 * @throws {RangeError} if the image is smaller than that
 */
export function discriminatorValidationInput(image: RgbImage, size: number): RgbImage {
  return centerCrop(image, { width: size, height: size });
}
