import { ShapeError } from "../../errors.ts";
import type { Gpu } from "../../gpu/gpu.ts";
import type { GpuArray } from "../../gpu/gpu-array.ts";
import { formatShape } from "../../shape.ts";
import { binary } from "./binary.ts";
import { checkLeak, unaryGrad } from "./unary.ts";

/** Options of {@link biasActivation}. */
export interface BiasActivationOptions {
  /** Factor of negative values; default 0.2, StyleGAN's. */
  readonly slope?: number;
  /** Factor of everything; StyleGAN's √2 keeps the variance. Default √2. */
  readonly gain?: number;
}

/**
 * Bias and leaky ReLU in one pass: `output = gain · leakyRelu(input + bias[c])`.
 *
 * @param input `[…, C]`
 * @param bias  `[C]`
 * @returns `[…, C]`
 * @throws {ShapeError} if `bias` is not `[C]`
 * @throws {UsageError} unless `slope ≥ 0` and `gain > 0`
 * @see Karras et al., StyleGAN2, `fused_bias_act`
 */
export function biasActivation(
  gpu: Gpu,
  input: GpuArray,
  bias: GpuArray,
  { slope = 0.2, gain = Math.SQRT2 }: BiasActivationOptions = {},
): GpuArray {
  checkLeak("biasActivation", slope, gain);
  if (bias.shape.length !== 1 || bias.shape[0] !== input.shape.at(-1)) {
    throw new ShapeError(
      `biasActivation: the bias must have one value per channel, ${input.shape.at(-1)}\n` +
        `  input  ${formatShape(input.shape)}\n  bias   ${formatShape(bias.shape)}\n` +
        "Channels are the last axis.",
    );
  }
  return binary(gpu, "biasActivation", input, bias, { alpha: slope, beta: gain });
}

/**
 * Gradient of {@link biasActivation} by its input, from the output's sign; the bias's is its sum
 * over all axes but the last.
 *
 * @param gradOutput `[…, C]`
 * @param output     `[…, C]`, of the forward pass
 */
export function biasActivationGradInput(
  gpu: Gpu,
  gradOutput: GpuArray,
  output: GpuArray,
  { slope = 0.2, gain = Math.SQRT2 }: BiasActivationOptions = {},
): GpuArray {
  return unaryGrad(gpu, "leakyRelu", gradOutput, output, { slope, gain });
}
