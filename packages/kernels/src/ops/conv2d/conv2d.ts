import { ShapeError } from "../../errors.ts";
import type { Gpu } from "../../gpu/gpu.ts";
import type { GpuArray } from "../../gpu/gpu-array.ts";
import { withArrays } from "../../gpu/with-arrays.ts";
import { formatShape, sameShape } from "../../shape.ts";
import { chooseVariant, correlate, type Epilogue } from "./correlate.ts";
import { forwardCorrelation, gradInputCorrelations } from "./correlation.ts";
import {
  depthwiseForward,
  depthwiseGradInput,
  depthwiseGradWeight,
  isDepthwise,
} from "./depthwise.ts";
import type { Conv2dGeometry } from "./geometry.ts";
import { chooseGradWeightVariant, gradWeight } from "./grad-weight.ts";
import { forwardWeight, transposedWeight } from "./pack.ts";
import { prefersWinograd, winogradForward, winogradGradInput } from "./winograd.ts";

function checkBias(bias: GpuArray | null | undefined, channels: number): void {
  if (bias == null || sameShape(bias.shape, [channels])) return;
  throw new ShapeError(
    `conv2d: bias ${formatShape(bias.shape)} must be [${channels}], one per output channel`,
  );
}

/**
 * 2-D cross-correlation `output[n, o] = bias[o] + scale · Σ_c weight[o, c] ⋆ input[n, c]`, followed
 * by a leaky ReLU `gain · max(v, slope · v)` where the epilogue asks for one.
 *
 * @param input  `[N, H, W, C]`
 * @param weight `[KH, KW, C / groups, O]`
 * @param g      from `conv2dGeometry`, which validates
 * @returns `[N, OH, OW, O]`
 * @throws {ShapeError} if the bias is not `[O]`
 * @see torch.nn.functional.conv2d
 */
export function conv2d(
  gpu: Gpu,
  input: GpuArray,
  weight: GpuArray,
  g: Conv2dGeometry,
  epilogue: Epilogue = {},
): GpuArray {
  checkBias(epilogue.bias, g.o);
  if (isDepthwise(g)) return depthwiseForward(gpu, input, weight, g, epilogue);
  if (prefersWinograd(gpu, g)) return winogradForward(gpu, input, weight, g, epilogue);
  const job = forwardCorrelation(g);
  const packed = forwardWeight(gpu, weight, g);
  return withArrays(gpu, (arrays) => {
    const output = arrays.output([g.n, g.oh, g.ow, g.o]);
    correlate(gpu, job, input, packed, output, epilogue, chooseVariant(gpu, job));
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
  if (isDepthwise(g)) return depthwiseGradInput(gpu, gradOutput, weight, g, scale);
  if (prefersWinograd(gpu, g)) return winogradGradInput(gpu, gradOutput, weight, g, scale);
  const packed = transposedWeight(gpu, weight, g);
  return withArrays(gpu, (arrays) => {
    const gradInput = arrays.output([g.n, g.h, g.w, g.c]);
    for (const job of gradInputCorrelations(g)) {
      const variant = chooseVariant(gpu, job);
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
  if (isDepthwise(g)) return depthwiseGradWeight(gpu, input, gradOutput, g, scale);
  const variant = chooseGradWeightVariant(gpu, g);
  return gradWeight(gpu, input, gradOutput, g, scale, variant);
}
