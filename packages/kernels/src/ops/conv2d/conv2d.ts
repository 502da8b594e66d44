import type { Gpu } from "../../gpu/gpu.ts";
import type { GpuArray } from "../../gpu/gpu-array.ts";
import type { Variant } from "../../gpu/tuning.ts";
import { withArrays } from "../../gpu/with-arrays.ts";
import { castTo } from "../elementwise/cast.ts";
import { requireFloats, requireFractions } from "../elementwise/flat.ts";
import { productVariant } from "./broadcast.ts";
import { chooseConv2d } from "./choice.ts";
import { correlate } from "./correlate.ts";
import { forwardCorrelation, gradInputCorrelations } from "./correlation.ts";
import {
  depthwiseForward,
  depthwiseGradInput,
  depthwiseGradWeight,
  isDepthwise,
} from "./depthwise.ts";
import { checkEpilogue, checkEpilogueTypes, type Epilogue } from "./epilogue.ts";
import type { Conv2dGeometry } from "./geometry.ts";
import { gradWeight } from "./grad-weight.ts";
import { correlateOnMatrices, takesMatrices } from "./matrices.ts";
import { forwardWeight, transposedWeight } from "./pack.ts";
import { winogradForward, winogradGradInput } from "./winograd.ts";

/**
 * 2-D cross-correlation `output[n, o] = bias[o] + scale · Σ_c weight[o, c] ⋆ input[n, c]`, followed
 * by what the epilogue asks for: a residual, a leaky ReLU `gain · max(v, slope · v)`, a SiLU.
 *
 * Input and weight are f32 or f16, each for itself; sums are f32, and the output is stored as the
 * input is. A bias is f32, a residual as the input.
 *
 * @param input  `[N, H, W, C]`
 * @param weight `[KH, KW, C / groups, O]`
 * @param g      from `conv2dGeometry`, which validates
 * @returns `[N, OH, OW, O]`, of the input's element type
 * @throws {ShapeError} if the bias is not `[O]`, or the residual not of the output's shape
 * @throws {DTypeError} if input or weight holds integers, the bias is not f32, or the residual not of
 *   the input's type
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
  requireFractions("conv2d", { input, weight });
  checkEpilogueTypes(epilogue, input);
  if (takesMatrices(gpu, input, weight, g)) return onMatrices(gpu, input, weight, g, epilogue);
  const variant = forwardVariant(gpu, input, g);
  const { name, parameters } = variant;
  if (isDepthwise(g)) return depthwiseForward(gpu, input, weight, g, epilogue, parameters);
  if (name === "winograd") return winogradForward(gpu, input, weight, g, epilogue, parameters);
  const job = forwardCorrelation(g);
  const packed = forwardWeight(gpu, weight, g);
  // Elements of f16 share words: those of a kernel that stores them one by one are cast afterwards.
  const isCast = input.dtype === "f16" && (g.o % 4 !== 0 || name === "direct");
  using residual = isCast && epilogue.residual ? castTo(gpu, epilogue.residual, "f32") : null;
  const behind = residual === null ? epilogue : { ...epilogue, residual };
  const stored = withArrays(gpu, (arrays) => {
    const output = arrays.output([g.n, g.oh, g.ow, g.o], isCast ? "f32" : input.dtype);
    correlate(gpu, job, input, packed, output, behind, variant);
    return output;
  });
  if (!isCast) return stored;
  using wide = stored;
  return castTo(gpu, wide, "f16");
}

function onMatrices(
  gpu: Gpu,
  input: GpuArray,
  weight: GpuArray,
  g: Conv2dGeometry,
  epilogue: Epilogue,
): GpuArray {
  return withArrays(gpu, (arrays) => {
    const output = arrays.output([g.n, g.oh, g.ow, g.o], "f16");
    correlateOnMatrices(gpu, forwardCorrelation(g), input, weight, output, epilogue);
    return output;
  });
}

/** Winograd's transforms read and store f32. */
function forwardVariant(gpu: Gpu, input: GpuArray, g: Conv2dGeometry): Variant {
  const variant = chooseConv2d(gpu, "conv2d", g);
  if (input.dtype !== "f16" || variant.name !== "winograd") return variant;
  return { name: productVariant(gpu, g.n * g.oh * g.ow), parameters: {} };
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
  requireFloats("conv2d's data gradient", { gradOutput, weight });
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
  requireFloats("conv2d's weight gradient", { input, gradOutput });
  const variant = chooseConv2d(gpu, "conv2dGradWeight", g);
  if (isDepthwise(g)) {
    return depthwiseGradWeight(gpu, input, gradOutput, g, scale, variant.parameters);
  }
  return gradWeight(gpu, input, gradOutput, g, scale, variant);
}
