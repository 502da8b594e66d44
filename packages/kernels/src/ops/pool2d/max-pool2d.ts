import type { Gpu } from "../../gpu/gpu.ts";
import type { GpuArray } from "../../gpu/gpu-array.ts";
import { defineKernel } from "../../gpu/kernel.ts";
import { withArrays } from "../../gpu/with-arrays.ts";
import { numel, type Shape } from "../../shape.ts";
import { type ChannelLanes, channelLanes, LANES, linearGrid, WORKGROUP } from "../lanes/lanes.ts";
import { type MaxPool2dOptions, type Pool2dGeometry, pool2dGeometry } from "./geometry.ts";
import gradInputSource from "./max-grad-input.wgsl";
import source from "./max-pool2d.wgsl";

const PARAMS = {
  total: "u32",
  c: "u32",
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
  dh: "u32",
  dw: "u32",
} as const;

export const maxPool2dKernel = defineKernel({
  name: "max-pool2d",
  modules: { "lanes.wgsl": LANES, "max-pool2d.wgsl": source },
  constants: { WORKGROUP },
  bindings: { input: "read", output: "read_write", indices: "read_write" },
  params: PARAMS,
});

export const maxPool2dGradInputKernel = defineKernel({
  name: "max-pool2d-grad-input",
  modules: { "lanes.wgsl": LANES, "max-grad-input.wgsl": gradInputSource },
  constants: { WORKGROUP },
  bindings: { grad_output: "read", indices: "read", grad_input: "read_write" },
  params: PARAMS,
});

/** Places in a window that fit into the byte that four channels leave each other. */
const PLACES_PER_BYTE = 256;

/** Resolves the sizes of {@link maxPool2d}; throws as {@link pool2dGeometry} does. */
export function maxPool2dGeometry(input: Shape, options: MaxPool2dOptions): Pool2dGeometry {
  return pool2dGeometry("maxPool2d", input, options);
}

/**
 * Greatest element of each window; padding never wins.
 *
 * @param input `[N, H, W, C]`
 * @returns `output` `[N, OH, OW, C]`, and `indices` for {@link maxPool2dGradInput}: the place of
 *   each maximum in its window, the first of equals, packed
 * @see torch.nn.functional.max_pool2d, which it matches except that a NaN need not win
 */
export function maxPool2d(
  gpu: Gpu,
  input: GpuArray,
  geometry: Pool2dGeometry,
): { output: GpuArray; indices: GpuArray } {
  const lanes = placeLanes(geometry);
  const [n, oh, ow] = geometry.output;
  return withArrays(gpu, (arrays) => {
    const output = arrays.output(geometry.output);
    const indices = arrays.output([n, oh, ow, lanes.vectors], "u32");
    const params = paramsOf(geometry, lanes, numel(geometry.output) / lanes.width);
    maxPool2dKernel.dispatch(gpu, { input, output, indices }, params, {
      modules: lanes.modules,
      workgroups: linearGrid(gpu, params.total),
    });
    return { output, indices };
  });
}

/**
 * Gradient of {@link maxPool2d}: each window's gradient goes to its maximum.
 *
 * @param gradOutput `[N, OH, OW, C]`
 * @param indices    as returned by {@link maxPool2d} for the same geometry
 * @returns `[N, H, W, C]`
 */
export function maxPool2dGradInput(
  gpu: Gpu,
  gradOutput: GpuArray,
  indices: GpuArray,
  geometry: Pool2dGeometry,
): GpuArray {
  const lanes = placeLanes(geometry);
  return withArrays(gpu, (arrays) => {
    const gradInput = arrays.output(geometry.input);
    const operands = { grad_output: gradOutput, indices, grad_input: gradInput };
    const params = paramsOf(geometry, lanes, numel(geometry.input) / lanes.width);
    maxPool2dGradInputKernel.dispatch(gpu, operands, params, {
      modules: lanes.modules,
      workgroups: linearGrid(gpu, params.total),
    });
    return gradInput;
  });
}

/** Windows with more places than a byte counts take one channel at a time, a word each. */
function placeLanes({ input, kernelSize: [kh, kw] }: Pool2dGeometry): ChannelLanes {
  const lanes = channelLanes(input[3]);
  if (lanes.width === 1 || kh * kw <= PLACES_PER_BYTE) return lanes;
  return { ...channelLanes(1), vectors: input[3] };
}

function paramsOf(geometry: Pool2dGeometry, lanes: ChannelLanes, total: number) {
  const { input, output, kernelSize, stride, padding, dilation } = geometry;
  return {
    total,
    c: lanes.vectors,
    h: input[1],
    w: input[2],
    oh: output[1],
    ow: output[2],
    kh: kernelSize[0],
    kw: kernelSize[1],
    sh: stride[0],
    sw: stride[1],
    ph: padding[0],
    pw: padding[1],
    dh: dilation[0],
    dw: dilation[1],
  };
}
