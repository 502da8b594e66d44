import { formatShape, type Shape, ShapeError } from "@fauxgrad/tensor";

/** What a network's images must be; without `size` and `smallest`, any. */
export interface ImageRequirement {
  /** The only side it takes, in pixels. */
  readonly size?: number;
  /** The smallest side it takes, in pixels. */
  readonly smallest?: number;
}

/** @throws {ShapeError} unless `shape` is `[N, H, W, 3]` with sides that `name` takes */
export function requireImages(
  name: string,
  shape: Shape,
  { size, smallest = 1 }: ImageRequirement = {},
): void {
  const [, height = 0, width = 0, channels] = shape;
  const sides = [height, width];
  const fits = sides.every((side) => (size === undefined ? side >= smallest : side === size));
  if (shape.length === 4 && channels === 3 && fits) return;
  const side = size ?? smallest;
  const pixels = size === undefined ? `at least ${side} x ${side}` : `${side} x ${side}`;
  throw new ShapeError(
    `${name}: input must be images of 3 channels and ${pixels} pixels\n` +
      `  input     ${formatShape(shape)}\n  expected  [N, H, W, 3]\n` +
      "Resize the images, and pass R G B in the last axis.",
  );
}

/** @throws {ShapeError} that says the weights are another network's */
export function foreignWeights(
  name: string,
  shapes: ReadonlyMap<string, Shape>,
  wanted: string,
): never {
  const names = [...shapes.keys()].slice(0, 4).join(", ");
  throw new ShapeError(
    `${name}: the weights are not those of such a network\n` +
      `  found  ${names || "nothing"}${shapes.size > 4 ? `, … (${shapes.size} in all)` : ""}\n` +
      `Pass a state dict with the names ${wanted}.`,
  );
}
