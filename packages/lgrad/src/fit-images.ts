/*
 * Images of any size to images of a network's size.
 */
import {
  type CropWindow,
  centerCrop,
  crop,
  type ResizeFilter,
  type RgbImage,
  resize,
} from "@fauxgrad/models/transforms";

/**
 * What is done to images of another size than the network's: `resize` gives up the aspect ratio, as
 * LGrad does; `center-crop` takes the middle; `tile` covers the image with windows. For the last
 * two, an image that is too small is enlarged first, its aspect ratio kept.
 */
export type SizeMode = "resize" | "center-crop" | "tile";

/** In the order of their help. */
export const sizeModes: readonly SizeMode[] = ["resize", "center-crop", "tile"];

/** A part of an image that has the network's size. */
export interface Tile {
  readonly image: RgbImage;
  /** Of the fitted image, in pixels. */
  readonly left: number;
  readonly top: number;
}

/** An image cut to the network's size: one tile, or the tiles of a grid. */
export interface FittedImage {
  /** Of the picture that the tiles were cut from. */
  readonly width: number;
  readonly height: number;
  readonly tiles: readonly Tile[];
}

/** The tiles of one image, `size × size` each. */
export function fitImage(
  image: RgbImage,
  size: number,
  mode: SizeMode,
  filter: ResizeFilter = "bilinear",
): FittedImage {
  const square = { width: size, height: size };
  if (mode === "resize") return single(resize(image, square, filter));
  const large = atLeast(image, size, filter);
  if (mode === "center-crop") return single(centerCrop(large, square));
  const { width, height } = large;
  const tiles = offsets(height, size).flatMap((top) =>
    offsets(width, size).map((left) => {
      const window: CropWindow = { left, top, ...square };
      return { image: crop(large, window), left, top };
    }),
  );
  return { width, height, tiles };
}

/** Pictures of the tiles, each at its place; where tiles overlap, the later one is seen. */
export function joinTiles(
  { width, height, tiles }: FittedImage,
  pictures: readonly RgbImage[],
): RgbImage {
  const data = new Uint8Array(width * height * 3);
  for (const [i, { left, top }] of tiles.entries()) {
    const picture = pictures[i]!;
    const stride = picture.width * 3;
    for (let y = 0; y < picture.height; y += 1) {
      const row = picture.data.subarray(y * stride, (y + 1) * stride);
      data.set(row, ((top + y) * width + left) * 3);
    }
  }
  return { width, height, data };
}

function single(image: RgbImage): FittedImage {
  const { width, height } = image;
  return { width, height, tiles: [{ image, left: 0, top: 0 }] };
}

/** Enlarged until the shorter side has `size` pixels. */
function atLeast(image: RgbImage, size: number, filter: ResizeFilter): RgbImage {
  const { width, height } = image;
  const shorter = Math.min(width, height);
  if (shorter >= size) return image;
  const scaled = (side: number) => Math.max(size, Math.round((side * size) / shorter));
  return resize(image, { width: scaled(width), height: scaled(height) }, filter);
}

/** As few windows as cover a side, evenly spaced from end to end. */
function offsets(side: number, size: number): number[] {
  const count = Math.ceil(side / size);
  if (count === 1) return [0];
  return Array.from({ length: count }, (_, i) => Math.round((i * (side - size)) / (count - 1)));
}
