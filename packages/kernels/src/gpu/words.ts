import { DTypeError, ShapeError } from "../errors.ts";
import { type DType, formatShape } from "../shape.ts";
import type { GpuArray } from "./gpu-array.ts";
import { float32ToFloat16 } from "./half.ts";

/** What the queue writes into a buffer. */
type Words =
  | Float32Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>;

/**
 * Numbers as the device holds them; the same array where it is that already. To f16 they are rounded
 * to the nearest, ties to even; an odd count is followed by a zero.
 */
export function toWords(data: ArrayLike<number>, dtype: DType): Words {
  if (dtype === "f16") {
    const padded = new Float32Array(2 * Math.ceil(data.length / 2));
    padded.set(data);
    return float32ToFloat16(padded);
  }
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

/**
 * @throws {DTypeError} if only one of the arrays is f16
 * @throws {ShapeError} unless one array's elements fill the other
 */
export function requireSameSize(source: GpuArray, target: GpuArray): void {
  if ((source.dtype === "f16") !== (target.dtype === "f16")) {
    throw new DTypeError(
      `copy: the source is ${source.dtype}, the target ${target.dtype}\nUse castTo.`,
    );
  }
  if (source.size === target.size) return;
  throw new ShapeError(
    `copy: sizes differ\n  source  ${formatShape(source.shape)}\n` +
      `  target  ${formatShape(target.shape)}`,
  );
}
