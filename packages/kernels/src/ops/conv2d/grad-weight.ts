import type { Gpu } from "../../gpu/gpu.ts";
import type { GpuArray } from "../../gpu/gpu-array.ts";
import { defineKernel } from "../../gpu/kernel.ts";
import type { Variant } from "../../gpu/tuning.ts";
import { ceilDiv } from "../../gpu/workgroups.ts";
import type { Conv2dGeometry } from "./geometry.ts";
import sharedSource from "./grad-weight.wgsl";
import groupedSource from "./grad-weight-grouped.wgsl";
import registersSource from "./grad-weight-registers.wgsl";
import tiledSource from "./grad-weight-tiled.wgsl";
import { padChannels } from "./pack.ts";
import { slabsFor, sumSlabs } from "./slabs.ts";

/** Kernels of the weight gradient. */
export type GradWeightVariant = "registers" | "tiled" | "grouped";

const bindings = { input: "read", grad_output: "read", partials: "read_write" } as const;
const params = {
  h: "u32",
  w: "u32",
  c: "u32",
  group_inputs: "u32",
  oh: "u32",
  ow: "u32",
  o: "u32",
  group_outputs: "u32",
  kernel_w: "u32",
  taps: "u32",
  stride_h: "u32",
  stride_w: "u32",
  dilation_h: "u32",
  dilation_w: "u32",
  pad_top: "u32",
  pad_left: "u32",
  rows: "u32",
  slab_rows: "u32",
} as const;

function define<const C extends Record<string, number>>(
  variant: GradWeightVariant,
  source: string,
  constants: C,
) {
  const modules = {
    "grad-weight.wgsl": sharedSource,
    [`grad-weight-${variant}.wgsl`]: source,
  };
  return defineKernel({
    name: `conv2dGradWeight.${variant}`,
    modules,
    constants,
    bindings,
    params,
  });
}

/** The kernels; exported for the test of their contract with the WGSL. */
export const gradWeightKernels = {
  registers: define("registers", registersSource, { LANES: 8, TM: 8, TN: 2 }),
  tiled: define("tiled", tiledSource, { BM: 64, BN: 64, BK: 16 }),
  grouped: define("grouped", groupedSource, { LANES: 8 }),
};

/** Whether groups are so small that they need a kernel of their own. */
export function isGroupedGradWeight(g: Conv2dGeometry): boolean {
  const outputs = g.o / g.groups;
  return g.groups > 1 && (outputs < 32 || outputs % 4 !== 0);
}

/** Memory of the partial sums at most, in bytes. */
const MOST_PARTIAL_BYTES = 64 * 2 ** 20;

/**
 * A 1×1 convolution sees pixels, not images: rows of 16 to 64 of them, as long as they divide. A
 * dense layer has one pixel an image, and a row's overhead for each would cost more than its work.
 */
function asRows(g: Conv2dGeometry): Conv2dGeometry {
  const plain = g.kh === 1 && g.kw === 1 && g.strideH === 1 && g.strideW === 1;
  const pixels = g.n * g.oh * g.ow;
  if (!plain || g.ow >= 16 || g.oh !== g.h || g.ow !== g.w) return g;
  let length = Math.min(64, pixels);
  while (pixels % length !== 0) length--;
  if (length < 8) return g;
  return { ...g, n: 1, h: pixels / length, w: length, oh: pixels / length, ow: length };
}

/** `∂/∂weight`, times `scale`; `[KH, KW, C / groups, O]`. */
export function gradWeight(
  gpu: Gpu,
  input: GpuArray,
  gradOutput: GpuArray,
  geometry: Conv2dGeometry,
  scale: number,
  variant: Variant,
): GpuArray {
  const g = asRows(geometry);
  using padded = padChannels(gpu, gradOutput);
  const o = padded.shape.at(-1) ?? 1;
  const taps = g.kh * g.kw;
  const groupInputs = g.c / g.groups;
  const groupOutputs = g.groups === 1 ? o : g.o / g.groups;
  const plan = planOf(gpu, variant, groupInputs, groupOutputs, g.groups, o);
  const rows = g.n * g.oh;
  const most = Math.max(1, Math.floor(MOST_PARTIAL_BYTES / (4 * taps * groupInputs * o)));
  const { slabs, slabRows } = slabsFor(
    gpu,
    plan.x * plan.y * taps,
    rows,
    most,
    variant.parameters["WANTED"],
  );
  using partials = gpu.empty([slabs, taps, groupInputs, o]);
  const values = {
    h: g.h,
    w: g.w,
    c: g.c,
    group_inputs: groupInputs,
    oh: g.oh,
    ow: g.ow,
    o,
    group_outputs: groupOutputs,
    kernel_w: g.kw,
    taps,
    stride_h: g.strideH,
    stride_w: g.strideW,
    dilation_h: g.dilationH,
    dilation_w: g.dilationW,
    pad_top: g.padTop,
    pad_left: g.padLeft,
    rows,
    slab_rows: slabRows,
  };
  plan.dispatch({ input, grad_output: padded, partials }, values, [plan.x, plan.y, taps * slabs]);
  return sumSlabs(gpu, partials, [g.kh, g.kw, groupInputs, g.o], scale);
}

interface Plan {
  /** Workgroups along the outputs and along the input channels. */
  readonly x: number;
  readonly y: number;
  dispatch(
    arrays: { readonly [K in keyof typeof bindings]: GpuArray },
    values: { readonly [K in keyof typeof params]: number },
    workgroups: [number, number, number],
  ): void;
}

function planOf(
  gpu: Gpu,
  { name, parameters }: Variant,
  inputs: number,
  outputs: number,
  groups: number,
  o: number,
): Plan {
  const variant = name as GradWeightVariant;
  switch (variant) {
    case "registers": {
      const constants = {
        TM: parameters["TM"] ?? (inputs <= 4 ? 4 : 8),
        TN: parameters["TN"] ?? (outputs > 32 ? 2 : 1),
      };
      return {
        x: groups * ceilDiv(outputs, 32 * constants.TN),
        y: ceilDiv(inputs, constants.TM),
        dispatch: (arrays, values, workgroups) =>
          gradWeightKernels.registers.dispatch(gpu, arrays, values, { constants, workgroups }),
      };
    }
    case "tiled":
      return {
        x: groups * ceilDiv(outputs, 64),
        y: ceilDiv(inputs, 64),
        dispatch: (arrays, values, workgroups) =>
          gradWeightKernels.tiled.dispatch(gpu, arrays, values, { workgroups }),
      };
    case "grouped": {
      const LANES = gpu.family === "registers" ? 8 : 64;
      return {
        x: ceilDiv(o / 4, LANES),
        y: inputs,
        dispatch: (arrays, values, workgroups) =>
          gradWeightKernels.grouped.dispatch(gpu, arrays, values, {
            constants: { LANES },
            workgroups,
          }),
      };
    }
    default:
      return variant satisfies never;
  }
}
