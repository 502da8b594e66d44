import { ShapeError } from "../../errors.ts";
import type { Gpu } from "../../gpu/gpu.ts";
import type { GpuArray } from "../../gpu/gpu-array.ts";
import { defineKernel } from "../../gpu/kernel.ts";
import { withArrays } from "../../gpu/with-arrays.ts";
import { formatShape, numel, type Shape } from "../../shape.ts";
import type { Pair } from "../conv2d/geometry.ts";
import { channelLanes, LANES, linearGrid, WORKGROUP } from "../lanes/lanes.ts";
import { spreadRows } from "../lanes/spread-rows.ts";
import { sumRows } from "../lanes/sum-rows.ts";
import adaptiveWindows from "./adaptive-windows.wgsl";
import axisSource from "./avg-axis.wgsl";
import gradInputSource from "./avg-grad-input.wgsl";
import source from "./avg-pool2d.wgsl";
import {
  type AvgPool2dOptions,
  imageShape,
  type Pool2dGeometry,
  pair,
  pool2dGeometry,
} from "./geometry.ts";
import stridedWindows from "./strided-windows.wgsl";

const PARAMS = {
  total: "u32",
  c: "u32",
  count_padding: "u32",
  h: "u32",
  w: "u32",
  oh: "u32",
  ow: "u32",
  kh: "u32",
  kw: "u32",
  sh: "u32",
  sw: "u32",
  ph: "u32",
  pw: "u32",
} as const;

const SHARED = {
  "lanes.wgsl": LANES,
  "avg-axis.wgsl": axisSource,
  "windows.wgsl": stridedWindows,
} as const;

export const avgPool2dKernel = defineKernel({
  name: "avg-pool2d",
  modules: { ...SHARED, "avg-pool2d.wgsl": source },
  constants: { WORKGROUP },
  bindings: { input: "read", output: "read_write" },
  params: PARAMS,
});

export const avgPool2dGradInputKernel = defineKernel({
  name: "avg-pool2d-grad-input",
  modules: { ...SHARED, "avg-grad-input.wgsl": gradInputSource },
  constants: { WORKGROUP },
  bindings: { grad_output: "read", grad_input: "read_write" },
  params: PARAMS,
});

/** The resolved sizes of {@link adaptiveAvgPool2d}. */
export interface AdaptivePool2dGeometry {
  /** `[N, H, W, C]` */
  readonly input: readonly [number, number, number, number];
  /** `[N, OH, OW, C]` */
  readonly output: readonly [number, number, number, number];
}

type Windows = Pool2dGeometry | AdaptivePool2dGeometry;

/** Resolves the sizes of {@link avgPool2d}; throws as {@link pool2dGeometry} does. */
export function avgPool2dGeometry(input: Shape, options: AvgPool2dOptions): Pool2dGeometry {
  return pool2dGeometry("avgPool2d", input, options);
}

/**
 * Mean of each window.
 *
 * @param input `[N, H, W, C]`
 * @returns `[N, OH, OW, C]`
 * @see torch.nn.functional.avg_pool2d, which it matches
 */
export function avgPool2d(gpu: Gpu, input: GpuArray, geometry: Pool2dGeometry): GpuArray {
  return pool(gpu, input, geometry);
}

/**
 * Gradient of {@link avgPool2d}.
 *
 * @param gradOutput `[N, OH, OW, C]`
 * @returns `[N, H, W, C]`
 */
export function avgPool2dGradInput(
  gpu: Gpu,
  gradOutput: GpuArray,
  geometry: Pool2dGeometry,
): GpuArray {
  return poolGradInput(gpu, gradOutput, geometry);
}

/**
 * Resolves the sizes of {@link adaptiveAvgPool2d}.
 *
 * @param outputSize `OH, OW`
 * @throws {ShapeError} if the input has not four axes or the output is larger than the input
 */
