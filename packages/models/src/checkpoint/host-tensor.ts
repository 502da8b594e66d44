// A tensor as it lies in a file: element type, shape, and a typed array over the bytes. Checkpoint
// files are little-endian, as is every platform with WebGPU: typed arrays read them as they are.

import { CheckpointError, quote } from "./errors.ts";
import {
  bfloat16ToFloat32,
  float16ToFloat32,
  float32ToBfloat16,
  float32ToFloat16,
} from "./half.ts";

/** The typed array that holds elements of each type; the 16-bit floats are bit patterns. */
export interface HostArrays {
  float64: Float64Array<ArrayBuffer>;
  float32: Float32Array<ArrayBuffer>;
  float16: Uint16Array<ArrayBuffer>;
  bfloat16: Uint16Array<ArrayBuffer>;
  int64: BigInt64Array<ArrayBuffer>;
  int32: Int32Array<ArrayBuffer>;
  int16: Int16Array<ArrayBuffer>;
  int8: Int8Array<ArrayBuffer>;
  uint64: BigUint64Array<ArrayBuffer>;
  uint32: Uint32Array<ArrayBuffer>;
  uint16: Uint16Array<ArrayBuffer>;
  uint8: Uint8Array<ArrayBuffer>;
  bool: Uint8Array<ArrayBuffer>;
}

/** Element type of a tensor in a file, by PyTorch's name. */
export type HostDType = keyof HostArrays;

type HostTensorOf<D extends HostDType> = D extends HostDType
  ? { readonly dtype: D; readonly shape: readonly number[]; readonly data: HostArrays[D] }
  : never;

/** A tensor in host memory, row-major; `shape` is `[]` for a scalar. */
export type HostTensor = HostTensorOf<HostDType>;

interface ArrayConstructor<T> {
  new (buffer: ArrayBuffer, byteOffset: number, length: number): T;
  readonly BYTES_PER_ELEMENT: number;
}

const ARRAYS: { readonly [D in HostDType]: ArrayConstructor<HostArrays[D]> } = {
  float64: Float64Array,
  float32: Float32Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int64: BigInt64Array,
  int32: Int32Array,
  int16: Int16Array,
  int8: Int8Array,
  uint64: BigUint64Array,
  uint32: Uint32Array,
  uint16: Uint16Array,
  uint8: Uint8Array,
  bool: Uint8Array,
};

/** Size of one element in bytes. */
export function bytesPerElement(dtype: HostDType): number {
  return ARRAYS[dtype].BYTES_PER_ELEMENT;
}

/** Whether `name` is an element type that is read here. */
export function isHostDType(name: string): name is HostDType {
  return Object.hasOwn(ARRAYS, name);
}

/** Number of elements of `shape`; null if a size is no natural number or the product is unsafe. */
export function elementCount(shape: readonly number[]): number | null {
  let count = 1;
  for (const size of shape) {
    if (!Number.isSafeInteger(size) || size < 0) return null;
    count *= size;
    if (!Number.isSafeInteger(count)) return null;
  }
  return count;
}

/** `[64, 3, 7, 7]` */
export function formatShape(shape: readonly number[]): string {
  return `[${shape.join(", ")}]`;
}

/**
 * A tensor over `bytes`, without a copy. The caller has checked that `bytes.byteOffset` is a
 * multiple of the element size and that `bytes` is as long as `shape` says.
 */
export function viewTensor(
  dtype: HostDType,
  shape: readonly number[],
  bytes: Uint8Array<ArrayBuffer>,
): HostTensor {
  const length = bytes.byteLength / bytesPerElement(dtype);
  const data = new ARRAYS[dtype](bytes.buffer, bytes.byteOffset, length);
  // The table above pairs each name with its array; TypeScript cannot follow a union through it.
  return { dtype, shape, data } as HostTensor;
}

/** The bytes under a tensor, without a copy. */
export function bytesOf(tensor: HostTensor): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = tensor.data;
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** @throws {CheckpointError} if the array's type or length contradicts `dtype` and `shape` */
export function checkTensor(name: string, tensor: HostTensor): void {
  const { dtype, shape, data } = tensor;
  if (isHostDType(dtype) && data instanceof ARRAYS[dtype] && elementCount(shape) === data.length) {
    return;
  }
  throw new CheckpointError(
    `checkpoint: the data of ${quote(name)} does not fit its dtype and shape\n` +
      `  dtype  ${dtype}\n  shape  ${formatShape(shape)}\n` +
      `  data   ${data?.constructor?.name} of ${data?.length} elements\n` +
      "Pass row-major data with one element of the right typed array per entry of the shape.",
  );
}

/**
 * The values of a tensor as float32, for the GPU.
 *
 * Float32 data is returned as it is, sharing memory with the file. Other types are converted;
 * what float32 cannot hold (float64, large integers) is rounded.
 */
export function toFloat32(tensor: HostTensor): Float32Array<ArrayBuffer> {
  switch (tensor.dtype) {
    case "float32":
      return tensor.data;
    case "float16":
      return float16ToFloat32(tensor.data);
    case "bfloat16":
      return bfloat16ToFloat32(tensor.data);
    case "int64":
    case "uint64":
      return Float32Array.from(tensor.data, Number);
    default:
      return new Float32Array(tensor.data);
  }
}

/**
 * A tensor for a file from float32 values, rounded to nearest even where the type is narrower.
 *
 * @throws {CheckpointError} if `values` has not as many elements as `shape`
 */
export function fromFloat32(
  values: Float32Array<ArrayBuffer>,
  shape: readonly number[],
  dtype: "float32" | "float16" | "bfloat16" = "float32",
): HostTensor {
  const tensor: HostTensor =
    dtype === "float32"
      ? { dtype, shape, data: values }
      : dtype === "float16"
        ? { dtype, shape, data: float32ToFloat16(values) }
        : { dtype, shape, data: float32ToBfloat16(values) };
  checkTensor("values", tensor);
  return tensor;
}
