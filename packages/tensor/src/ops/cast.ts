import * as kernels from "@fauxgrad/kernels";
import { record } from "../autograd.ts";
import type { Tensor } from "../tensor.ts";

/**
 * The elements as `dtype`: f16 to store them in half the memory, f32 to compute further.
 * `conv2d`, `linear` and `matmul` take either, and store their output as their input is; sums
 * are in f32. Values beyond 65504 become infinite in f16, which has no gradients.
 *
 * @throws {DTypeError} if the tensor holds integers, or if the cast would have to be recorded
 */
export function castTo(input: Tensor, dtype: kernels.FloatDType): Tensor {
  return record({
    op: "castTo",
    output: kernels.castTo(input.gpu, input.data, dtype),
    inputs: [input],
    // Only a cast of f32 to f32 is recorded.
    backward: (gradOutput) => [gradOutput.retain()],
  });
}
