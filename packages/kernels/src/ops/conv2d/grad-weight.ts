import type { Gpu } from "../../gpu/gpu.ts";
import type { GpuArray } from "../../gpu/gpu-array.ts";
import { defineKernel } from "../../gpu/kernel.ts";
import type { Variant } from "../../gpu/tuning.ts";
import { ceilDiv } from "../../gpu/workgroups.ts";
import type { Conv2dGeometry } from "./geometry.ts";
import sharedSource from "./grad-weight.wgsl";
import broadcastSource from "./grad-weight-broadcast.wgsl";
import groupedSource from "./grad-weight-grouped.wgsl";
import registersSource from "./grad-weight-registers.wgsl";
import tiledSource from "./grad-weight-tiled.wgsl";
import windowsSource from "./grad-weight-windows.wgsl";
import { padChannels } from "./pack.ts";
import { slabsFor, sumSlabs } from "./slabs.ts";
import subgroupsSource from "./subgroups.wgsl";

/** Kernels of the weight gradient. */
export type GradWeightVariant = "broadcast" | "registers" | "tiled" | "windows" | "grouped";

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

function define<const C extends Record<string, number | boolean>>(
  variant: GradWeightVariant,
  source: string,
  constants: C,
  first: Record<string, string> = {},
) {
  const modules = {
    ...first,
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
  broadcast: define(
    "broadcast",
    broadcastSource,
    { LANES: 8, KW: 3, SW: 1, TR: 1, TN: 2, U: 2 },
    { "subgroups.wgsl": subgroupsSource },
  ),
  registers: define("registers", registersSource, { LANES: 8, TM: 8, TN: 2 }),
  tiled: define("tiled", tiledSource, { BM: 64, BN: 64, BK: 16 }),
  windows: define("windows", windowsSource, {
    LANES: 8,
    KW: 3,
    SW: 1,
    TI: 1,
    TN: 1,
    SPREAD: true,
  }),
  grouped: define("grouped", groupedSource, { LANES: 8 }),
};

/** Whether groups are so small that `registers` and `tiled` would leave most lanes idle. */
export function isGroupedGradWeight(g: Conv2dGeometry): boolean {
  const outputs = g.o / g.groups;
  return g.groups > 1 && (outputs < 32 || outputs % 4 !== 0);
}

/** Registers for matrices of 4×4 sums, `KW · TI · TN`, which the kernel of windows may take. */
export const MOST_WINDOWS = 8;

/**
 * Eights of channels × vec4s of outputs × taps that a lane of `broadcast` sums at most. Beyond, compilers
 * keep the sums in memory: 7 and 8 take three to five times as long on lavapipe.
 */
export const MOST_SUMS = 6;

/** Whether rows of taps fit into registers, and groups consist of whole vec4s. */
export function fitsWindows(g: Conv2dGeometry): boolean {
  const whole = g.groups === 1 || ((g.c / g.groups) % 4 === 0 && (g.o / g.groups) % 4 === 0);
  return whole && g.dilationW === 1 && g.kw <= MOST_WINDOWS;
}

/**
 * Whether the kernel of windows is the heuristics' choice: for small groups on any device, else on
 * software adapters, where it takes 0.5 to 0.9 of the time of `registers`. Input channels are padded
 * to whole vec4s, which is too much of a waste for one or two of them.
 */
export function paysWindows(gpu: Gpu, g: Conv2dGeometry): boolean {
  if (!fitsWindows(g)) return false;
  if (isGroupedGradWeight(g)) return true;
  const inputs = g.c / g.groups;
  return gpu.family === "registers" && (inputs > 3 || (inputs === 3 && g.kw > 1));
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
  // The kernel of windows reads whole vec4s of channels.
  using source = variant.name === "windows" ? padChannels(gpu, input) : input.retain();
  const taps = g.kh * g.kw;
  const groupInputs = g.c / g.groups;
  const groupOutputs = g.groups === 1 ? o : g.o / g.groups;
  const plan = planOf(gpu, variant, g, o);
  const rows = g.n * g.oh;
  const most = Math.max(1, Math.floor(MOST_PARTIAL_BYTES / (4 * taps * groupInputs * o)));
  const { slabs, slabRows } = slabsFor(
    gpu,
    plan.x * plan.y * plan.z,
    rows,
    most,
    variant.parameters["WANTED"],
  );
  using partials = gpu.empty([slabs, taps, groupInputs, o]);
  const values = {
    h: g.h,
    w: g.w,
    c: source.shape.at(-1) ?? g.c,
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
  plan.dispatch({ input: source, grad_output: padded, partials }, values, [
    plan.x,
    plan.y,
    plan.z * slabs,
  ]);
  return sumSlabs(gpu, partials, [g.kh, g.kw, groupInputs, g.o], scale);
}

interface Plan {
  /** Workgroups along the outputs, the input channels, and the taps or rows of taps. */
  readonly x: number;
  readonly y: number;
  readonly z: number;
  dispatch(
    arrays: { readonly [K in keyof typeof bindings]: GpuArray },
    values: { readonly [K in keyof typeof params]: number },
    workgroups: [number, number, number],
  ): void;
}

/** @param o outputs, padded to whole vec4s */
function planOf(gpu: Gpu, { name, parameters }: Variant, g: Conv2dGeometry, o: number): Plan {
  const variant = name as GradWeightVariant;
  const { groups } = g;
  const inputs = g.c / groups;
  const outputs = groups === 1 ? o : g.o / groups;
  const z = g.kh * g.kw;
  switch (variant) {
    case "broadcast":
      return broadcastPlan(gpu, parameters, g, o);
    case "registers": {
      const constants = {
        TM: parameters["TM"] ?? (inputs <= 4 ? 4 : 8),
        TN: parameters["TN"] ?? (outputs > 32 ? 2 : 1),
      };
      return {
        x: groups * ceilDiv(outputs, 32 * constants.TN),
        y: ceilDiv(inputs, constants.TM),
        z,
        dispatch: (arrays, values, workgroups) =>
          gradWeightKernels.registers.dispatch(gpu, arrays, values, { constants, workgroups }),
      };
    }
    case "tiled":
      return {
        x: groups * ceilDiv(outputs, 64),
        y: ceilDiv(inputs, 64),
        z,
        dispatch: (arrays, values, workgroups) =>
          gradWeightKernels.tiled.dispatch(gpu, arrays, values, { workgroups }),
      };
    case "windows":
      return windowsPlan(gpu, parameters, g, o);
    case "grouped": {
      const LANES = gpu.family === "registers" ? 8 : 64;
      return {
        x: ceilDiv(o / 4, LANES),
        y: inputs,
        z,
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

/** Eights of input channels × vec4s of outputs, for a whole row of taps. */
function broadcastPlan(
  gpu: Gpu,
  parameters: Variant["parameters"],
  g: Conv2dGeometry,
  o: number,
): Plan {
  const inputs = g.c / g.groups;
  const outputs = g.groups === 1 ? o : g.o / g.groups;
  const TR = parameters["TR"] ?? (g.kw === 1 && inputs > 8 ? 2 : 1);
  const TN = parameters["TN"] ?? (2 * g.kw <= MOST_SUMS && outputs > 32 ? 2 : 1);
  const constants = { KW: g.kw, SW: g.strideW, TR, TN, U: g.ow > 1 ? 2 : 1 };
  return {
    x: g.groups * ceilDiv(outputs, 32 * TN),
    y: ceilDiv(inputs, 8 * TR),
    z: g.kh,
    dispatch: (arrays, values, workgroups) =>
      gradWeightKernels.broadcast.dispatch(gpu, arrays, values, { constants, workgroups }),
  };
}

/** As many sums as fit into registers: of two vec4s of outputs if there are so many, then of inputs. */
function windowsPlan(
  gpu: Gpu,
  parameters: Variant["parameters"],
  g: Conv2dGeometry,
  o: number,
): Plan {
  const inputs4 = ceilDiv(g.c / g.groups, 4);
  const outputs = g.groups === 1 ? o : g.o / g.groups;
  const LANES = gpu.family === "registers" ? 8 : 64;
  const SPREAD = g.groups > 1 && outputs < 4 * LANES;
  const fitting = (count: number) => Math.floor(MOST_WINDOWS / (g.kw * count));
  const TN = SPREAD ? 1 : (parameters["TN"] ?? (outputs > 4 * LANES && fitting(2) > 0 ? 2 : 1));
  const most = Math.min(fitting(TN), SPREAD ? 2 : 4, inputs4);
  const TI = parameters["TI"] ?? (most >= 4 ? 4 : most >= 2 ? 2 : 1);
  const constants = { LANES, KW: g.kw, SW: g.strideW, TI, TN, SPREAD };
  return {
    x: SPREAD ? ceilDiv(o / 4, LANES) : g.groups * ceilDiv(outputs, 4 * LANES * TN),
    y: ceilDiv(inputs4, TI),
    z: g.kh,
    dispatch: (arrays, values, workgroups) =>
      gradWeightKernels.windows.dispatch(gpu, arrays, values, { constants, workgroups }),
  };
}
