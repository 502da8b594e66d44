import type { Gpu } from "../../gpu/gpu.ts";
import type { GpuArray } from "../../gpu/gpu-array.ts";
import { defineKernel } from "../../gpu/kernel.ts";
import type { Variant } from "../../gpu/tuning.ts";
import { ceilDiv, foldGrid, type Workgroups } from "../../gpu/workgroups.ts";
import { eightsOfRows } from "./broadcast.ts";
import broadcastSource from "./broadcast.wgsl";
import type { Correlation } from "./correlation.ts";
import correlationSource from "./correlation.wgsl";
import directSource from "./direct.wgsl";
import {
  elementModules,
  HALVES,
  RUN_MODULES,
  runLength,
  runModules,
  SCALAR_MODULES,
} from "./element-modules.ts";
import {
  EPILOGUE,
  EPILOGUE_CONSTANTS,
  type Epilogue,
  epilogueArrays,
  epilogueConstants,
  epilogueParams,
} from "./epilogue.ts";
import groupedSource from "./grouped.wgsl";
import narrowSource from "./narrow.wgsl";
import registersSource from "./registers.wgsl";
import subgroupsSource from "./subgroups.wgsl";
import tiledSource from "./tiled.wgsl";

/** Kernels of the correlation. */
export type CorrelationVariant =
  | "broadcast"
  | "registers"
  | "tiled"
  | "narrow"
  | "grouped"
  | "direct";

/** Arrays of every kernel of the correlation. */
export const bindings = {
  source: "read",
  weight: "read",
  bias: "read",
  residual: "read",
  output: "read_write",
} as const;
/** Their parameters. */
export const paramTypes = {
  rows: "u32",
  qh: "u32",
  qw: "u32",
  source_h: "u32",
  source_w: "u32",
  source_c: "u32",
  depth: "u32",
  stride_h: "u32",
  stride_w: "u32",
  first_h: "i32",
  first_w: "i32",
  step_h: "i32",
  step_w: "i32",
  taps_h: "u32",
  taps_w: "u32",
  kernel_w: "u32",
  kernel_first_h: "u32",
  kernel_first_w: "u32",
  kernel_step_h: "u32",
  kernel_step_w: "u32",
  out_h: "u32",
  out_w: "u32",
  out_c: "u32",
  out_first_h: "u32",
  out_first_w: "u32",
  out_step_h: "u32",
  out_step_w: "u32",
  group_outputs: "u32",
  weight_pitch: "u32",
  has_bias: "u32",
  scale: "f32",
  slope: "f32",
  gain: "f32",
} as const;

function define<const C extends Record<string, number>>(
  variant: CorrelationVariant,
  source: string,
  constants: C,
  first: Record<string, string> = {},
) {
  return defineKernel({
    name: `conv2d.${variant}`,
    modules: {
      ...first,
      "correlation.wgsl": correlationSource,
      ...EPILOGUE,
      ...SCALAR_MODULES,
      [`${variant}.wgsl`]: source,
    },
    constants: { ...constants, ...EPILOGUE_CONSTANTS },
    bindings,
    params: paramTypes,
    halves: HALVES,
  });
}

/** The kernels; exported for the test of their contract with the WGSL. */
export const correlationKernels = {
  broadcast: define(
    "broadcast",
    broadcastSource,
    { LANES: 8, TR: 2, TN: 2, U: 2 },
    { "subgroups.wgsl": subgroupsSource, ...RUN_MODULES },
  ),
  registers: define("registers", registersSource, { LANES: 8, TM: 8, TN: 2 }),
  tiled: define("tiled", tiledSource, { BM: 64, BN: 64, BK: 16 }),
  narrow: define("narrow", narrowSource, { LANES: 8, TM: 4 }),
  grouped: define("grouped", groupedSource, { LANES: 8, TM: 4 }),
  direct: define("direct", directSource, { LANES: 64 }),
};

/** The variant that group sizes and channels leave no choice about; null where they do. */
export function structuralVariant(
  job: Pick<Correlation, "sourceC" | "outC" | "groups">,
): "grouped" | "direct" | "narrow" | null {
  const depth = job.sourceC / job.groups;
  const outputs = job.outC / job.groups;
  // Blocks of whole vec4s must not straddle groups.
  const blocks = job.groups === 1 || outputs % 4 === 0;
  const small = job.groups > 1 && outputs < 32;
  if (small && depth % 4 === 0 && outputs % 4 === 0) return "grouped";
  if (small || !blocks) return "direct";
  return job.groups === 1 && outputs <= 4 ? "narrow" : null;
}

/**
 * Encodes one correlation into `output`, which may be f16 if it consists of whole vec4s and the
 * variant is not `direct`.
 *
 * @param weight  packed: `[KH, KW, sourceC / groups, 4·⌈outC / 4⌉]`
 * @param variant a {@link CorrelationVariant}; parameters that it lacks follow from the sizes
 */
