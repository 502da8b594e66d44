import type { DType } from "../shape.ts";

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
