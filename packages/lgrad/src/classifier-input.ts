// From a gradient image to the classifier's input. Train: resize, random crop, flip; validation:
// resize, centre crop; test: the image as it is. All: ImageNet's normalisation.

import {
  centerCrop,
  crop,
  flipHorizontal,
  type ImageBatch,
  imageBatch,
  type RgbImage,
  resize,
} from "@fauxgrad/models/transforms";
import type { Random } from "@fauxgrad/tensor";

/** Sides in pixels: of the resized gradient image, and of the part that training sees. */
export interface InputGeometry {
  readonly size: number;
  readonly crop: number;
}

/** LGrad's. */
export const classifierGeometry: InputGeometry = { size: 256, crop: 224 };

/** Options of {@link trainingInput}. */
export interface TrainingInputOptions extends InputGeometry {
  /** Mirror every second image, by chance. */
  readonly flip: boolean;
}

/**
 * Resized bilinearly, a window anywhere in it, mirrored with probability ½. Draws the same number
 * of values from `random` whatever the options.
 *
 * @param image  a gradient image of any size
 * @param random this image's own
 */
export function trainingInput(
  image: RgbImage,
  random: Random,
  { size, crop: side, flip }: TrainingInputOptions,
): RgbImage {
  const resized = resize(image, { width: size, height: size }, "bilinear");
  const top = random.integer(size - side + 1);
  const left = random.integer(size - side + 1);
  const mirrored = random.uniform() < 0.5;
  const window = crop(resized, { left, top, width: side, height: side });
  return flip && mirrored ? flipHorizontal(window) : window;
}

/** Resized bilinearly, its middle. */
export function validationInput(image: RgbImage, { size, crop: side }: InputGeometry): RgbImage {
  const resized = resize(image, { width: size, height: size }, "bilinear");
  return centerCrop(resized, { width: side, height: side });
}

/** Images as the classifier takes them. */
export type ClassifierBatch = ImageBatch;

/**
 * Images of one size as a batch, normalised by ImageNet's mean and deviation.
 *
 * @throws {RangeError} if there is no image, or their sizes differ
 */
export function classifierBatch(images: readonly RgbImage[]): ClassifierBatch {
  return imageBatch(images, "imagenet");
}
