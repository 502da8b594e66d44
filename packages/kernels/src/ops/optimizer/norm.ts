import type { Gpu } from "../../gpu/gpu.ts";
import type { GpuArray } from "../../gpu/gpu-array.ts";
import { reduce } from "../reduce/reduce.ts";

/**
 * `Σ x²` over all elements: the square of the Euclidean norm, for clipping gradients.
 *
 * @returns `[]`
 */
export function sumSquares(gpu: Gpu, x: GpuArray): GpuArray {
  return reduce(gpu, "sumSquares", x);
}
