import { type RgbImage, rgbImage } from "@fauxgrad/models/transforms";
import type { Random } from "@fauxgrad/tensor";

/**
 * The image plus Gaussian noise, independent for each pixel and channel: clipped to [0, 255], then
 * truncated to bytes, as NumPy's `np.clip(image + noise, 0, 255).astype(np.uint8)`. The truncation
 * darkens by half a grey level on average.
 *
 * @param sigma standard deviation in grey levels
 * @throws {RangeError} if `sigma` is negative or not finite
 */
export function addGaussianNoise(image: RgbImage, sigma: number, random: Random): RgbImage {
  const { width, height, data } = rgbImage(image.width, image.height, image.data);
  if (!(sigma >= 0 && Number.isFinite(sigma))) {
    throw new RangeError(
      `addGaussianNoise: sigma is ${sigma}\nPass a standard deviation in grey levels, at least 0.`,
    );
  }
  const noise = new Float64Array(data.length);
  random.fillNormal(noise);
  const noisy = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i += 1) {
    noisy[i] = Math.min(255, Math.max(0, data[i]! + sigma * noise[i]!));
  }
  return { width, height, data: noisy };
}
