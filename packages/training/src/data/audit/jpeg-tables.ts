/*
 * JPEG's quantisation tables: Annex K's luminance table as libjpeg scales it, and the quality that
 * a table was made with.
 */

/** Annex K.1, row by row: steps of the luminance coefficients at quality 50. */
const LUMINANCE = Uint8Array.of(
  ...[16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55],
  ...[14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62],
  ...[18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92],
  ...[49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99],
);

/** The order of a block's coefficients in a file: index row by row of the k-th. */
export const ZIGZAG = Uint8Array.of(
  ...[0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5],
  ...[12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28],
  ...[35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51],
  ...[58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63],
);

/** libjpeg's luminance table (`jpeg_set_quality`, baseline), row by row. */
export function luminanceTable(quality: number): Uint8Array {
  const scale = quality < 50 ? Math.floor(5000 / quality) : 200 - 2 * quality;
  return LUMINANCE.map((base) => {
    return Math.min(255, Math.max(1, Math.floor((base * scale + 50) / 100)));
  });
}

/**
 * libjpeg's quality, 1..100, whose luminance table is nearest to one, by the sum of the steps'
 * differences; `isExact` if it is that table. Cameras and Photoshop have tables of their own.
 *
 * @param table row by row
 */
export function qualityOf(table: ArrayLike<number>): {
  readonly quality: number;
  readonly isExact: boolean;
} {
  let best = { quality: 1, distance: Infinity };
  for (let quality = 1; quality <= 100; quality += 1) {
    const steps = luminanceTable(quality);
    let distance = 0;
    for (let i = 0; i < 64; i += 1) distance += Math.abs(steps[i]! - (table[i] ?? 0));
    if (distance < best.distance) best = { quality, distance };
  }
  return { quality: best.quality, isExact: best.distance === 0 };
}
