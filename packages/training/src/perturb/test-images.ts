// What the tests of this folder compare images by.
import type { RgbImage } from "@fauxgrad/models/transforms";

/** FNV-1a over the bytes: one number that no single wrong byte survives. */
export function fingerprint({ data }: RgbImage): number {
  let hash = 0x811c9dc5;
  for (const byte of data) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** The specification's sum and weighted sum, `Σ byte[i] · (i mod 251)`. */
export function sums({ data }: RgbImage): [number, number] {
  return [
    data.reduce((sum, byte) => sum + byte, 0),
    data.reduce((sum, byte, i) => sum + byte * (i % 251), 0),
  ];
}

/** The specification's pixels: (0, 0), (10, 20), the last one, (H / 2, W / 3). */
export function pixels({ width, height, data }: RgbImage): number[][] {
  const at = (y: number, x: number) => [...data.subarray((y * width + x) * 3).subarray(0, 3)];
  const middle = at(Math.floor(height / 2), Math.floor(width / 3));
  return [at(0, 0), at(10, 20), at(height - 1, width - 1), middle];
}
