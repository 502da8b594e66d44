import { crop, flipHorizontal, type RgbImage } from "@fauxgrad/models/transforms";
import type { Random } from "@fauxgrad/tensor";

/**
 * A window of the given size at a random place, every place equally likely.
 *
 * @throws {RangeError} if the image is smaller than the window
 * @see torchvision.transforms.RandomCrop, without padding
 */
export function randomCrop(
  image: RgbImage,
  size: { readonly width: number; readonly height: number },
  random: Random,
): RgbImage {
  const { width, height } = size;
  // Drawn also where there is no choice: later draws do not depend on the image's size.
  const top = random.uniform();
  const left = random.uniform();
  return crop(image, {
    left: Math.max(0, Math.floor(left * (image.width - width + 1))),
    top: Math.max(0, Math.floor(top * (image.height - height + 1))),
    width,
    height,
  });
}

/** The image, mirrored left to right with the given probability. */
export function randomFlip(image: RgbImage, random: Random, probability = 0.5): RgbImage {
  return random.uniform() < probability ? flipHorizontal(image) : image;
}
