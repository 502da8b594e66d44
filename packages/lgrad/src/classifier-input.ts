// From a gradient image to the classifier's input. Train: resize, random crop, flip; validation:
// resize, centre crop; test: the image as it is. All: ImageNet's normalisation.

import {
  centerCrop,
  crop,
  flipHorizontal,
  normalize,
  type RgbImage,
  resize,
} from "@fauxgrad/models/transforms";
import { type Random, ShapeError } from "@fauxgrad/tensor";

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
export interface ClassifierBatch {
  /** `[N, H, W, 3]`, R G B, normalised. */
  readonly pixels: Float32Array<ArrayBuffer>;
  readonly shape: readonly [n: number, height: number, width: number, channels: 3];
}

/**
 * Images of one size as a batch, normalised by ImageNet's mean and deviation.
 *
 * @throws {ShapeError} if there is no image, or their sizes differ
 */
export function classifierBatch(images: readonly RgbImage[]): ClassifierBatch {
  const [first] = images;
  if (first === undefined) throw new ShapeError("classifierBatch: no images\nPass one or more.");
  const { width, height } = first;
  const values = width * height * 3;
  const pixels = new Float32Array(images.length * values);
  for (const [i, image] of images.entries()) {
    if (image.width !== width || image.height !== height) {
      throw new ShapeError(
        "classifierBatch: the images of a batch differ in size\n" +
          `  image 0  ${width} x ${height}\n  image ${i}  ${image.width} x ${image.height}\n` +
          "Resize or crop them to one size, or pass them one by one.",
      );
    }
    normalize(image, "imagenet", pixels.subarray(i * values, (i + 1) * values));
  }
  return { pixels, shape: [images.length, height, width, 3] };
}
