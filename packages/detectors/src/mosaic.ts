// Pictures of squares as one picture of the image: at their places, or in a grid.

import { joinTiles } from "@fauxgrad/lgrad";
import { type RgbImage, rgbImage } from "@fauxgrad/models/transforms";
import { type ActivationMap, overlayMap } from "@fauxgrad/training";
import type { CropPlan } from "./crop-plan.ts";

/** Pixels between squares that are not neighbours in the image. */
const GAP = 4;

/** The pictures of a plan's squares, each `size × size`. */
export function joinCrops(plan: CropPlan, pictures: readonly RgbImage[]): RgbImage {
  const { size, rows, columns, corners, coverage } = plan;
  const isSample = coverage === "sample";
  const places = corners.map((corner, i) => {
    const inGrid = {
      left: (i % columns) * (size + GAP),
      top: Math.floor(i / columns) * (size + GAP),
    };
    return isSample ? inGrid : corner;
  });
  const width = Math.max(...places.map(({ left }) => left)) + size;
  const height = Math.max(...places.map(({ top }) => top)) + size;
  if (places.length !== rows * columns || pictures.length !== places.length) {
    throw new RangeError(
      `joinCrops: ${pictures.length} pictures for ${rows} x ${columns} squares\n` +
        "Pass one picture for each square of the plan.",
    );
  }
  // Joined by their places alone.
  const blank = rgbImage(size, size);
  const tiles = places.map((place) => ({ ...place, image: blank }));
  return joinTiles({ width, height, tiles }, pictures);
}

/** The squares with their maps over them: one scale for all, blue the lowest value, red the highest. */
export function joinMaps(
  plan: CropPlan,
  crops: readonly RgbImage[],
  maps: readonly ActivationMap[],
): RgbImage {
  const scaled = scaleTogether(maps);
  return joinCrops(
    plan,
    crops.map((crop, i) => overlayMap(crop, scaled[i]!)),
  );
}

/** To [0, 1] by the lowest and the highest value of all maps; equal values become 0. */
export function scaleTogether(maps: readonly ActivationMap[]): ActivationMap[] {
  let low = Infinity;
  let high = -Infinity;
  for (const { values } of maps) {
    for (const value of values) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  const scale = high > low ? 1 / (high - low) : 0;
  return maps.map((map) => ({
    ...map,
    values: map.values.map((value) => Math.min(1, (value - low) * scale)),
  }));
}
