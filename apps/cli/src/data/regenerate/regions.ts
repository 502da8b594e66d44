/*
 * Which parts of a photograph are taken: windows side by side whose surroundings lie inside the
 * picture, those with the most texture first. A network sees the surroundings, which are cut off
 * again: what it makes of the picture's border is not what it makes of the rest.
 */
import { crop, type RgbImage, resize } from "@fauxgrad/models/transforms";

/** Side of the images that are made. */
export const SIDE = 256;
/** What is cut off on each side of a region; every factor of a generator divides it. */
export const MARGIN = 32;
/** Side of the region that a generator sees. */
export const REGION = SIDE + 2 * MARGIN;

/** Upper left corner of an image in the scaled photograph. */
export interface Place {
  readonly x: number;
  readonly y: number;
}

/** What {@link scaledSize} goes by. */
export interface ScaleOptions {
  /** Least factor by which a photograph is shrunk. */
  readonly downscale: number;
  /** Its longer side afterwards, at most. */
  readonly longSide: number;
}

/** The size to which a photograph is shrunk: what its camera and its codec left goes away. */
export function scaledSize(
  { width, height }: Pick<RgbImage, "width" | "height">,
  { downscale, longSide }: ScaleOptions,
): { readonly width: number; readonly height: number } {
  const factor = Math.max(downscale, Math.max(width, height) / longSide);
  const scaled = (side: number) => Math.max(1, Math.floor(side / factor));
  return { width: scaled(width), height: scaled(height) };
}

/** The photograph in the size that regions are cut from. */
export function scalePhoto(photo: RgbImage, options: ScaleOptions): RgbImage {
  return resize(photo, scaledSize(photo, options), "lanczos");
}

/**
 * The mean step of brightness from a pixel to the next one on the right and to the one below, added
 * up, in levels of 255.
 */
export function texture(image: RgbImage, { x, y }: Place): number {
  const { width, data } = image;
  const luma = (column: number, row: number) => {
    const at = (row * width + column) * 3;
    return 0.299 * data[at]! + 0.587 * data[at + 1]! + 0.114 * data[at + 2]!;
  };
  let across = 0;
  let down = 0;
  for (let row = y; row < y + SIDE; row += 1) {
    for (let column = x; column < x + SIDE; column += 1) {
      const here = luma(column, row);
      if (column + 1 < x + SIDE) across += Math.abs(luma(column + 1, row) - here);
      if (row + 1 < y + SIDE) down += Math.abs(luma(column, row + 1) - here);
    }
  }
  return (across + down) / (SIDE * (SIDE - 1));
}

/**
 * The places of a photograph's images, most texture first; those below the least are left out.
 *
 * @param most at most so many
 */
export function chooseRegions(
  photo: RgbImage,
  { least, most }: { readonly least: number; readonly most: number },
): Place[] {
  const starts = (side: number) => {
    const count = Math.max(0, Math.floor((side - 2 * MARGIN) / SIDE));
    return Array.from({ length: count }, (_, i) => MARGIN + i * SIDE);
  };
  return starts(photo.height)
    .flatMap((y) => starts(photo.width).map((x) => ({ x, y })))
    .map((place) => ({ place, value: texture(photo, place) }))
    .filter(({ value }) => value >= least)
    .sort((a, b) => b.value - a.value || a.place.y - b.place.y || a.place.x - b.place.x)
    .slice(0, most)
    .map(({ place }) => place);
}

/** An image with its surroundings. */
export function cutRegion(photo: RgbImage, { x, y }: Place): RgbImage {
  return crop(photo, { left: x - MARGIN, top: y - MARGIN, width: REGION, height: REGION });
}

/** A region without its surroundings. */
export function cutMargin(region: RgbImage): RgbImage {
  return crop(region, { left: MARGIN, top: MARGIN, width: SIDE, height: SIDE });
}
