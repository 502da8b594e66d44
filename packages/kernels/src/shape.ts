import { ShapeError } from "./errors.ts";

/** Sizes of the axes, outermost first; row-major in memory. `[]` is a scalar. */
export type Shape = readonly number[];

/** Element types of arrays on the device; `f16` is for storage, sums are in f32. */
export type DType = "f32" | "u32" | "i32" | "f16";

/** Bytes of an array's elements, in whole words: that is how the device copies them. */
export function bytesOf(shape: Shape, dtype: DType): number {
  const count = numel(shape);
  return dtype === "f16" ? 4 * Math.ceil(count / 2) : 4 * count;
}

/** Number of elements: the product of the sizes, 1 for `[]`. */
export function numel(shape: Shape): number {
  let count = 1;
  for (const size of shape) count *= size;
  return count;
}

/** `[8, 224, 224, 4]` as text. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}

/** Whether two shapes are the same. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/** Row-major strides in elements. */
export function rowMajorStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis] ?? 1;
  }
  return strides;
}

/** Throws unless every size is a positive integer. */
export function checkShape(shape: Shape, what: string): void {
  for (const size of shape) {
    if (!Number.isInteger(size) || size < 1) {
      throw new ShapeError(
        `${what}: ${formatShape(shape)} is not a shape\nEvery size must be an integer of at least 1.`,
      );
    }
  }
}

/**
 * NumPy's broadcasting rule: axes are aligned at the right; a size of 1 stretches.
 *
 * @throws {ShapeError} if two sizes differ and neither is 1
 */
export function broadcastShapes(op: string, a: Shape, b: Shape): number[] {
  const rank = Math.max(a.length, b.length);
  const result = new Array<number>(rank);
  for (let axis = 0; axis < rank; axis++) {
    const x = a[axis - rank + a.length] ?? 1;
    const y = b[axis - rank + b.length] ?? 1;
    if (x !== y && x !== 1 && y !== 1) {
      throw new ShapeError(
        `${op}: shapes do not broadcast, ${x} against ${y} at axis ${axis - rank}\n` +
          `  a  ${formatShape(a)}\n  b  ${formatShape(b)}\n` +
          "Axes are aligned at the right; sizes must be equal or 1.",
      );
    }
    result[axis] = x === 1 ? y : x;
  }
  return result;
}

/**
 * `axis` counted from the front; negative counts from the end.
 *
 * @throws {ShapeError} if it is outside `[-rank, rank)`
 */
export function normalizeAxis(op: string, axis: number, rank: number): number {
  const normalized = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || normalized < 0 || normalized >= rank) {
    throw new ShapeError(
      `${op}: axis ${axis} is outside an array of ${rank} axes\nPass an axis in [${-rank}, ${rank}).`,
    );
  }
  return normalized;
}
