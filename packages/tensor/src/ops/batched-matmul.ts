import type { BatchedMatmulOptions } from "@fauxgrad/kernels";
import * as kernels from "@fauxgrad/kernels";
import { record } from "../autograd.ts";
import type { Tensor } from "../tensor.ts";

/** Options of {@link batchedMatmul}. */
export interface ScaledMatmulOptions extends BatchedMatmulOptions {
  /** Factor of the product; default 1. */
  readonly scale?: number;
}

/**
 * `output[i, m, n] = scale · Σ_k a[i, m, k] · b[i, k, n]` for each index `i` of the leading axes.
 *
 * @param a `[…, M, K]`, or `[…, K, M]` with `transposeA`
 * @param b `[…, K, N]`, or `[…, N, K]` with `transposeB`
 * @returns `[…, M, N]`
 * @throws {ShapeError} if leading axes or inner sizes do not agree
 * @see torch.matmul of two batches, torch.bmm
 */
export function batchedMatmul(
  a: Tensor,
  b: Tensor,
  { scale = 1, ...options }: ScaledMatmulOptions = {},
): Tensor {
  const { gpu } = a;
  const geometry = kernels.batchedMatmulGeometry(a.shape, b.shape, options);
  return record({
    op: "batchedMatmul",
    output: kernels.batchedMatmul(gpu, a.data, b.data, geometry, scale),
    inputs: [a, b],
    saved: [b.requiresGrad ? a.data : null, a.requiresGrad ? b.data : null],
    backward: (gradOutput, [needsA, needsB], [x, y]) => [
      needsA && y ? kernels.batchedMatmulGradA(gpu, gradOutput, y, geometry, scale) : null,
      needsB && x ? kernels.batchedMatmulGradB(gpu, x, gradOutput, geometry, scale) : null,
    ],
  });
}
