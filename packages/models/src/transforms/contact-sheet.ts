import { CHARACTER_HEIGHT, drawText, fitText } from "./draw-text.ts";
import { checkImage, type RgbImage } from "./image.ts";

/** Space and colour around the pictures of a {@link contactSheet}. */
export interface ContactSheetOptions {
  /** Pixels between pictures and around the whole. */
  readonly margin?: number;
  /** Bytes R, G, B. */
  readonly background?: readonly [number, number, number];
  /** A line above each column, and above each row; cut where it is too long. ASCII only. */
  readonly columnLabels?: readonly string[];
  readonly rowLabels?: readonly string[];
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
  const { margin = 8, background = [255, 255, 255], columnLabels = [], rowLabels = [] } = options;
  if (!Number.isInteger(margin) || margin < 0) {
    throw new RangeError(`contactSheet: margin is ${margin}\nPass a whole number of pixels.`);
  }
  const { widths, heights } = cellSizes(rows);
  if (widths.length === 0) {
    throw new RangeError("contactSheet: there is no picture\nPass at least one row with one.");
  }
  const line = CHARACTER_HEIGHT + Math.ceil(margin / 2);
  const headHeight = columnLabels.length > 0 ? line : 0;
  const labelHeight = rowLabels.length > 0 ? line : 0;
  const width = margin + sum(widths, margin);
  const height = margin + headHeight + sum(heights, margin + labelHeight);
  const sheet: RgbImage = { width, height, data: new Uint8Array(width * height * 3) };
  for (let i = 0; i < sheet.data.length; i += 3) sheet.data.set(background, i);
  const ink = inkOn(background);

  let left = margin;
  widths.forEach((cell, x) => {
    drawText(sheet, fitText(columnLabels[x] ?? "", cell), { left, top: margin }, ink);
    left += cell + margin;
  });
  let top = margin + headHeight;
  rows.forEach((row, y) => {
    const label = fitText(rowLabels[y] ?? "", width - 2 * margin);
    drawText(sheet, label, { left: margin, top }, ink);
    top += labelHeight;
    pasteRow(sheet, row, { top, margin, widths, height: heights[y]! });
    top += heights[y]! + margin;
  });
  return sheet;
}

interface RowPlace {
  readonly top: number;
  readonly margin: number;
  readonly widths: readonly number[];
  readonly height: number;
}

function pasteRow(sheet: RgbImage, row: readonly (RgbImage | null)[], place: RowPlace): void {
  const { top, margin, widths, height } = place;
  let left = margin;
  widths.forEach((cell, x) => {
    const picture = row[x] ?? null;
    if (picture !== null) {
      paste(
        sheet,
        picture,
        left + ((cell - picture.width) >> 1),
        top + ((height - picture.height) >> 1),
      );
    }
    left += cell + margin;
  });
}

/** All sides, and `gap` after each. */
function sum(sides: readonly number[], gap: number): number {
  return sides.reduce((total, side) => total + side + gap, 0);
}

/** Black on light backgrounds, white on dark ones (ITU-R BT.601 luma). */
function inkOn([r, g, b]: readonly [number, number, number]): readonly [number, number, number] {
  return 0.299 * r + 0.587 * g + 0.114 * b > 127 ? [0, 0, 0] : [255, 255, 255];
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
