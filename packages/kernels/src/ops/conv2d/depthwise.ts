import type { Gpu } from "../../gpu/gpu.ts";
import type { GpuArray } from "../../gpu/gpu-array.ts";
import { defineKernel } from "../../gpu/kernel.ts";
import type { Variant } from "../../gpu/tuning.ts";
import { ceilDiv, foldGrid } from "../../gpu/workgroups.ts";
import depthwiseSource from "./depthwise.wgsl";
import { dispatchStridedGradInput } from "./depthwise-grad-input.ts";
import gradWeightSource from "./depthwise-grad-weight.wgsl";
import { elementModules, HALVES, VEC4_MODULES } from "./element-modules.ts";
import {
  EPILOGUE,
  EPILOGUE_CONSTANTS,
  type Epilogue,
  epilogueArrays,
  epilogueConstants,
  epilogueParams,
} from "./epilogue.ts";
import type { Conv2dGeometry } from "./geometry.ts";
import { slabsFor, sumSlabs } from "./slabs.ts";

export const depthwiseKernel = defineKernel({
  name: "conv2d.depthwise",
  modules: { ...EPILOGUE, ...VEC4_MODULES, "depthwise.wgsl": depthwiseSource },
  constants: {
    WORKGROUP: 64,
    KH: 3,
    KW: 3,
    SH: 1,
    SW: 1,
    TW: 4,
    FLIP: false,
    ...EPILOGUE_CONSTANTS,
  },
  bindings: {
    source: "read",
    weight: "read",
    bias: "read",
    residual: "read",
    output: "read_write",
  },
  params: {
    total: "u32",
    strip: "u32",
    strips: "u32",
    h: "u32",
    w: "u32",
    c4: "u32",
    oh: "u32",
    ow: "u32",
    pad_top: "i32",
    pad_left: "i32",
    has_bias: "u32",
    scale: "f32",
    slope: "f32",
    gain: "f32",
  },
  halves: HALVES,
});

export const depthwiseGradWeightKernel = defineKernel({
  name: "conv2d.depthwiseGradWeight",
  modules: { "depthwise-grad-weight.wgsl": gradWeightSource },
  constants: { KW: 3, SW: 1, LANES: 8 },
  bindings: { input: "read", grad_output: "read", partials: "read_write" },
  params: {
    h: "u32",
    w: "u32",
    c4: "u32",
    oh: "u32",
    ow: "u32",
    kh: "u32",
    stride_h: "u32",
    pad_top: "u32",
    pad_left: "u32",
    rows: "u32",
    slab_rows: "u32",
  },
});

/** Whether the depthwise kernels take it; the general ones take the rest. */
export function isDepthwise(g: Conv2dGeometry): boolean {
  return (
    g.groups === g.c &&
    g.o === g.c &&
    g.c % 4 === 0 &&
    g.dilationH === 1 &&
    g.dilationW === 1 &&
    g.strideH <= g.kh &&
    g.strideW <= g.kw &&
    g.kh * g.kw <= LARGEST_KERNEL
  );
}

/** Taps that fit into registers. */
const LARGEST_KERNEL = 49;
/** Products of one row of windows that compilers still unroll; beyond, arrays go to memory. */
const MOST_PRODUCTS = 72;

/** Columns of output that one invocation owns. */
export function columnsOf(g: Conv2dGeometry): number {
  const widest = g.strideW > 1 ? 4 : 8;
  return [8, 4, 2].find((tw) => tw <= widest && tw * g.kh * g.kw <= MOST_PRODUCTS) ?? 1;
}

/** Rows of output of one invocation: long strips save loads, short ones occupy a GPU. */
const STRIP = { registers: 28, tiled: 8 } as const;

/** Lanes along channels: a software subgroup has 8, a GPU's 32 or 64. */
function lanesOf(gpu: Gpu, c4: number): number {
  return gpu.family === "registers" || c4 <= 8 ? 8 : 32;
}

type Parameters = Variant["parameters"];

/** Forward pass of {@link isDepthwise} geometries; `[N, OH, OW, C]`. */
export function depthwiseForward(
  gpu: Gpu,
  input: GpuArray,
  weight: GpuArray,
  g: Conv2dGeometry,
  epilogue: Epilogue,
  parameters: Parameters = {},
): GpuArray {
  const output = gpu.empty([g.n, g.oh, g.ow, g.o], input.dtype);
  dispatchForward(gpu, { input, weight, output }, g, epilogue, { ...parameters, FLIP: 0 });
  return output;
}

