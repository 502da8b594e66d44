import * as kernels from "@fauxgrad/kernels";
import { record } from "../autograd.ts";
import type { Tensor } from "../tensor.ts";

/**
 * Weight standardisation: `ŵ = (w − mean(w)) / (std(w) + 1e-5)` for each output filter, with the
 * unbiased standard deviation over its `KH·KW·I` elements.
 *
 * @param weight `[KH, KW, C / groups, O]`
 * @returns of the weight's shape
 * @throws {ShapeError} if a filter has a single element
 * @see Qiao et al., "Micro-Batch Training with Batch-Channel Normalization and Weight
 *   Standardization"
 */
export function standardizeWeight(weight: Tensor): Tensor {
  const { gpu } = weight;
  const { output, moments } = kernels.standardizeWeight(gpu, weight.data);
  const standardized = record({
    op: "standardizeWeight",
    output,
    inputs: [weight],
    saved: [weight.data, moments.mean, moments.deviation],
    backward: (gradOutput, _needs, [w, mean, deviation]) => [
      kernels.standardizeWeightGrad(gpu, gradOutput, w, { mean, deviation }),
    ],
  });
  moments.mean.dispose();
  moments.deviation.dispose();
  return standardized;
}