export function correlate(
  gpu: Gpu,
  job: Correlation,
  source: GpuArray,
  weight: GpuArray,
  output: GpuArray,
  epilogue: Epilogue,
  { name, parameters }: Variant,
): void {
  const variant = name as CorrelationVariant;
  const { bias, residual } = epilogueArrays(epilogue, weight);
  const arrays = { source, weight, bias, residual, output };
  const behind = epilogueConstants(epilogue);
  const store = job.outC % 4 === 0 ? "vec4" : "scalar";
  const whole = elementModules(arrays, vectorisable(job) ? "vec4" : "scalar", store);
  const values = paramsOf(job, epilogue);
  const rows = values.rows;
  const columns = ceilDiv(values.group_outputs, 4);
  const limit = gpu.maxWorkgroups;
  const grid = (across: number, tileRows: number): Workgroups => {
    const [y, z] = foldGrid(ceilDiv(rows, tileRows), limit);
    return [across, y, z];
  };
  switch (variant) {
    case "broadcast": {
      const U = runLength(values.depth);
      const TR = parameters["TR"] ?? eightsOfRows(rows);
      const TN = parameters["TN"] ?? (columns > 8 ? 2 : 1);
      correlationKernels.broadcast.dispatch(gpu, arrays, values, {
        constants: { SILU: behind.SILU, RESIDUAL: behind.RESIDUAL, TR, TN, U },
        modules: runModules(arrays, U, store),
        workgroups: grid(job.groups * ceilDiv(columns, 8 * TN), 8 * TR),
      });
      return;
    }
    case "registers": {
      const constants = {
        SILU: behind.SILU,
        RESIDUAL: behind.RESIDUAL,
        TM: parameters["TM"] ?? rowsPerInvocation(rows),
        TN: parameters["TN"] ?? (columns > 8 ? 2 : 1),
      };
      const across = job.groups * ceilDiv(columns, 8 * constants.TN);
      correlationKernels.registers.dispatch(gpu, arrays, values, {
        constants,
        modules: elementModules(arrays, "scalar", store),
        workgroups: grid(across, constants.TM),
      });
      return;
    }
    case "tiled": {
      // Two tiles a side double the products per load, if that leaves enough workgroups.
      const large = ceilDiv(rows, 128) * job.groups * ceilDiv(columns, 32) >= 128 && columns > 16;
      const side = parameters["SIDE"] ?? (large ? 128 : 64);
      correlationKernels.tiled.dispatch(gpu, arrays, values, {
        constants: { ...behind, BM: side, BN: side },
        modules: whole,
        workgroups: grid(job.groups * ceilDiv(columns, side / 4), side),
      });
      return;
    }
    case "narrow": {
      const LANES = gpu.family === "registers" ? 8 : 64;
      correlationKernels.narrow.dispatch(gpu, arrays, values, {
        constants: { ...behind, LANES },
        modules: whole,
        workgroups: grid(columns, 4 * LANES),
      });
      return;
    }
    case "grouped": {
      const LANES = gpu.family === "registers" ? 8 : 64;
      correlationKernels.grouped.dispatch(gpu, arrays, values, {
        constants: { ...behind, LANES },
        modules: whole,
        workgroups: grid(ceilDiv(job.outC / 4, LANES), 4),
      });
      return;
    }
    case "direct": {
      const workgroups = foldGrid(ceilDiv(rows * job.outC, 64), limit);
      const modules = elementModules(arrays, "scalar", "scalar");
      correlationKernels.direct.dispatch(gpu, arrays, values, {
        constants: behind,
        modules,
        workgroups,
      });
      return;
    }
    default:
      variant satisfies never;
  }
}

/** The tallest block that leaves few of its rows idle. */
function rowsPerInvocation(rows: number): number {
  if (rows === 1) return 1;
  if (rows <= 4) return 4;
  if (rows > 12 && rows <= 16) return 16;
  return rows >= 96 ? 12 : 8;
}

function vectorisable(job: Correlation): boolean {
  return job.sourceC % 4 === 0 && (job.sourceC / job.groups) % 4 === 0;
}

/** The parameters of one correlation. */
export function paramsOf(job: Correlation, epilogue: Epilogue) {
  const { h, w } = job;
  const { has_bias, scale, slope, gain } = epilogueParams(epilogue);
  // Written out: a spread into an object of so many fields costs microseconds.
  return {
    rows: job.n * h.q * w.q,
    qh: h.q,
    qw: w.q,
    source_h: h.source,
    source_w: w.source,
    source_c: job.sourceC,
    depth: job.sourceC / job.groups,
    stride_h: h.stride,
    stride_w: w.stride,
    first_h: h.first,
    first_w: w.first,
    step_h: h.step,
    step_w: w.step,
    taps_h: h.taps,
    taps_w: w.taps,
    kernel_w: job.kernelW,
    kernel_first_h: h.kernelFirst,
    kernel_first_w: w.kernelFirst,
    kernel_step_h: h.kernelStep,
    kernel_step_w: w.kernelStep,
    out_h: h.out,
    out_w: w.out,
    out_c: job.outC,
    out_first_h: h.outFirst,
    out_first_w: w.outFirst,
    out_step_h: h.outStep,
    out_step_w: w.outStep,
    group_outputs: job.outC / job.groups,
    weight_pitch: ceilDiv(job.outC, 4),
    has_bias,
    scale,
    slope,
    gain,
  };
}
