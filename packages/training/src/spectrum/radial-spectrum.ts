import type { RgbImage } from "@fauxgrad/models/transforms";
import { luma } from "../data/audit/luma.ts";
import { powerSpectrum } from "./fourier.ts";

/** Power of what rounding to whole levels adds to each frequency: the variance of U[−½, ½). */
const ROUNDING = 1 / 12;

/**
 * How strong each spatial frequency of a square image is, whatever its direction:
 * `s[r] = ln(mean of P over the ring r + 1/12)`, where a frequency `(u, v)` belongs to the ring
 * `r = round(√(u² + v²))`, from 1 to half the side, and `P` is the power spectrum of the luma less
 * its mean, under a Hann window and divided by the window's sum of squares. The 1/12 is the power
 * of rounding to 8 bits, and keeps a flat image's logarithm finite.
 *
 * @param image of a side that is a power of two
 * @returns `[side / 2]`
 * @throws {RangeError} if the image is no such square
 * @see Durall et al., "Unmasking DeepFakes with simple Features", 2019, whose averages over angles
 *   these are
 */
export function radialSpectrum(image: RgbImage): Float64Array {
  const { width: size, height } = image;
  if (size !== height || !(size >= 2 && Number.isInteger(Math.log2(size)))) {
    throw new RangeError(
      `radialSpectrum: an image of ${size} x ${height}\n` +
        "Pass a square whose side is a power of two.",
    );
  }
  const { values, energy } = windowed(luma(image).data, size);
  const power = powerSpectrum(values, size);
  const rings = size / 2;
  const sums = new Float64Array(rings + 1);
  const counts = new Float64Array(rings + 1);
  for (let i = 0; i < power.length; i += 1) {
    const ring = Math.round(Math.hypot(signed(i % size, size), signed(Math.floor(i / size), size)));
    if (ring > rings) continue;
    sums[ring] = sums[ring]! + power[i]!;
    counts[ring] = counts[ring]! + 1;
  }
  return Float64Array.from({ length: rings }, (_, i) =>
    Math.log(sums[i + 1]! / (counts[i + 1]! * energy) + ROUNDING),
  );
}

/** Less the mean, times `h[y] · h[x]` with `h[n] = ½ − ½·cos(2πn / size)`; and `Σ (h[y] · h[x])²`. */
function windowed(plane: Float32Array, size: number): { values: Float64Array; energy: number } {
  const hann = Float64Array.from(
    { length: size },
    (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / size),
  );
  const mean = plane.reduce((sum, value) => sum + value, 0) / plane.length;
  const values = Float64Array.from(
    plane,
    (value, i) => (value - mean) * hann[i % size]! * hann[Math.floor(i / size)]!,
  );
  const line = hann.reduce((sum, value) => sum + value * value, 0);
  return { values, energy: line * line };
}

/** A frequency from −size/2 to size/2 − 1. */
function signed(frequency: number, size: number): number {
  return frequency < size / 2 ? frequency : frequency - size;
}
