/*
 * Which squares of an image are judged. Detectors are trained on squares at the image's own
 * resolution: resizing would erase the traces that they look for.
 */
import { crop, type RgbImage, rgbImage } from "@fauxgrad/models/transforms";

/** The squares of an image, in rows from its upper left corner. */
export interface CropPlan {
  readonly size: number;
  readonly rows: number;
  readonly columns: number;
  /** Upper left corners, in pixels of the image; of the padded one where it was padded. */
  readonly corners: readonly { readonly left: number; readonly top: number }[];
  /** `whole`: the squares cover the image; `sample`: they are spread over it, with gaps. */
  readonly coverage: "whole" | "sample";
  /** Whether a side is shorter than a square, and was extended by reflection. */
  readonly isPadded: boolean;
}

/** JPEG's blocks, to which corners are aligned: as in the squares of training. */
const ALIGNMENT = 8;

/**
 * At most `most` squares. If so many cover the image, they do (but for up to 7 pixels at the right
 * and at the lower edge); else they are spread evenly in a grid, each in the middle of its cell.
 *
 * @throws {RangeError} if `most` or `size` is no positive integer
 */
export function planCrops(
  image: { readonly width: number; readonly height: number },
  size: number,
  most: number,
): CropPlan {
  for (const [name, value] of Object.entries({ size, most })) {
    if (Number.isInteger(value) && value > 0) continue;
    throw new RangeError(`planCrops: ${name} is ${value}\nPass a whole number from 1.`);
  }
  const [width, height] = [Math.max(image.width, size), Math.max(image.height, size)];
  const needed = { columns: Math.ceil(width / size), rows: Math.ceil(height / size) };
  const isWhole = needed.columns * needed.rows <= most;
  const { columns, rows } = isWhole ? needed : sparseGrid(width / height, needed, most);
  const place = isWhole ? covering : spread;
  const lefts = place(width, size, columns);
  const tops = place(height, size, rows);
  return {
    ...{ size, rows, columns },
    corners: tops.flatMap((top) => lefts.map((left) => ({ left, top }))),
    coverage: isWhole ? "whole" : "sample",
    isPadded: image.width < size || image.height < size,
  };
}

/** Many cells, and nearly square ones: `number · √(shorter side / longer side)` is largest. */
function sparseGrid(
  aspect: number,
  needed: { readonly columns: number; readonly rows: number },
  most: number,
): { columns: number; rows: number } {
  let best = { columns: 1, rows: 1 };
  const merit = ({ columns, rows }: typeof best) => {
    const cell = (aspect * rows) / columns;
    return columns * rows * Math.sqrt(Math.min(cell, 1 / cell));
  };
  for (let columns = 1; columns <= Math.min(most, needed.columns); columns += 1) {
    for (let rows = 1; rows <= Math.min(most / columns, needed.rows); rows += 1) {
      const grid = { columns, rows };
      if (merit(grid) > merit(best)) best = grid;
    }
  }
  return best;
}

/** From end to end. */
function covering(side: number, size: number, count: number): number[] {
  if (count === 1) return [0];
  return Array.from({ length: count }, (_, i) => aligned((i * (side - size)) / (count - 1)));
}

/** In the middle of equal parts. */
function spread(side: number, size: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => {
    const middle = ((i + 0.5) * side) / count - size / 2;
    return aligned(Math.min(Math.max(middle, 0), side - size));
  });
}

function aligned(offset: number): number {
  return Math.floor(offset / ALIGNMENT) * ALIGNMENT;
}

/** The squares of a plan, copied; the image is extended by reflection where the plan says so. */
export function cutCrops(image: RgbImage, { size, corners, isPadded }: CropPlan): RgbImage[] {
  const source = isPadded ? padByReflection(image, size) : image;
  return corners.map((corner) => crop(source, { ...corner, width: size, height: size }));
}

/**
 * The image with both sides at least `size`: mirrored at its edges, which are not repeated, as often
 * as it takes. It stays in the middle.
 */
export function padByReflection(image: RgbImage, size: number): RgbImage {
  const width = Math.max(image.width, size);
  const height = Math.max(image.height, size);
  const columns = reflected(image.width, width);
  const rows = reflected(image.height, height);
  const padded = rgbImage(width, height);
  for (const [y, row] of rows.entries()) {
    for (const [x, column] of columns.entries()) {
      const from = 3 * (row * image.width + column);
      padded.data.set(image.data.subarray(from, from + 3), 3 * (y * width + x));
    }
  }
  return padded;
}

/** The places of an extended side that each place of the original is seen at. */
function reflected(side: number, extended: number): number[] {
  const before = Math.floor((extended - side) / 2);
  const period = Math.max(1, 2 * (side - 1));
  return Array.from({ length: extended }, (_, i) => {
    const phase = (((i - before) % period) + period) % period;
    return phase < side ? phase : period - phase;
  });
}
