import {
  type DType,
  full as fullArray,
  type Gpu,
  normal,
  type RandomOptions,
  type Shape,
  uniform,
} from "@fauxgrad/kernels";
import { Tensor } from "./tensor.ts";

/** Options of the functions that make tensors. */
export interface TensorOptions {
  /** Collect a gradient here. */
  readonly requiresGrad?: boolean;
  readonly dtype?: DType;
}

/**
 * A tensor with the elements of `data`, row-major.
 *
 * @throws {ShapeError} if `data` does not fill `shape`
 */
export function tensor(
  gpu: Gpu,
  data: ArrayLike<number>,
  shape: Shape,
  { requiresGrad = false, dtype = "f32" }: TensorOptions = {},
): Tensor {
  return new Tensor(gpu.upload(data, shape, dtype), { requiresGrad });
}

/** A tensor of zeros. */
export function zeros(
  gpu: Gpu,
  shape: Shape,
  { requiresGrad = false, dtype = "f32" }: TensorOptions = {},
): Tensor {
  return new Tensor(gpu.zeros(shape, dtype), { requiresGrad });
}

/** A tensor of ones. */
export function ones(gpu: Gpu, shape: Shape, options: TensorOptions = {}): Tensor {
  return full(gpu, shape, 1, options);
}

/** A tensor whose elements are all `value`. */
export function full(
  gpu: Gpu,
  shape: Shape,
  value: number,
  { requiresGrad = false, dtype = "f32" }: TensorOptions = {},
): Tensor {
  return new Tensor(fullArray(gpu, shape, value, dtype), { requiresGrad });
}

/** Options of {@link rand} and {@link randn}. */
export interface RandomTensorOptions extends RandomOptions {
  /** Collect a gradient here. */
  readonly requiresGrad?: boolean;
}

/** Values uniform in [0, 1), made on the device; the same for the same seed and offset. */
export function rand(
  gpu: Gpu,
  shape: Shape,
  { requiresGrad = false, ...random }: RandomTensorOptions,
): Tensor {
  return new Tensor(uniform(gpu, shape, random), { requiresGrad });
}

/** Standard normal values, made on the device; the same for the same seed and offset. */
export function randn(
  gpu: Gpu,
  shape: Shape,
  { requiresGrad = false, ...random }: RandomTensorOptions,
): Tensor {
  return new Tensor(normal(gpu, shape, random), { requiresGrad });
}