interface Operands {
  readonly input: GpuArray;
  readonly weight: GpuArray;
  readonly output: GpuArray;
}

function dispatchForward(
  gpu: Gpu,
  { input, weight, output }: Operands,
  g: Conv2dGeometry,
  epilogue: Epilogue,
  parameters: Parameters,
): void {
  const c4 = g.c / 4;
  const { TW = columnsOf(g), STRIP: rows = STRIP[gpu.family], FLIP = 0 } = parameters;
  const strip = Math.min(g.oh, rows);
  const strips = ceilDiv(g.oh, strip);
  const total = g.n * strips * ceilDiv(g.ow, TW) * c4;
  const limit = gpu.maxWorkgroups;
  depthwiseKernel.dispatch(
    gpu,
    { source: input, weight, ...epilogueArrays(epilogue, weight), output },
    {
      total,
      strip,
      strips,
      h: g.h,
      w: g.w,
      c4,
      oh: g.oh,
      ow: g.ow,
      pad_top: g.padTop,
      pad_left: g.padLeft,
      ...epilogueParams(epilogue),
    },
    {
      constants: {
        ...epilogueConstants(epilogue),
        KH: g.kh,
        KW: g.kw,
        SH: g.strideH,
        SW: g.strideW,
        TW,
        FLIP: FLIP === 1,
      },
      modules: elementModules({ source: input, weight, output }, "vec4", "vec4"),
      workgroups: foldGrid(ceilDiv(total, 64), limit),
    },
  );
}

/** Data gradient of {@link isDepthwise} geometries; `[N, H, W, C]`. */
export function depthwiseGradInput(
  gpu: Gpu,
  gradOutput: GpuArray,
  weight: GpuArray,
  g: Conv2dGeometry,
  scale: number,
  parameters: Parameters = {},
): GpuArray {
  const gradInput = gpu.empty([g.n, g.h, g.w, g.c]);
  if (g.strideH === 1 && g.strideW === 1) {
    const transposed: Conv2dGeometry = {
      ...g,
      h: g.oh,
      w: g.ow,
      oh: g.h,
      ow: g.w,
      padTop: g.kh - 1 - g.padTop,
      padLeft: g.kw - 1 - g.padLeft,
    };
    const arrays = { input: gradOutput, weight, output: gradInput };
    dispatchForward(gpu, arrays, transposed, { scale }, { ...parameters, FLIP: 1 });
    return gradInput;
  }
  const { TW = columnsOf(g), STRIP: strip = STRIP[gpu.family] } = parameters;
  const arrays = { grad_output: gradOutput, weight, grad_input: gradInput };
  dispatchStridedGradInput(gpu, arrays, g, scale, { columns: TW, strip });
  return gradInput;
}

/** Weight gradient of {@link isDepthwise} geometries; `[KH, KW, 1, C]`. */
export function depthwiseGradWeight(
  gpu: Gpu,
  input: GpuArray,
  gradOutput: GpuArray,
  g: Conv2dGeometry,
  scale: number,
  parameters: Parameters = {},
): GpuArray {
  const c4 = g.c / 4;
  const LANES = lanesOf(gpu, c4);
  const rows = g.n * g.oh;
  const workgroups = ceilDiv(c4, LANES) * g.kh;
  const { slabs, slabRows } = slabsFor(gpu, workgroups, rows, rows, parameters["WANTED"]);
  using partials = gpu.empty([slabs, g.kh, g.kw, g.c]);
  depthwiseGradWeightKernel.dispatch(
    gpu,
    { input, grad_output: gradOutput, partials },
    {
      h: g.h,
      w: g.w,
      c4,
      oh: g.oh,
      ow: g.ow,
      kh: g.kh,
      stride_h: g.strideH,
      pad_top: g.padTop,
      pad_left: g.padLeft,
      rows,
      slab_rows: slabRows,
    },
    {
      constants: { KW: g.kw, SW: g.strideW, LANES },
      workgroups: [ceilDiv(c4, LANES), g.kh, slabs],
    },
  );
  return sumSlabs(gpu, partials, [g.kh, g.kw, 1, g.c], scale);
}
