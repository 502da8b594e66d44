// What batch and group normalisation share. An array [B, R, C] is normalised over its rows R, and
// over the channels of a group; batch norm is B = 1 with a group for each channel, group norm has
// B = N. Moments and coefficients are kept as [B, C]: the same for all channels of a group.
//
// Forward: partial moments of slabs of rows, merged, then one pass to normalise.
//
// Gradient. Let x̂ = (x − μ)·s with s = 1 / √(σ² + ε), y = w·x̂ + b, n the number of elements that
// share μ and σ², and h = w·g the gradient with respect to x̂. As ∂μ/∂x_j = 1 / n and
// ∂σ²/∂x_j = 2·(x_j − μ) / n (the mean's part vanishes, for Σ (x − μ) = 0), ∂s/∂σ² = −s³ / 2, so
//
//   ∂L/∂x_j = h_j·s − (s / n)·Σ h − (s³ / n)·(x_j − μ)·Σ h·(x − μ)
//           = s·(h_j − mean(h) − x̂_j·mean(h·x̂)).
//
// Both means follow from the sums of g and g·x̂ over the rows, which are also the gradients of bias
// and weight. Where μ and σ² are constants (batch norm in eval mode) only s·h_j remains.

import type { Gpu } from "../../gpu/gpu.ts";
import type { GpuArray } from "../../gpu/gpu-array.ts";
import { type Arrays, withArrays } from "../../gpu/with-arrays.ts";
import { ceilDiv, foldGrid } from "../../gpu/workgroups.ts";
import { blocksOfRows, type ChannelLanes, channelLanes, linearGrid } from "../lanes/lanes.ts";
import {
  CHANNEL_LANES,
  gradSumsKernel,
  mergeMomentsKernel,
  mergeSumsKernel,
  momentsKernel,
  normalizeKernel,
  normGradInputKernel,
  siluGradKernel,
} from "./kernels.ts";
import manyRowLanes from "./many-row-lanes.wgsl";
import oneRowLane from "./one-row-lane.wgsl";

/** An array `[B, R, C]` and its groups of channels. */
export interface NormView {
  readonly batch: number;
  readonly rows: number;
  readonly channels: number;
  /** Groups that the channels divide into. */
  readonly groups: number;
  /** Added to the variance, so that a constant input gives 0. */
  readonly eps: number;
}

/** Mean and biased variance, each `[B, C]`. */
export interface Moments {
  readonly mean: GpuArray;
  readonly variance: GpuArray;
}

/** Gain and offset, `[C]`; null for 1 and 0. */
export interface Affine {
  readonly weight: GpuArray | null;
  readonly bias: GpuArray | null;
}

/** Gradients' raw material; null where nobody asked. */
export interface NormGradients {
  /** Of the input's shape. */
  readonly gradInput: GpuArray | null;
  /** `[B, C]`: sums of `gradOutput` over the rows. */
  readonly sumGrad: GpuArray | null;
  /** `[B, C]`: sums of `gradOutput · x̂` over the rows. */
  readonly sumProduct: GpuArray | null;
}

interface Slabs {
  readonly lanes: ChannelLanes;
  readonly count: number;
  readonly modules: { readonly "lanes.wgsl": string; readonly "row-lanes.wgsl": string };
  readonly params: Readonly<Record<keyof typeof momentsKernel.definition.params, number>>;
  readonly workgroups: [number, number];
}

/** Workgroups wanted in flight and rows that one of them should have at least. */
const SLABS = {
  registers: { workgroups: 32, rows: 32, most: 64 },
  tiled: { workgroups: 512, rows: 128, most: 256 },
} as const;

function slabsOf(gpu: Gpu, { batch, rows, channels }: NormView): Slabs {
  const lanes = channelLanes(channels);
  const blocks = ceilDiv(lanes.vectors, CHANNEL_LANES);
  const wanted = SLABS[gpu.family];
  const most = Math.min(wanted.most, ceilDiv(rows, wanted.rows));
  const slabRows = ceilDiv(rows, Math.min(most, ceilDiv(wanted.workgroups, batch * blocks)));
  const slabs = ceilDiv(rows, slabRows);
  const workgroups = batch * slabs * blocks;
  const rowLanes = gpu.family === "tiled" ? manyRowLanes : oneRowLane;
  return {
    lanes,
    count: slabs,
    modules: { ...lanes.modules, "row-lanes.wgsl": rowLanes },
    params: { workgroups, blocks, c: lanes.vectors, rows, slabs, slab_rows: slabRows },
    workgroups: foldGrid(workgroups, gpu.maxWorkgroups),
  };
}

function blocksOf(gpu: Gpu, { batch, rows, channels, eps }: NormView) {
  const { modules } = channelLanes(channels);
  const { sizes, workgroups } = blocksOfRows(gpu, batch, rows, channels);
  return { modules, params: { ...sizes, eps }, workgroups };
}

/** Mean and biased variance of each channel's group. The caller owns both arrays. */
export function moments(gpu: Gpu, input: GpuArray, view: NormView): Moments {
  const { batch, rows, channels, groups } = view;
  const slabs = slabsOf(gpu, view);
  return withArrays(gpu, (arrays) => {
    const partial = arrays.temporary([batch, slabs.count, 2, channels]);
    const { modules, workgroups } = slabs;
    momentsKernel.dispatch(gpu, { input, partial }, slabs.params, { modules, workgroups });
    const mean = arrays.output([batch, channels]);
    const variance = arrays.output([batch, channels]);
    const params = {
      total: batch * groups,
      groups,
      size: channels / groups,
      rows,
      slabs: slabs.count,
      slab_rows: slabs.params.slab_rows,
    };
    mergeMomentsKernel.dispatch(gpu, { partial, mean, variance }, params, {
      workgroups: linearGrid(gpu, params.total),
    });
    return { mean, variance };
  });
}

