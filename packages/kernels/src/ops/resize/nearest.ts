import type { Gpu } from "../../gpu/gpu.ts";
import type { GpuArray } from "../../gpu/gpu-array.ts";
import { defineKernel } from "../../gpu/kernel.ts";
import { withArrays } from "../../gpu/with-arrays.ts";
import { numel, type Shape } from "../../shape.ts";
import type { Pair } from "../conv2d/geometry.ts";
import { channelLanes, LANES, linearGrid, WORKGROUP } from "../lanes/lanes.ts";
import { imageShape, pair } from "../pool2d/geometry.ts";
import source from "./nearest.wgsl";
import gradInputSource from "./nearest-grad-input.wgsl";

const PARAMS = {
  total: "u32",
  c: "u32",
  w: "u32",
  ow: "u32",
  factor_h: "u32",
  factor_w: "u32",
} as const;

export const nearestKernel = defineKernel({
  name: "upsample-nearest",
  modules: { "lanes.wgsl": LANES, "nearest.wgsl": source },
  constants: { WORKGROUP },
  bindings: { input: "read", output: "read_write" },
  params: PARAMS,
});

export const nearestGradInputKernel = defineKernel({
  name: "upsample-nearest-grad-input",
  modules: { "lanes.wgsl": LANES, "nearest-grad-input.wgsl": gradInputSource },
  constants: { WORKGROUP },
  bindings: { grad_output: "read", grad_input: "read_write" },
  params: PARAMS,
});

/** The resolved sizes of {@link upsampleNearest}. */
export interface NearestGeometry {
  /** `[N, H, W, C]` */
  readonly input: readonly [number, number, number, number];
  /** `[N, H · factor, W · factor, C]` */
  readonly output: readonly [number, number, number, number];
  readonly factor: readonly [number, number];
}

/**
 * Resolves the sizes of {@link upsampleNearest}.
 *
 * @throws {ShapeError} if the input has not four axes or the factor is out of range
 */
export function nearestGeometry(input: Shape, factor: Pair): NearestGeometry {
  const [n, h, w, c] = imageShape("upsampleNearest", input);
  const [fh, fw] = pair("upsampleNearest", "factor", factor, 1);
  return { input: [n, h, w, c], output: [n, h * fh, w * fw, c], factor: [fh, fw] };
}

/**
 * Each element becomes a block of `factor × factor`.
 *
 * @param input `[N, H, W, C]`
 * @returns `[N, H · factor, W · factor, C]`
 * @see torch.nn.functional.interpolate with mode "nearest" and an integer scale, which it matches
 */
export function upsampleNearest(gpu: Gpu, input: GpuArray, geometry: NearestGeometry): GpuArray {
  const { width, modules } = channelLanes(geometry.input[3]);
  return withArrays(gpu, (arrays) => {
    const output = arrays.output(geometry.output);
    const params = paramsOf(geometry, width, numel(geometry.output));
    const workgroups = linearGrid(gpu, params.total);
    nearestKernel.dispatch(gpu, { input, output }, params, { modules, workgroups });
    return output;
  });
}

/**
 * Gradient of {@link upsampleNearest}: the sum over each block.
 *
 * @param gradOutput `[N, H · factor, W · factor, C]`
 * @returns `[N, H, W, C]`
 */
export function upsampleNearestGradInput(
  gpu: Gpu,
  gradOutput: GpuArray,
  geometry: NearestGeometry,
): GpuArray {
  const { width, modules } = channelLanes(geometry.input[3]);
  return withArrays(gpu, (arrays) => {
    const gradInput = arrays.output(geometry.input);
    const params = paramsOf(geometry, width, numel(geometry.input));
    const operands = { grad_output: gradOutput, grad_input: gradInput };
    const workgroups = linearGrid(gpu, params.total);
    nearestGradInputKernel.dispatch(gpu, operands, params, { modules, workgroups });
    return gradInput;
  });
}

function paramsOf({ input, output, factor }: NearestGeometry, width: number, size: number) {
  return {
    total: size / width,
    c: input[3] / width,
    w: input[2],
    ow: output[2],
    factor_h: factor[0],
    factor_w: factor[1],
  };
}
