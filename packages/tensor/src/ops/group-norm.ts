import * as kernels from "@fauxgrad/kernels";
import { record } from "../autograd.ts";
import type { Tensor } from "../tensor.ts";

/** Options of {@link groupNorm}. */
export interface GroupNormOptions {
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number;
  /** `silu`: `y · sigmoid(y)`, in the same pass and without memory of its own. Default: nothing. */
  readonly activation?: "silu" | null;
}

/**
 * `y = (x − μ) / √(σ² + eps) · weight + bias` with mean and biased variance of each sample's group
 * of `C / groups` neighbouring channels, over all pixels. The same in training and evaluation.
 *
 * @param input  `[N, …, C]`
 * @param weight `[C]`, or null with `bias` for 1 and 0
 * @param bias   `[C]`, or null
 * @returns of the input's shape
 * @throws {ShapeError} if `groups` does not divide the channels, or a vector has not one value each
 * @see Wu and He, "Group Normalization"; torch.nn.functional.group_norm, which it matches
 */
export function groupNorm(
  input: Tensor,
  groups: number,
  weight: Tensor | null = null,
  bias: Tensor | null = null,
  { eps = 1e-5, activation = null }: GroupNormOptions = {},
): Tensor {
  const { gpu } = input;
  const shapes = {
    input: input.shape,
    weight: weight?.shape ?? null,
    bias: bias?.shape ?? null,
  };
  const geometry = kernels.groupNormGeometry(shapes, groups, eps, activation === "silu");
  const affine = { weight: weight?.data ?? null, bias: bias?.data ?? null };
  const { output, moments } = kernels.groupNorm(gpu, input.data, affine, geometry);
  const normalized = record({
    op: "groupNorm",
    output,
    inputs: [input, weight, bias],
    saved: [input.data, affine.weight, affine.bias, moments.mean, moments.variance],
    backward: (gradOutput, [needsInput = false, needsWeight = false, needsBias = false], saved) => {
      const [x, w, b, mean, variance] = saved;
      const needs = { input: needsInput, weight: needsWeight, bias: needsBias };
      const { gradInput, gradWeight, gradBias } = kernels.groupNormGradients(
        gpu,
        gradOutput,
        x,
        { mean, variance },
        { weight: w, bias: b },
        geometry,
        needs,
      );
      return [gradInput, gradWeight, gradBias];
    },
  });
  moments.mean.dispose();
  moments.variance.dispose();
  return normalized;
}
