/*
 * LGrad's last step: a float gradient to the 8-bit picture that its classifiers were trained on.
 * All in float32 and in the original's order, because a half rounded the other way is another byte.
 */
import { checkImage, checkSide, type RgbImage } from "./image.ts";

/**
 * The gradient as a picture, rescaled by one minimum and one maximum over all pixels and channels:
 *
 *     a = g - min(g);   m = max(a);   a = a / m unless m = 0;   byte = roundHalfToEven(255 a)
 *
 * A constant gradient gives black; so does one that holds a NaN or an infinity, as in the original
 * (whose cast takes NaN to 0).
 *
 * @param gradient `[H, W, 3]`, R G B
 * @throws {RangeError} if the gradient has not `height · width · 3` elements
 * @see LGrad, img2gad_pytorch/gen_imggrad.py (normalisation) and OpenCV's saturating cast
 */
export function gradientToImage(
  gradient: Float32Array,
  size: { readonly width: number; readonly height: number },
): RgbImage {
  const { width, height } = size;
  checkSide("gradientToImage", "width", width);
  checkSide("gradientToImage", "height", height);
  if (gradient.length !== width * height * 3) {
    throw new RangeError(
      `gradientToImage: the gradient has ${gradient.length} elements, ` +
        `its size needs ${width * height * 3}\n` +
        `  size    ${width} x ${height}\n` +
        "Pass the gradient of one image, [H, W, 3].",
    );
  }
  const data = new Uint8Array(gradient.length);
  const range = gradientRange(gradient);
  if (range === null) return { width, height, data };
  const { minimum, span } = range;
  const divisor = span === 0 ? 1 : span;
  for (let i = 0; i < gradient.length; i += 1) {
    const shifted = Math.fround(gradient[i]! - minimum);
    data[i] = roundToByte(Math.fround(Math.fround(shifted / divisor) * 255));
  }
  return { width, height, data };
}

/**
 * The picture as numbers in [0, 1], `byte / 255` in float32. Where a picture spans 0 to 255,
 * `gradientToImage(gradientFromImage(picture))` is the picture again: a gradient that was stored
 * as a PNG loses nothing by being read, rescaled and stored once more.
 *
 * @returns `[H, W, 3]`
 */
export function gradientFromImage(image: RgbImage): Float32Array<ArrayBuffer> {
  checkImage("gradientFromImage", image);
  const gradient = new Float32Array(image.data.length);
  for (let i = 0; i < gradient.length; i += 1) gradient[i] = image.data[i]! / 255;
  return gradient;
}

/** Minimum and `max(g - min(g))` in float32, or null where a NaN would spread to every pixel. */
function gradientRange(gradient: Float32Array): { minimum: number; span: number } | null {
  let minimum = Number.POSITIVE_INFINITY;
  let maximum = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < gradient.length; i += 1) {
    const value = gradient[i]!;
    if (Number.isNaN(value)) return null;
    if (value < minimum) minimum = value;
    if (value > maximum) maximum = value;
  }
  // An infinite end: inf - inf, or inf / inf, is NaN somewhere and at most 0 elsewhere.
  if (!Number.isFinite(minimum) || !Number.isFinite(maximum)) return null;
  // Rounding is monotone, so the largest difference is the difference of the largest.
  return { minimum, span: Math.fround(maximum - minimum) };
}

/** Half to even and saturating, NaN to 0: OpenCV's `saturate_cast<uchar>` of a float. */
function roundToByte(value: number): number {
  if (!(value > 0)) return 0;
  if (value >= 255) return 255;
  const up = Math.floor(value + 0.5);
  return up - value === 0.5 && up % 2 === 1 ? up - 1 : up;
}
