import type { Gpu } from "../../gpu/gpu.ts";
import type { GpuArray } from "../../gpu/gpu-array.ts";
import { defineKernel } from "../../gpu/kernel.ts";
import { withArrays } from "../../gpu/with-arrays.ts";
import { ceilDiv } from "../../gpu/workgroups.ts";
import { channelLanes, LANES, linearGrid, WORKGROUP } from "../lanes/lanes.ts";
import blurSource from "./blur.wgsl";
import type { Upfirdn2dGeometry } from "./geometry.ts";
import source from "./upfirdn2d.wgsl";

export const upfirdn2dKernel = defineKernel({
  name: "upfirdn2d",
  modules: { "lanes.wgsl": LANES, "upfirdn2d.wgsl": source },
  constants: { WORKGROUP, KW: 4, UP: 2, DOWN: 1, PHASE: 0, TW: 4 },
  bindings: { input: "read", kernel: "read", output: "read_write" },
  params: {
    total: "u32",
    c: "u32",
    h: "u32",
    w: "u32",
    oh: "u32",
    ow: "u32",
    kh: "u32",
    up_h: "u32",
    down_h: "u32",
    pad_top: "i32",
    first: "i32",
    flip: "u32",
  },
});

export const blurKernel = defineKernel({
  name: "upfirdn2d-blur",
  modules: { "lanes.wgsl": LANES, "blur.wgsl": blurSource },
  constants: { WORKGROUP, KH: 3, KW: 3, TW: 4 },
  bindings: { input: "read", kernel: "read", output: "read_write" },
  params: {
    total: "u32",
    c: "u32",
    strip: "u32",
    strips: "u32",
    h: "u32",
    w: "u32",
    oh: "u32",
    ow: "u32",
    pad_top: "i32",
    pad_left: "i32",
    flip: "u32",
  },
});

/** Columns of output that one invocation of the blur owns. */
const BLUR_COLUMNS = 4;
/** The blur holds `KH × 4` sums and `KW + 3` elements in registers. */
const LARGEST_BLUR = 6;
/** Rows of output of one invocation: long strips save loads, short ones occupy a GPU. */
const STRIP = { registers: 32, tiled: 8 } as const;

/**
 * Up-sample, filter, down-sample: each channel is spread by `up` with zeros between, padded,
 * convolved with `kernel` and thinned by `down`.
 *
 * Its gradient with respect to the input is the same function of `gradOutput` with
 * `upfirdn2dAdjoint(geometry)`.
 *
 * @param input  `[N, H, W, C]`
 * @param kernel `[KH, KW]`, shared by all channels
 * @returns `[N, OH, OW, C]`
 * @see Karras et al., "Analyzing and Improving the Image Quality of StyleGAN", appendix B; the
 *   authors' `upfirdn_2d`, which it matches
 */
export function upfirdn2d(
  gpu: Gpu,
  input: GpuArray,
  kernel: GpuArray,
  geometry: Upfirdn2dGeometry,
): GpuArray {
  const { up, down } = geometry;
  const resamples = Math.max(...up, ...down) > 1;
  const blurs = !resamples && Math.max(...geometry.kernel) <= LARGEST_BLUR;
  return withArrays(gpu, (arrays) => {
    const output = arrays.output(geometry.output);
    const operands = { input, kernel, output };
    if (blurs) blur(gpu, operands, geometry);
    else resample(gpu, operands, geometry);
    return output;
  });
}

interface Operands {
  readonly input: GpuArray;
  readonly kernel: GpuArray;
  readonly output: GpuArray;
}

function blur(gpu: Gpu, operands: Operands, geometry: Upfirdn2dGeometry): void {
  const [n, h, w, c] = geometry.input;
  const [, oh, ow] = geometry.output;
  const [KH, KW] = geometry.kernel;
  const { vectors, modules } = channelLanes(c);
  const strip = Math.min(oh, STRIP[gpu.family]);
  const strips = ceilDiv(oh, strip);
  const total = n * strips * ceilDiv(ow, BLUR_COLUMNS) * vectors;
  const [pad_top, , pad_left] = geometry.padding;
  const flip = geometry.flipKernel ? 0 : 1;
  const params = { total, c: vectors, strip, strips, h, w, oh, ow, pad_top, pad_left, flip };
  blurKernel.dispatch(gpu, operands, params, {
    modules,
    constants: { KH, KW, TW: BLUR_COLUMNS },
    workgroups: linearGrid(gpu, total),
  });
}

function resample(gpu: Gpu, operands: Operands, geometry: Upfirdn2dGeometry): void {
  const [n, h, w, c] = geometry.input;
  const [, oh, ow] = geometry.output;
  const [kh, KW] = geometry.kernel;
  const [up_h, UP] = geometry.up;
  const [down_h, DOWN] = geometry.down;
  const { vectors, modules } = channelLanes(c);
  // The pattern of taps must repeat after TW columns: UP divides TW · DOWN.
  let TW = 4;
  while ((TW * DOWN) % UP !== 0) TW++;
  const total = n * oh * ceilDiv(ow, TW) * vectors;
  const [pad_top, , left] = geometry.padding;
  const first = Math.floor(-left / UP);
  const PHASE = -left - first * UP;
  const flip = geometry.flipKernel ? 0 : 1;
  const params = { total, c: vectors, h, w, oh, ow, kh, up_h, down_h, pad_top, first, flip };
  upfirdn2dKernel.dispatch(gpu, operands, params, {
    modules,
    constants: { KW, UP, DOWN, PHASE, TW },
    workgroups: linearGrid(gpu, total),
  });
}
