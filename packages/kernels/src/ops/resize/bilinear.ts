import type { Gpu } from "../../gpu/gpu.ts";
import type { GpuArray } from "../../gpu/gpu-array.ts";
import { defineKernel } from "../../gpu/kernel.ts";
import { withArrays } from "../../gpu/with-arrays.ts";
import { numel, type Shape } from "../../shape.ts";
import type { Pair } from "../conv2d/geometry.ts";
import { channelLanes, LANES, linearGrid, WORKGROUP } from "../lanes/lanes.ts";
import { imageShape, pair } from "../pool2d/geometry.ts";
import source from "./bilinear.wgsl";
import axisSource from "./bilinear-axis.wgsl";
import gradInputSource from "./bilinear-grad-input.wgsl";

const PARAMS = {
  total: "u32",
  c: "u32",
  h: "u32",
  w: "u32",
  oh: "u32",
  ow: "u32",
  step_h: "i32",
  start_h: "i32",
  divisor_h: "i32",
  step_w: "i32",
  start_w: "i32",
  divisor_w: "i32",
} as const;

export const bilinearKernel = defineKernel({
  name: "interpolate-bilinear",
  modules: { "lanes.wgsl": LANES, "bilinear-axis.wgsl": axisSource, "bilinear.wgsl": source },
  constants: { WORKGROUP },
  bindings: { input: "read", output: "read_write" },
  params: PARAMS,
});

export const bilinearGradInputKernel = defineKernel({
  name: "interpolate-bilinear-grad-input",
  modules: {
    "lanes.wgsl": LANES,
    "bilinear-axis.wgsl": axisSource,
    "bilinear-grad-input.wgsl": gradInputSource,
  },
  constants: { WORKGROUP },
  bindings: { grad_output: "read", grad_input: "read_write" },
  params: PARAMS,
});

/** The resolved sizes of {@link interpolateBilinear}. */
export interface BilinearGeometry {
  /** `[N, H, W, C]` */
  readonly input: readonly [number, number, number, number];
  /** `[N, OH, OW, C]` */
  readonly output: readonly [number, number, number, number];
  readonly alignCorners: boolean;
}

/**
 * Resolves the sizes of {@link interpolateBilinear}.
 *
 * @param size `OH, OW`
 * @throws {ShapeError} if the input has not four axes or a size is out of range
 */
export function bilinearGeometry(input: Shape, size: Pair, alignCorners = false): BilinearGeometry {
  const [n, h, w, c] = imageShape("interpolateBilinear", input);
  const [oh, ow] = pair("interpolateBilinear", "size", size, 1);
  return { input: [n, h, w, c], output: [n, oh, ow, c], alignCorners };
}

/**
 * Bilinear interpolation without antialiasing: output `o` lies at `(o + ½)·H / OH − ½` of the input,
 * at least 0, or at `o·(H − 1) / (OH − 1)` with `alignCorners`; the element after the last is the
 * last.
 *
 * @param input `[N, H, W, C]`
 * @returns `[N, OH, OW, C]`
 * @see torch.nn.functional.interpolate with mode "bilinear", which it matches
 */
export function interpolateBilinear(
  gpu: Gpu,
  input: GpuArray,
  geometry: BilinearGeometry,
): GpuArray {
  const { width, modules } = channelLanes(geometry.input[3]);
  return withArrays(gpu, (arrays) => {
    const output = arrays.output(geometry.output);
    const params = paramsOf(geometry, width, numel(geometry.output));
    const workgroups = linearGrid(gpu, params.total);
    bilinearKernel.dispatch(gpu, { input, output }, params, { modules, workgroups });
    return output;
  });
}

/**
 * Gradient of {@link interpolateBilinear}, its adjoint.
 *
 * @param gradOutput `[N, OH, OW, C]`
 * @returns `[N, H, W, C]`
 */
export function interpolateBilinearGradInput(
  gpu: Gpu,
  gradOutput: GpuArray,
  geometry: BilinearGeometry,
): GpuArray {
  const { width, modules } = channelLanes(geometry.input[3]);
  return withArrays(gpu, (arrays) => {
    const gradInput = arrays.output(geometry.input);
    const params = paramsOf(geometry, width, numel(geometry.input));
    const operands = { grad_output: gradOutput, grad_input: gradInput };
    const workgroups = linearGrid(gpu, params.total);
    bilinearGradInputKernel.dispatch(gpu, operands, params, { modules, workgroups });
    return gradInput;
  });
}

/**
 * The integers of `position(o) = (step·o + start) / divisor`: `(o + ½)·H / OH − ½` is
 * `(2·H·o + H − OH) / (2·OH)`.
 */
function positions(size: number, count: number, alignCorners: boolean) {
  if (!alignCorners) return { step: 2 * size, start: size - count, divisor: 2 * count };
  return count === 1
    ? { step: 0, start: 0, divisor: 1 }
    : { step: size - 1, start: 0, divisor: count - 1 };
}

function paramsOf({ input, output, alignCorners }: BilinearGeometry, width: number, size: number) {
  const [, h, w, c] = input;
  const [, oh, ow] = output;
  const vertical = positions(h, oh, alignCorners);
  const horizontal = positions(w, ow, alignCorners);
  return {
    total: size / width,
    c: c / width,
    h,
    w,
    oh,
    ow,
    step_h: vertical.step,
    start_h: vertical.start,
    divisor_h: vertical.divisor,
    step_w: horizontal.step,
    start_w: horizontal.start,
    divisor_w: horizontal.divisor,
  };
}
