import type { Gpu } from "../../gpu/gpu.ts";
import type { GpuArray } from "../../gpu/gpu-array.ts";
import { defineKernel } from "../../gpu/kernel.ts";
import { ceilDiv, foldGrid } from "../../gpu/workgroups.ts";
import gradInputSource from "./depthwise-grad-input.wgsl";
import type { Conv2dGeometry } from "./geometry.ts";

export const depthwiseGradInputKernel = defineKernel({
  name: "conv2d.depthwiseGradInput",
  modules: { "depthwise-grad-input.wgsl": gradInputSource },
  constants: { WORKGROUP: 64, KH: 3, KW: 3, SH: 2, SW: 2, TQ: 4 },
  bindings: { grad_output: "read", weight: "read", grad_input: "read_write" },
  params: {
    total: "u32",
    strip: "u32",
    strips: "u32",
    blocks: "u32",
    cells_h: "u32",
    first_p: "u32",
    first_q: "u32",
    h: "u32",
    w: "u32",
    c4: "u32",
    oh: "u32",
    ow: "u32",
    pad_top: "i32",
    pad_left: "i32",
    scale: "f32",
  },
});

/** Cells of `stride` elements of the padded axis: the first that reaches into it, and how many. */
function cellsOf(size: number, stride: number, pad: number) {
  const first = Math.floor(pad / stride);
  return { first, count: Math.floor((pad + size - 1) / stride) - first + 1 };
}

/** Operands of {@link dispatchStridedGradInput}, by the kernel's names. */
interface Operands {
  readonly grad_output: GpuArray;
  readonly weight: GpuArray;
  readonly grad_input: GpuArray;
}

/** What one invocation owns. */
interface Block {
  /** Columns and rows of cells. */
  readonly columns: number;
  readonly strip: number;
}

/** Encodes `grad_input = scale · Σ weight ⋆ᵀ grad_output` of a depthwise geometry with strides. */
export function dispatchStridedGradInput(
  gpu: Gpu,
  arrays: Operands,
  g: Conv2dGeometry,
  scale: number,
  { columns: TQ, strip: wanted }: Block,
): void {
  const c4 = g.c / 4;
  const rows = cellsOf(g.h, g.strideH, g.padTop);
  const columns = cellsOf(g.w, g.strideW, g.padLeft);
  const strip = Math.min(rows.count, wanted);
  const strips = ceilDiv(rows.count, strip);
  const blocks = ceilDiv(columns.count, TQ);
  const total = g.n * strips * blocks * c4;
  depthwiseGradInputKernel.dispatch(
    gpu,
    arrays,
    {
      total,
      strip,
      strips,
      blocks,
      cells_h: rows.count,
      first_p: rows.first,
      first_q: columns.first,
      h: g.h,
      w: g.w,
      c4,
      oh: g.oh,
      ow: g.ow,
      pad_top: g.padTop,
      pad_left: g.padLeft,
      scale,
    },
    {
      constants: { KH: g.kh, KW: g.kw, SH: g.strideH, SW: g.strideW, TQ },
      workgroups: foldGrid(ceilDiv(total, 64), gpu.maxWorkgroups),
    },
  );
}
