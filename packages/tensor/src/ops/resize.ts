import type { Pair } from "@fauxgrad/kernels";
import * as kernels from "@fauxgrad/kernels";
import { record } from "../autograd.ts";
import type { Tensor } from "../tensor.ts";

/**
 * Bilinear interpolation to `size`, without antialiasing: output `o` lies at `(o + ½)·H / OH − ½` of
 * the input, or at `o·(H − 1) / (OH − 1)` with `alignCorners`.
 *
 * @param input `[N, H, W, C]`
 * @param size  `OH, OW`
 * @returns `[N, OH, OW, C]`
 * @throws {ShapeError} if a size is not a positive integer
 * @see torch.nn.functional.interpolate with mode "bilinear", which it matches
 */
export function interpolateBilinear(
  input: Tensor,
  size: Pair,
  { alignCorners = false }: { readonly alignCorners?: boolean } = {},
): Tensor {
  const { gpu } = input;
  const geometry = kernels.bilinearGeometry(input.shape, size, alignCorners);
  return record({
    op: "interpolateBilinear",
    output: kernels.interpolateBilinear(gpu, input.data, geometry),
    inputs: [input],
    backward: (gradOutput) => [kernels.interpolateBilinearGradInput(gpu, gradOutput, geometry)],
  });
}

/**
 * Each element becomes a block of `factor × factor`.
 *
 * @param input `[N, H, W, C]`
 * @returns `[N, H · factor, W · factor, C]`
 * @throws {ShapeError} if a factor is not a positive integer
 * @see torch.nn.functional.interpolate with mode "nearest" and an integer scale, which it matches
 */
export function upsampleNearest(input: Tensor, factor: Pair): Tensor {
  const { gpu } = input;
  const geometry = kernels.nearestGeometry(input.shape, factor);
  return record({
    op: "upsampleNearest",
    output: kernels.upsampleNearest(gpu, input.data, geometry),
    inputs: [input],
    backward: (gradOutput) => [kernels.upsampleNearestGradInput(gpu, gradOutput, geometry)],
  });
}
