import type { Gpu } from "../../gpu/gpu.ts";
import type { GpuArray } from "../../gpu/gpu-array.ts";
import { withArrays } from "../../gpu/with-arrays.ts";
import { chooseConv2d } from "./choice.ts";
import { correlate } from "./correlate.ts";
import { forwardCorrelation, gradInputCorrelations } from "./correlation.ts";
import {
  depthwiseForward,
  depthwiseGradInput,
  depthwiseGradWeight,
  isDepthwise,
} from "./depthwise.ts";
import { checkEpilogue, type Epilogue } from "./epilogue.ts";
import type { Conv2dGeometry } from "./geometry.ts";
import { gradWeight } from "./grad-weight.ts";
import { forwardWeight, transposedWeight } from "./pack.ts";
import { winogradForward, winogradGradInput } from "./winograd.ts";

/**
 * 2-D cross-correlation `output[n, o] = bias[o] + scale · Σ_c weight[o, c] ⋆ input[n, c]`, followed
 * by what the epilogue asks for: a residual, a leaky ReLU `gain · max(v, slope · v)`, a SiLU.
 *
 * @param input  `[N, H, W, C]`
 * @param weight `[KH, KW, C / groups, O]`
 * @param g      from `conv2dGeometry`, which validates
 * @returns `[N, OH, OW, O]`
 * @throws {ShapeError} if the bias is not `[O]`, or the residual not of the output's shape
 * @see torch.nn.functional.conv2d
 */
export function conv2d(
  gpu: Gpu,
  input: GpuArray,
  weight: GpuArray,
  g: Conv2dGeometry,
  epilogue: Epilogue = {},
): GpuArray {
  checkEpilogue(epilogue, [g.n, g.oh, g.ow, g.o]);
  const variant = chooseConv2d(gpu, "conv2d", g);
  const { name, parameters } = variant;
  if (isDepthwise(g)) return depthwiseForward(gpu, input, weight, g, epilogue, parameters);
  if (name === "winograd") return winogradForward(gpu, input, weight, g, epilogue, parameters);
  const job = forwardCorrelation(g);
  const packed = forwardWeight(gpu, weight, g);
  return withArrays(gpu, (arrays) => {
    const output = arrays.output([g.n, g.oh, g.ow, g.o]);
    correlate(gpu, job, input, packed, output, epilogue, variant);
    return output;
  });
}

/**
 * Gradient of `⟨gradOutput, conv2d(input)⟩` with respect to the input:
 * `gradInput = scale · Σ_o weight[o] ⋆ᵀ gradOutput[o]`.
 *
 * The transposed weight is kept with the weight until the weight is written: a frozen network
 * transposes once.
 *
 * @param gradOutput `[N, OH, OW, O]`
 * @returns `[N, H, W, C]`
 */
export function conv2dGradInput(
  gpu: Gpu,
  gradOutput: GpuArray,
  weight: GpuArray,
  g: Conv2dGeometry,
  scale = 1,
): GpuArray {
  const variant = chooseConv2d(gpu, "conv2dGradInput", g);
  const { name, parameters } = variant;
  if (isDepthwise(g)) return depthwiseGradInput(gpu, gradOutput, weight, g, scale, parameters);
  if (name === "winograd") return winogradGradInput(gpu, gradOutput, weight, g, scale, parameters);
  const packed = transposedWeight(gpu, weight, g);
  return withArrays(gpu, (arrays) => {
    const gradInput = arrays.output([g.n, g.h, g.w, g.c]);
    for (const job of gradInputCorrelations(g)) {
      correlate(gpu, job, gradOutput, packed, gradInput, { scale }, variant);
    }
    return gradInput;
  });
}

/**
 * Gradient of `⟨gradOutput, conv2d(input)⟩` with respect to the weight:
 * `gradWeight[kh, kw, i, o] = scale · Σ_pixels input[…, i] · gradOutput[…, o]`.
 *
 * @returns `[KH, KW, C / groups, O]`
 */
export function conv2dGradWeight(
  gpu: Gpu,
  input: GpuArray,
  gradOutput: GpuArray,
  g: Conv2dGeometry,
  scale = 1,
): GpuArray {
  const variant = chooseConv2d(gpu, "conv2dGradWeight", g);
  if (isDepthwise(g)) {
    return depthwiseGradWeight(gpu, input, gradOutput, g, scale, variant.parameters);
  }
  return gradWeight(gpu, input, gradOutput, g, scale, variant);
}
