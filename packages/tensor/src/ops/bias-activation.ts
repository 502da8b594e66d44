import type { BiasActivationOptions } from "@fauxgrad/kernels";
import * as kernels from "@fauxgrad/kernels";
import { record } from "../autograd.ts";
import type { Tensor } from "../tensor.ts";

/**
 * Bias and leaky ReLU in one pass: `gain · leakyRelu(input + bias[c])`; by default StyleGAN's
 * slope 0.2 and gain √2.
 *
 * @param input `[…, C]`
 * @param bias  `[C]`
 * @throws {ShapeError} if `bias` is not `[C]`
 * @throws {UsageError} unless `slope ≥ 0` and `gain > 0`
 * @see Karras et al., StyleGAN2, `fused_bias_act`
 */
export function biasActivation(
  input: Tensor,
  bias: Tensor,
  options: BiasActivationOptions = {},
): Tensor {
  const { gpu } = input;
  const output = kernels.biasActivation(gpu, input.data, bias.data, options);
  return record({
    op: "biasActivation",
    output,
    inputs: [input, bias],
    saved: [output],
    backward: (gradOutput, [needsInput, needsBias], [y]) => {
      using gradInput = kernels.biasActivationGradInput(gpu, gradOutput, y, options);
      return [
        needsInput ? gradInput.retain() : null,
        needsBias ? kernels.sumChannels(gpu, gradInput) : null,
      ];
    },
  });
}
