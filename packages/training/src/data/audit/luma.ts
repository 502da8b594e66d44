import type { RgbImage } from "@fauxgrad/models/transforms";

/** One channel, `[height, width]`. */
export interface Plane {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/** JPEG's luma, `0.299 R + 0.587 G + 0.114 B`, in 0..255 and not rounded (ITU-T T.871). */
export function luma({ width, height, data }: RgbImage): Plane {
  const plane = new Float32Array(width * height);
  for (let i = 0, read = 0; i < plane.length; i += 1, read += 3) {
    plane[i] = 0.299 * data[read]! + 0.587 * data[read + 1]! + 0.114 * data[read + 2]!;
  }
  return { width, height, data: plane };
}
