import { checkImage, type RgbImage } from "./image.ts";

/** Space and colour around the pictures of a {@link contactSheet}. */
export interface ContactSheetOptions {
  /** Pixels between pictures and around the whole. */
  readonly margin?: number;
  /** Bytes R, G, B. */
  readonly background?: readonly [number, number, number];
}

/**
 * Pictures side by side: `rows[y][x]` in a grid whose columns are as wide as their widest picture
 * and whose rows are as high as their highest. Smaller pictures are centred; `null` leaves a gap.
 *
 * @throws {RangeError} if no row holds a picture, or the margin is not a whole number ≥ 0
 */
export function contactSheet(
  rows: readonly (readonly (RgbImage | null)[])[],
  options: ContactSheetOptions = {},
): RgbImage {
  const { margin = 8, background = [255, 255, 255] } = options;
  if (!Number.isInteger(margin) || margin < 0) {
    throw new RangeError(`contactSheet: margin is ${margin}\nPass a whole number of pixels.`);
  }
  const { widths, heights } = cellSizes(rows);
  if (widths.length === 0) {
    throw new RangeError("contactSheet: there is no picture\nPass at least one row with one.");
  }
  const width = margin + widths.reduce((sum, side) => sum + side + margin, 0);
  const height = margin + heights.reduce((sum, side) => sum + side + margin, 0);
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < data.length; i += 3) data.set(background, i);

  let top = margin;
  rows.forEach((row, y) => {
    let left = margin;
    widths.forEach((cell, x) => {
      const picture = row[x] ?? null;
      if (picture !== null) {
        const dx = left + ((cell - picture.width) >> 1);
        const dy = top + ((heights[y]! - picture.height) >> 1);
        paste({ width, height, data }, picture, dx, dy);
      }
      left += cell + margin;
    });
    top += heights[y]! + margin;
  });
  return { width, height, data };
}

function cellSizes(rows: readonly (readonly (RgbImage | null)[])[]) {
  const widths: number[] = [];
  const heights: number[] = [];
  rows.forEach((row, y) => {
    heights[y] = 0;
    row.forEach((picture, x) => {
      widths[x] ??= 0;
      if (picture === null) return;
      checkImage("contactSheet", picture);
      widths[x] = Math.max(widths[x]!, picture.width);
      heights[y] = Math.max(heights[y]!, picture.height);
    });
  });
  return { widths: widths.some((side) => side > 0) ? widths : [], heights };
}

function paste(sheet: RgbImage, picture: RgbImage, left: number, top: number): void {
  const stride = picture.width * 3;
  for (let y = 0; y < picture.height; y += 1) {
    const row = picture.data.subarray(y * stride, (y + 1) * stride);
    sheet.data.set(row, ((top + y) * sheet.width + left) * 3);
  }
}
