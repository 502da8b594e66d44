import { jet, type RgbImage, rgbImage } from "@fauxgrad/models/transforms";
import { resizeChannels } from "../perturb/opencv-resize.ts";
import type { ActivationMap } from "./activation-map.ts";

/** How heat and image are mixed. */
export interface OverlayOptions {
  /** Weight of the heat. Default 0.3, as in CAM's demonstration. */
  readonly heat?: number;
  /** Weight of the image. Default 0.5. */
  readonly image?: number;
  /** Divides by the brightest byte of the mix, so that it becomes 255 (Grad-CAM's reference code). */
  readonly stretch?: boolean;
}

/**
 * A map in false colours at the size of an image: `⌊255 · map⌋`, resized bilinearly as OpenCV does,
 * then through "jet": blue is 0, red is 1.
 *
 * @param map with values in [0, 1]: see {@link normalizeMap}
 * @throws {RangeError} if a value is outside, or a side is not a positive integer
 */
export function mapToHeat(
  map: ActivationMap,
  size: { readonly width: number; readonly height: number },
): RgbImage {
  const { width, height, values } = map;
  const outside = values.findIndex((value) => !(value >= 0 && value <= 1));
  if (outside >= 0) {
    throw new RangeError(
      `mapToHeat: the value at place ${outside} is ${values[outside]}\n` +
        "Pass a map in [0, 1]: normalizeMap makes one.",
    );
  }
  const heat = rgbImage(size.width, size.height);
  const data = Uint8Array.from(values, (value) => 255 * value);
  const resized = { ...size, data: new Uint8Array(size.width * size.height) };
  resizeChannels({ width, height, data, channels: 1 }, resized, "linear");
  for (const [place, level] of resized.data.entries()) heat.data.set(jet(level / 255), 3 * place);
  return heat;
}

/**
 * An image with a map over it: `heat · colours + image · picture`, clipped to bytes.
 *
 * @throws {RangeError} if a value of the map is outside [0, 1]
 * @see the demonstration of Zhou et al., 2016, for the default weights
 */
export function overlayMap(
  picture: RgbImage,
  map: ActivationMap,
  options: OverlayOptions = {},
): RgbImage {
  const { heat = 0.3, image = 0.5, stretch = false } = options;
  const { width, height, data } = picture;
  const colours = mapToHeat(map, { width, height });
  const mixed = Float64Array.from(data, (byte, i) => heat * colours.data[i]! + image * byte);
  const brightest = mixed.reduce((high, value) => Math.max(high, value), 0);
  const scale = stretch && brightest > 0 ? 255 / brightest : 1;
  const bytes = Uint8ClampedArray.from(mixed, (value) => value * scale);
  return { width, height, data: new Uint8Array(bytes.buffer) };
}