export function adaptiveAvgPool2dGeometry(input: Shape, outputSize: Pair): AdaptivePool2dGeometry {
  const [n, h, w, c] = imageShape("adaptiveAvgPool2d", input);
  const [oh, ow] = pair("adaptiveAvgPool2d", "outputSize", outputSize, 1);
  if (oh > h || ow > w) {
    throw new ShapeError(
      `adaptiveAvgPool2d: outputSize ${formatShape([oh, ow])} is larger than the input\n` +
        `  input  ${formatShape(input)}\n` +
        "Pool to at most height and width of the input; interpolate to enlarge.",
    );
  }
  return { input: [n, h, w, c], output: [n, oh, ow, c] };
}

/**
 * Means of `OH × OW` windows that cover the input: output `i` takes
 * `[⌊i·H / OH⌋, ⌈(i + 1)·H / OH⌉)`; neighbours overlap where `H / OH` is no integer. To `1 × 1`
 * it is the global average.
 *
 * @param input `[N, H, W, C]`
 * @returns `[N, OH, OW, C]`
 * @see torch.nn.functional.adaptive_avg_pool2d, which it matches
 */
export function adaptiveAvgPool2d(
  gpu: Gpu,
  input: GpuArray,
  geometry: AdaptivePool2dGeometry,
): GpuArray {
  const [n, h, w, c] = geometry.input;
  const [, oh, ow] = geometry.output;
  if (oh * ow > 1) return pool(gpu, input, geometry);
  return sumRows(gpu, input, [n, h * w, c], geometry.output, 1 / (h * w));
}

/**
 * Gradient of {@link adaptiveAvgPool2d}.
 *
 * @param gradOutput `[N, OH, OW, C]`
 * @returns `[N, H, W, C]`
 */
export function adaptiveAvgPool2dGradInput(
  gpu: Gpu,
  gradOutput: GpuArray,
  geometry: AdaptivePool2dGeometry,
): GpuArray {
  const [n, h, w, c] = geometry.input;
  const [, oh, ow] = geometry.output;
  if (oh * ow === 1) {
    return spreadRows(gpu, gradOutput, [n, h * w, c], geometry.input, 1 / (h * w));
  }
  return poolGradInput(gpu, gradOutput, geometry);
}

function pool(gpu: Gpu, input: GpuArray, geometry: Windows): GpuArray {
  const { width, modules } = channelLanes(geometry.input[3]);
  return withArrays(gpu, (arrays) => {
    const output = arrays.output(geometry.output);
    const params = paramsOf(geometry, width, numel(geometry.output));
    avgPool2dKernel.dispatch(gpu, { input, output }, params, {
      modules: { ...modules, "windows.wgsl": windowsOf(geometry) },
      workgroups: linearGrid(gpu, params.total),
    });
    return output;
  });
}

function poolGradInput(gpu: Gpu, gradOutput: GpuArray, geometry: Windows): GpuArray {
  const { width, modules } = channelLanes(geometry.input[3]);
  return withArrays(gpu, (arrays) => {
    const gradInput = arrays.output(geometry.input);
    const operands = { grad_output: gradOutput, grad_input: gradInput };
    const params = paramsOf(geometry, width, numel(geometry.input));
    avgPool2dGradInputKernel.dispatch(gpu, operands, params, {
      modules: { ...modules, "windows.wgsl": windowsOf(geometry) },
      workgroups: linearGrid(gpu, params.total),
    });
    return gradInput;
  });
}

function windowsOf(geometry: Windows): string {
  return "kernelSize" in geometry ? stridedWindows : adaptiveWindows;
}

function paramsOf(geometry: Windows, width: number, elements: number) {
  const [, h, w, c] = geometry.input;
  const [, oh, ow] = geometry.output;
  const strided = "kernelSize" in geometry ? geometry : undefined;
  const [kh, kw] = strided?.kernelSize ?? [0, 0];
  const [sh, sw] = strided?.stride ?? [0, 0];
  const [ph, pw] = strided?.padding ?? [0, 0];
  const count_padding = strided?.countIncludePad === true ? 1 : 0;
  const total = elements / width;
  return { total, c: c / width, count_padding, h, w, oh, ow, kh, kw, sh, sw, ph, pw };
}
