// The gradient, per filter of n elements: c = w − mean(w), q = √(Σ c² / (n − 1)), ŵ = c / s with
// s = q + ε. Then ∂q/∂c_i = c_i / ((n − 1)·q), and with ĝ the gradient of ŵ,
//
//   ∂L/∂c_i = ĝ_i / s − (Σ_j ĝ_j·c_j) / s² · c_i / ((n − 1)·q).
//
// w ↦ c subtracts the mean, and so does its transpose: ∂L/∂w = ∂L/∂c − mean(∂L/∂c). As Σ c = 0, the
// second term has mean 0, and only mean(ĝ) / s is subtracted. For a constant filter c = 0 and q = 0:
// ŵ = 0, the second term is 0 / 0 and taken as 0.

import { ShapeError } from "../../errors.ts";
import type { Gpu } from "../../gpu/gpu.ts";
import type { GpuArray } from "../../gpu/gpu-array.ts";
import { defineKernel } from "../../gpu/kernel.ts";
import { withArrays } from "../../gpu/with-arrays.ts";
import { ceilDiv } from "../../gpu/workgroups.ts";
import { formatShape, type Shape } from "../../shape.ts";
import { channelLanes, LANES } from "../lanes/lanes.ts";
import gradWeightSource from "./grad-weight.wgsl";
import manyRowLanes from "./many-row-lanes.wgsl";
import oneRowLane from "./one-row-lane.wgsl";
import standardizeSource from "./standardize.wgsl";

const CHANNEL_LANES = 8;
/** Added to the deviation, outside the root. */
const EPS = 1e-5;

export const standardizeWeightKernel = defineKernel({
  name: "weight-standardization",
  modules: {
    "lanes.wgsl": LANES,
    "row-lanes.wgsl": oneRowLane,
    "standardize.wgsl": standardizeSource,
  },
  constants: { CHANNEL_LANES, EPS },
  bindings: { weight: "read", output: "read_write", mean: "read_write", deviation: "read_write" },
  params: { rows: "u32", c: "u32" },
});

export const standardizeWeightGradKernel = defineKernel({
  name: "weight-standardization-grad",
  modules: {
    "lanes.wgsl": LANES,
    "row-lanes.wgsl": oneRowLane,
    "grad-weight.wgsl": gradWeightSource,
  },
  constants: { CHANNEL_LANES, EPS },
  bindings: {
    grad_output: "read",
    weight: "read",
    mean: "read",
    deviation: "read",
    grad_weight: "read_write",
  },
  params: { rows: "u32", c: "u32" },
});

/** Mean and unbiased deviation of each filter, `[O]`. */
export interface FilterMoments {
  readonly mean: GpuArray;
  readonly deviation: GpuArray;
}

/**
 * Weight standardisation: `ŵ = (w − mean(w)) / (std(w) + 1e-5)` for each output filter, with the
 * unbiased standard deviation over its `KH·KW·I` elements.
 *
 * @param weight `[KH, KW, C / groups, O]`
 * @returns `output` of the weight's shape; `moments` for {@link standardizeWeightGrad}
 * @throws {ShapeError} if a filter has a single element: its deviation does not exist
 * @see Qiao et al., "Micro-Batch Training with Batch-Channel Normalization and Weight
 *   Standardization"; T-GD uses the authors' formula with ε outside the root
 */
export function standardizeWeight(
  gpu: Gpu,
  weight: GpuArray,
): { output: GpuArray; moments: FilterMoments } {
  const [rows, filters] = filterSizes(weight.shape);
  return withArrays(gpu, (arrays) => {
    const output = arrays.output(weight.shape);
    const mean = arrays.output([filters]);
    const deviation = arrays.output([filters]);
    const { params, options } = launch(gpu, rows, filters);
    standardizeWeightKernel.dispatch(gpu, { weight, output, mean, deviation }, params, options);
    return { output, moments: { mean, deviation } };
  });
}

/**
 * Gradient of {@link standardizeWeight}.
 *
 * @param gradOutput `[KH, KW, C / groups, O]`
 * @param weight     the raw weight, of the same shape
 */
export function standardizeWeightGrad(
  gpu: Gpu,
  gradOutput: GpuArray,
  weight: GpuArray,
  { mean, deviation }: FilterMoments,
): GpuArray {
  const [rows, filters] = filterSizes(weight.shape);
  return withArrays(gpu, (arrays) => {
    const gradWeight = arrays.output(weight.shape);
    const operands = { grad_output: gradOutput, weight, mean, deviation, grad_weight: gradWeight };
    const { params, options } = launch(gpu, rows, filters);
    standardizeWeightGradKernel.dispatch(gpu, operands, params, options);
    return gradWeight;
  });
}

function filterSizes(shape: Shape): readonly [rows: number, filters: number] {
  const [kh, kw, i, o] = shape;
  if (
    shape.length !== 4 ||
    kh === undefined ||
    kw === undefined ||
    i === undefined ||
    o === undefined
  ) {
    throw new ShapeError(
      `standardizeWeight: weight has ${shape.length} axes, expected 4\n` +
        `  weight  ${formatShape(shape)}\nPass [KH, KW, C / groups, O].`,
    );
  }
  const rows = kh * kw * i;
  if (rows < 2) {
    throw new ShapeError(
      "standardizeWeight: filters of one element have no standard deviation\n" +
        `  weight  ${formatShape(shape)}\nUse such a weight as it is.`,
    );
  }
  return [rows, o];
}

function launch(gpu: Gpu, rows: number, filters: number) {
  const { vectors, modules } = channelLanes(filters);
  const rowLanes = gpu.family === "tiled" ? manyRowLanes : oneRowLane;
  return {
    params: { rows, c: vectors },
    options: {
      modules: { ...modules, "row-lanes.wgsl": rowLanes },
      workgroups: [ceilDiv(vectors, CHANNEL_LANES)] as const,
    },
  };
}
