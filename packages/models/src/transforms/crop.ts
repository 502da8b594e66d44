import { checkImage, checkSide, type RgbImage } from "./image.ts";

/** A window of an image, in pixels from its upper left corner. */
export interface CropWindow {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/**
 * The part of the image inside `window`, copied.
 *
 * @throws {RangeError} if the window is empty or reaches outside the image
 */
export function crop(image: RgbImage, window: CropWindow): RgbImage {
  const { left, top, width, height } = window;
  checkImage("crop", image);
  checkSide("crop", "width", width);
  checkSide("crop", "height", height);
  const inside =
    Number.isInteger(left) &&
    Number.isInteger(top) &&
    left >= 0 &&
    top >= 0 &&
    left + width <= image.width &&
    top + height <= image.height;
  if (!inside) {
    throw new RangeError(
      "crop: the window does not lie inside the image\n" +
        `  window  ${width} x ${height} at left ${left}, top ${top}\n` +
        `  image   ${image.width} x ${image.height}\n` +
        "Choose a smaller window, or resize the image first.",
    );
  }
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y += 1) {
    const begin = ((top + y) * image.width + left) * 3;
    data.set(image.data.subarray(begin, begin + width * 3), y * width * 3);
  }
  return { width, height, data };
}

/**
 * The middle `size` of the image; an odd remainder is placed as torchvision places it (the offset
 * is rounded half to even).
 *
 * @throws {RangeError} if the image is smaller than `size`
 * @see torchvision.transforms.CenterCrop, which it matches where that does not pad
 */
export function centerCrop(
  image: RgbImage,
  size: { readonly width: number; readonly height: number },
): RgbImage {
  const left = halfToEven(image.width - size.width);
  const top = halfToEven(image.height - size.height);
  return crop(image, { left, top, width: size.width, height: size.height });
}

/** `rest / 2`, a half rounded to the even neighbour. */
function halfToEven(rest: number): number {
  const floor = Math.floor(rest / 2);
  return rest % 2 !== 0 && floor % 2 !== 0 ? floor + 1 : floor;
}