/** What follows a normalisation in the same pass. */
export interface AfterNorm {
  /** Added before the activation; of the input's shape. */
  readonly residual?: GpuArray | null;
  readonly activation?: "relu" | "silu" | null;
}

/**
 * `(input − mean) / √(variance + eps) · weight + bias`, of the input's shape, and what follows: a
 * residual, then a ReLU or a SiLU.
 */
export function normalize(
  gpu: Gpu,
  input: GpuArray,
  { mean, variance }: Moments,
  { weight, bias }: Affine,
  view: NormView,
  { residual = null, activation = null }: AfterNorm = {},
): GpuArray {
  const { params, modules, workgroups } = blocksOf(gpu, view);
  return withArrays(gpu, (arrays) => {
    const output = arrays.output(input.shape);
    const operands = {
      input,
      mean,
      variance,
      weight: weight ?? mean,
      bias: bias ?? mean,
      residual: residual ?? input,
      output,
    };
    normalizeKernel.dispatch(gpu, operands, params, {
      modules,
      workgroups,
      constants: {
        AFFINE: weight !== null,
        SILU: activation === "silu",
        RELU: activation === "relu",
        RESIDUAL: residual !== null,
      },
    });
    return output;
  });
}

/**
 * The gradient before the SiLU of {@link normalize}: `gradOutput · silu′(y)`, with the normalised `y`
 * computed again from the input, so that nobody keeps it.
 */
export function gradBeforeSilu(
  gpu: Gpu,
  gradOutput: GpuArray,
  input: GpuArray,
  { mean, variance }: Moments,
  { weight, bias }: Affine,
  view: NormView,
): GpuArray {
  const { params, modules, workgroups } = blocksOf(gpu, view);
  return withArrays(gpu, (arrays) => {
    const grad = arrays.output(input.shape);
    const moments = { mean, variance };
    const affine = { weight: weight ?? mean, bias: bias ?? mean };
    const operands = { grad_output: gradOutput, input, ...moments, ...affine, grad };
    const constants = { AFFINE: weight !== null };
    siluGradKernel.dispatch(gpu, operands, params, { modules, workgroups, constants });
    return grad;
  });
}

/** What {@link normGradients} is to compute, and how. */
export interface NormGradientOptions {
  readonly weight: GpuArray | null;
  readonly needsInput: boolean;
  readonly needsSums: boolean;
  /** Whether mean and variance are functions of the input. */
  readonly centered: boolean;
  /** The output behind a ReLU: `gradOutput` counts where it is above zero. */
  readonly activated?: GpuArray | null;
}

/** Gradients of {@link normalize}, through the moments if `centered`. */
export function normGradients(
  gpu: Gpu,
  gradOutput: GpuArray,
  input: GpuArray,
  { mean, variance }: Moments,
  view: NormView,
  { weight, needsInput, needsSums, centered, activated = null }: NormGradientOptions,
): NormGradients {
  const moments = { mean, variance };
  return withArrays(gpu, (arrays) => {
    const sums =
      needsSums || (needsInput && centered)
        ? gradSums(gpu, arrays, { gradOutput, input, weight, moments, activated }, view, needsSums)
        : null;
    const returned = {
      sumGrad: needsSums ? (sums?.sumGrad ?? null) : null,
      sumProduct: needsSums ? (sums?.sumProduct ?? null) : null,
    };
    if (!needsInput) return { gradInput: null, ...returned };
    const { params, modules, workgroups } = blocksOf(gpu, view);
    const gradInput = arrays.output(input.shape);
    const operands = {
      grad_output: gradOutput,
      input,
      mean,
      variance,
      weight: weight ?? mean,
      means: sums?.means ?? mean,
      activated: activated ?? input,
      grad_input: gradInput,
    };
    const constants = {
      AFFINE: weight !== null,
      CENTERED: centered,
      RELU: activated !== null,
    };
    normGradInputKernel.dispatch(gpu, operands, params, { modules, workgroups, constants });
    return { gradInput, ...returned };
  });
}

interface GradOperands {
  readonly gradOutput: GpuArray;
  readonly input: GpuArray;
  readonly weight: GpuArray | null;
  readonly moments: Moments;
  readonly activated: GpuArray | null;
}

function gradSums(
  gpu: Gpu,
  arrays: Arrays,
  { gradOutput, input, weight, moments: { mean, variance }, activated }: GradOperands,
  view: NormView,
  areReturned: boolean,
) {
  const { batch, rows, channels, groups, eps } = view;
  const slabs = slabsOf(gpu, view);
  const partial = arrays.temporary([batch, slabs.count, 2, channels]);
  const operands = {
    grad_output: gradOutput,
    input,
    mean,
    activated: activated ?? input,
    partial,
  };
  const { modules, workgroups } = slabs;
  const constants = { RELU: activated !== null };
  gradSumsKernel.dispatch(gpu, operands, slabs.params, { modules, workgroups, constants });
  const shape = [batch, channels];
  const make = areReturned ? arrays.output : arrays.temporary;
  const [sumGrad, sumProduct] = [make(shape), make(shape)];
  const means = arrays.temporary([2, batch, channels]);
  const merged = {
    partial,
    variance,
    weight: weight ?? mean,
    sum_grad: sumGrad,
    sum_product: sumProduct,
    means,
  };
  const size = channels / groups;
  const params = { total: batch * groups, groups, size, rows, slabs: slabs.count, eps };
  mergeSumsKernel.dispatch(gpu, merged, params, {
    workgroups: linearGrid(gpu, params.total),
    constants: { AFFINE: weight !== null },
  });
  return { sumGrad, sumProduct, means };
}
