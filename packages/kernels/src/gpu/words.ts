import { ShapeError } from "../errors.ts";
import { type DType, formatShape } from "../shape.ts";
import type { GpuArray } from "./gpu-array.ts";

/** Numbers as the device holds them; the same array where it is that already. */
export function toWords(
  data: ArrayLike<number>,
  dtype: DType,
): Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Int32Array<ArrayBuffer> {
  const Words = dtype === "f32" ? Float32Array : dtype === "u32" ? Uint32Array : Int32Array;
  if (data instanceof Words && data.buffer instanceof ArrayBuffer) {
    return data as Float32Array<ArrayBuffer>;
  }
  return new Words(data);
}

/** @throws {ShapeError} unless there is one number for each element */
export function requireValues(data: ArrayLike<number>, { shape, size }: GpuArray): void {
  if (data.length === size) return;
  throw new ShapeError(`upload: ${data.length} values do not fill ${formatShape(shape)} (${size})`);
}

/** @throws {ShapeError} unless one array's elements fill the other */
export function requireSameSize(source: GpuArray, target: GpuArray): void {
  if (source.size === target.size) return;
  throw new ShapeError(
    `copy: sizes differ\n  source  ${formatShape(source.shape)}\n` +
      `  target  ${formatShape(target.shape)}`,
  );
}
