import { ShapeError } from "../../errors.ts";
import type { Gpu } from "../../gpu/gpu.ts";
import type { GpuArray } from "../../gpu/gpu-array.ts";
import { defineKernel } from "../../gpu/kernel.ts";
import { withArrays } from "../../gpu/with-arrays.ts";
import { ceilDiv, foldGrid } from "../../gpu/workgroups.ts";
import { formatShape, numel, type Shape } from "../../shape.ts";
import type { AffineGradients, NormNeeds } from "../batch-norm/batch-norm.ts";
import { checkChannelVectors } from "../channel-norm/affine.ts";
import type { Affine } from "../channel-norm/channel-norm.ts";
import { channelLanes, LANES, linearGrid, WORKGROUP } from "../lanes/lanes.ts";
import { sumRowsInto } from "../lanes/sum-rows.ts";
import gradAffineSource from "./grad-affine.wgsl";
import gradInputSource from "./grad-input-rows.wgsl";
import manyChannelLanes from "./many-channel-lanes.wgsl";
import normalizeSource from "./normalize-rows.wgsl";
import oneChannelLane from "./one-channel-lane.wgsl";

export const layerNormKernel = defineKernel({
  name: "layer-norm",
  modules: {
    "lanes.wgsl": LANES,
    "channel-lanes.wgsl": oneChannelLane,
    "normalize-rows.wgsl": normalizeSource,
  },
  constants: { AFFINE: true },
  bindings: {
    input: "read",
    weight: "read",
    bias: "read",
    output: "read_write",
    mean: "read_write",
    scale: "read_write",
  },
  params: { rows: "u32", c: "u32", eps: "f32" },
});

export const layerNormGradInputKernel = defineKernel({
  name: "layer-norm-grad-input",
  modules: {
    "lanes.wgsl": LANES,
    "channel-lanes.wgsl": oneChannelLane,
    "grad-input-rows.wgsl": gradInputSource,
  },
  constants: { AFFINE: true },
  bindings: {
    grad_output: "read",
    input: "read",
    weight: "read",
    mean: "read",
    scale: "read",
    grad_input: "read_write",
  },
  params: { rows: "u32", c: "u32" },
});

export const layerNormGradAffineKernel = defineKernel({
  name: "layer-norm-grad-affine",
  modules: { "lanes.wgsl": LANES, "grad-affine.wgsl": gradAffineSource },
  constants: { WORKGROUP },
  bindings: {
    grad_output: "read",
    input: "read",
    mean: "read",
    scale: "read",
    sum_grad: "read_write",
    sum_product: "read_write",
  },
  params: { total: "u32", c: "u32", rows: "u32", slab_rows: "u32" },
});

/** The resolved sizes of a layer normalisation. */
export interface LayerNormGeometry {
  readonly shape: Shape;
  /** Rows, each normalised by itself. */
  readonly rows: number;
  readonly channels: number;
  readonly eps: number;
}

/** Mean and `1 / √(variance + eps)` of each row, `[R]`. */
export interface RowMoments {
  readonly mean: GpuArray;
  readonly scale: GpuArray;
}

/**
 * Sizes of a layer normalisation over the last axis.
 *
 * @throws {ShapeError} if the input has no axis, or a vector has not one value per channel
 */
export function layerNormGeometry(
  {
    input,
    ...vectors
  }: {
    readonly input: Shape;
    readonly weight: Shape | null;
    readonly bias: Shape | null;
  },
  eps = 1e-5,
): LayerNormGeometry {
  const channels = input.at(-1);
  if (channels === undefined) {
    throw new ShapeError(
      `layerNorm: input has no axis\n  input  ${formatShape(input)}\nPass […, C].`,
    );
  }
  checkChannelVectors("layerNorm", input, channels, vectors);
  return { shape: input, rows: numel(input) / channels, channels, eps };
}

/**
 * `y = (x − μ) / √(σ² + eps) · weight + bias` with mean and biased variance over the last axis.
 *
 * @param input `[…, C]`
 * @returns `output` of the input's shape; `moments` for {@link layerNormGradients}
 * @see Ba, Kiros and Hinton, "Layer Normalization"; torch.nn.functional.layer_norm, which it matches
 */
export function layerNorm(
  gpu: Gpu,
  input: GpuArray,
  { weight, bias }: Affine,
  geometry: LayerNormGeometry,
): { output: GpuArray; moments: RowMoments } {
  const { rows, channels, eps } = geometry;
  return withArrays(gpu, (arrays) => {
    const output = arrays.output(input.shape);
    const [mean, scale] = [arrays.output([rows]), arrays.output([rows])];
    const operands = { input, weight: weight ?? input, bias: bias ?? input, output, mean, scale };
    const { c, modules, workgroups } = launchRows(gpu, rows, channels);
    const constants = { AFFINE: weight !== null };
    layerNormKernel.dispatch(gpu, operands, { rows, c, eps }, { modules, workgroups, constants });
    return { output, moments: { mean, scale } };
  });
}

/** Gradients of {@link layerNorm}, with the moments it returned. Only what is needed is computed. */
export function layerNormGradients(
  gpu: Gpu,
  gradOutput: GpuArray,
  input: GpuArray,
  moments: RowMoments,
  weight: GpuArray | null,
  geometry: LayerNormGeometry,
  needs: NormNeeds,
): AffineGradients {
  const { rows, channels } = geometry;
  const operands = { grad_output: gradOutput, input, ...moments };
  return withArrays(gpu, (arrays) => {
    const gradInput = needs.input ? arrays.output(input.shape) : null;
    if (gradInput !== null) {
      const { c, modules, workgroups } = launchRows(gpu, rows, channels);
      layerNormGradInputKernel.dispatch(
        gpu,
        { ...operands, weight: weight ?? input, grad_input: gradInput },
        { rows, c },
        { modules, workgroups, constants: { AFFINE: weight !== null } },
      );
    }
    if (!needs.weight && !needs.bias) return { gradInput, gradWeight: null, gradBias: null };
    const slabRows = Math.ceil(Math.sqrt(rows));
    const slabs = ceilDiv(rows, slabRows);
    const sum_grad = arrays.temporary([slabs, channels]);
    const sum_product = arrays.temporary([slabs, channels]);
    const { vectors: c, modules } = channelLanes(channels);
    const params = { total: slabs * c, c, rows, slab_rows: slabRows };
    layerNormGradAffineKernel.dispatch(gpu, { ...operands, sum_grad, sum_product }, params, {
      modules,
      workgroups: linearGrid(gpu, params.total),
    });
    const merge = (sums: GpuArray, isWanted: boolean) => {
      if (!isWanted) return null;
      const vector = arrays.output([channels]);
      sumRowsInto(gpu, sums, [1, slabs, channels], vector, 1);
      return vector;
    };
    const gradWeight = merge(sum_product, needs.weight);
    return { gradInput, gradWeight, gradBias: merge(sum_grad, needs.bias) };
  });
}

/** Rows of a workgroup: `ROW_LANES` of the modules. */
const ROWS = { registers: 8, tiled: 4 } as const;

function launchRows(gpu: Gpu, rows: number, channels: number) {
  const lanes = channelLanes(channels);
  const channelModule = gpu.family === "tiled" ? manyChannelLanes : oneChannelLane;
  const limit = gpu.maxWorkgroups;
  return {
    c: lanes.vectors,
    modules: { ...lanes.modules, "channel-lanes.wgsl": channelModule },
    workgroups: foldGrid(ceilDiv(rows, ROWS[gpu.family]), limit),
  };
}
