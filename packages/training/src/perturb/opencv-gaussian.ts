/*
 * OpenCV's Gaussian blur of 8-bit images, bit for bit (modules/imgproc/src/smooth.dispatch.cpp):
 * taps are multiples of 1/256 made by error diffusion, both passes are exact in integers, and the
 * result is rounded once.
 */
import { type RgbImage, rgbImage } from "@fauxgrad/models/transforms";

const FRACTION_BITS = 8;

/** A kernel of `kernelSize` taps in either direction, by a standard deviation in pixels. */
export interface OpenCvGaussianOptions {
  /** Odd. */
  readonly kernelSize: number;
  readonly sigma: number;
}

/**
 * The image blurred as `cv2.GaussianBlur(image, (k, k), sigma)`; the border mirrors the image
 * without repeating its edge (reflect 101).
 *
 * @throws {RangeError} if the kernel's size is not odd, or `sigma` is not positive
 * @see OpenCV 4, cv::GaussianBlur, which it matches
 */
export function openCvGaussianBlur(image: RgbImage, options: OpenCvGaussianOptions): RgbImage {
  const { width, height, data } = rgbImage(image.width, image.height, image.data);
  const taps = fixedPointTaps(options);
  const columns = mirrored(width, taps.length, 3);
  const rows = mirrored(height, taps.length, width * 3);
  const stride = width * 3;
  const blurredRows = new Uint16Array(data.length);
  for (let y = 0; y < height; y += 1) {
    for (let i = 0; i < stride; i += 1) {
      const first = Math.floor(i / 3) * taps.length;
      const channel = y * stride + (i % 3);
      let sum = 0;
      for (let t = 0; t < taps.length; t += 1) {
        sum += taps[t]! * data[channel + columns[first + t]!]!;
      }
      blurredRows[y * stride + i] = sum;
    }
  }
  const blurred = new Uint8Array(data.length);
  for (let y = 0; y < height; y += 1) {
    for (let i = 0; i < stride; i += 1) {
      let sum = 1 << (2 * FRACTION_BITS - 1);
      for (let t = 0; t < taps.length; t += 1) {
        sum += taps[t]! * blurredRows[rows[y * taps.length + t]! + i]!;
      }
      blurred[y * stride + i] = sum >>> (2 * FRACTION_BITS);
    }
  }
  return { width, height, data: blurred };
}

/** Taps in units of 1/256 that sum to 256: each side is rounded from the outside in, the error of
 * one tap going to the next, and the middle takes what is left. */
function fixedPointTaps({ kernelSize, sigma }: OpenCvGaussianOptions): Int32Array {
  if (!Number.isInteger(kernelSize) || kernelSize < 1 || kernelSize % 2 === 0) {
    throw new RangeError(
      `openCvGaussianBlur: kernelSize is ${kernelSize}\nPass an odd number of pixels.`,
    );
  }
  if (!(sigma > 0)) {
    throw new RangeError(
      `openCvGaussianBlur: sigma is ${sigma}\nPass a standard deviation in pixels, above 0.`,
    );
  }
  const middle = kernelSize >> 1;
  const weights = Float64Array.from({ length: kernelSize }, (_, i) =>
    Math.exp((-0.5 * (i - middle) ** 2) / sigma ** 2),
  );
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const one = 1 << FRACTION_BITS;
  const taps = new Int32Array(kernelSize);
  let error = 0;
  let sum = 0;
  for (let i = 0; i < middle; i += 1) {
    const exact = (weights[i]! / total) * one + error;
    const rounded = Math.round(exact);
    error = exact - rounded;
    taps[i] = rounded;
    taps[kernelSize - 1 - i] = rounded;
    sum += 2 * rounded;
  }
  taps[middle] = one - sum;
  return taps;
}

/** For each position the places, times `step`, of its `taps` neighbours: ... 2 1 | 0 1 2 ... */
function mirrored(length: number, taps: number, step: number): Int32Array {
  const places = new Int32Array(length * taps);
  const period = Math.max(1, 2 * length - 2);
  for (let i = 0; i < places.length; i += 1) {
    const place = Math.floor(i / taps) + (i % taps) - (taps >> 1);
    const within = ((place % period) + period) % period;
    places[i] = Math.min(within, period - within) * step;
  }
  return places;
}
