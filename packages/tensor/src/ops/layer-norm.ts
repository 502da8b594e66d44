import * as kernels from "@fauxgrad/kernels";
import { record } from "../autograd.ts";
import type { Tensor } from "../tensor.ts";

/**
 * `y = (x − μ) / √(σ² + eps) · weight + bias` with mean and biased variance over the last axis.
 *
 * @param input  `[…, C]`
 * @param weight `[C]`, or null with `bias` for 1 and 0
 * @param bias   `[C]`, or null
 * @returns of the input's shape
 * @throws {ShapeError} if a vector has not one value per channel
 * @see Ba, Kiros and Hinton, "Layer Normalization"; torch.nn.functional.layer_norm, which it matches
 */
export function layerNorm(
  input: Tensor,
  weight: Tensor | null = null,
  bias: Tensor | null = null,
  { eps = 1e-5 }: { readonly eps?: number } = {},
): Tensor {
  const { gpu } = input;
  const shapes = {
    input: input.shape,
    weight: weight?.shape ?? null,
    bias: bias?.shape ?? null,
  };
  const geometry = kernels.layerNormGeometry(shapes, eps);
  const affine = { weight: weight?.data ?? null, bias: bias?.data ?? null };
  const { output, moments } = kernels.layerNorm(gpu, input.data, affine, geometry);
  const normalized = record({
    op: "layerNorm",
    output,
    inputs: [input, weight, bias],
    saved: [input.data, weight?.data ?? null, moments.mean, moments.scale],
    backward: (gradOutput, [needsInput = false, needsWeight = false, needsBias = false], saved) => {
      const [x, w, mean, scale] = saved;
      const needs = { input: needsInput, weight: needsWeight, bias: needsBias };
      const { gradInput, gradWeight, gradBias } = kernels.layerNormGradients(
        gpu,
        gradOutput,
        x,
        { mean, scale },
        w,
        geometry,
        needs,
      );
      return [gradInput, gradWeight, gradBias];
    },
  });
  moments.mean.dispose();
  moments.scale.dispose();
  return normalized;
}
