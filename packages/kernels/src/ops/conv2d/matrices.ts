import { invariant } from "../../errors.ts";
import type { Gpu } from "../../gpu/gpu.ts";
import type { GpuArray } from "../../gpu/gpu-array.ts";
import { defineKernel } from "../../gpu/kernel.ts";
import type { MatrixShape } from "../../gpu/matrices.ts";
import { ceilDiv, foldGrid } from "../../gpu/workgroups.ts";
import { bindings, paramsOf, paramTypes, structuralVariant } from "./correlate.ts";
import type { Correlation } from "./correlation.ts";
import correlationSource from "./correlation.wgsl";
import { HALVES } from "./element-modules.ts";
import {
  EPILOGUE,
  EPILOGUE_CONSTANTS,
  type Epilogue,
  epilogueArrays,
  epilogueConstants,
} from "./epilogue.ts";
import type { Conv2dGeometry } from "./geometry.ts";
import matricesSource from "./matrices.wgsl";
import storeVec4F16 from "./store-vec4-f16.wgsl";

export const matricesKernel = defineKernel({
  name: "conv2d.matrices",
  // Its directives come first.
  modules: {
    "matrices.wgsl": matricesSource,
    "correlation.wgsl": correlationSource,
    ...EPILOGUE,
    "store.wgsl": storeVec4F16,
  },
  constants: { LANES: 32, MM: 16, MN: 16, MK: 16, SM: 2, SN: 4, ...EPILOGUE_CONSTANTS },
  bindings,
  params: paramTypes,
  halves: HALVES,
});

/** Subgroups of a workgroup, and channels of a slice, as in the kernel's file. */
const DOWN = 4;
const ACROSS = 2;
const BK = 32;
/** With fewer workgroups than this, tiles of a quarter are taken. */
const ENOUGH = 128;

/** Rows and output channels of a workgroup's tile. */
interface Tile {
  readonly BM: number;
  readonly BN: number;
}

function tileOf({ m, n }: MatrixShape, SM: number, SN: number): Tile {
  return { BM: DOWN * SM * m, BN: ACROSS * SN * n };
}

/** Whether loads divide among the invocations, and tiles fit into the device's workgroup memory. */
function fitsDevice(shape: MatrixShape): boolean {
  const threads = DOWN * ACROSS * shape.lanes;
  if (threads > shape.maxInvocations) return false;
  if (BK % shape.k !== 0 || shape.n % 4 !== 0) return false;
  const large = tileOf(shape, 2, 4);
  const small = tileOf(shape, 1, 2);
  const divides = [small.BM, small.BN].every((side) => (side * BK) % (4 * threads) === 0);
  const halves = (BK + 8) * large.BM + (large.BN + 8) * BK;
  const bytes = 2 * halves + 4 * DOWN * ACROSS * shape.m * shape.n;
  const fits = bytes <= shape.maxWorkgroupBytes;
  return divides && fits && threads % large.BM === 0;
}

/**
 * Whether a forward pass goes through subgroup matrices: the `Gpu` was given the adapter's, no
 * variant is forced, both operands are f16, and channels are whole vec4s.
 */
export function takesMatrices(
  gpu: Gpu,
  input: GpuArray,
  weight: GpuArray,
  g: Conv2dGeometry,
): boolean {
  if (gpu.matrices === null || gpu.overrides["conv2d"] !== undefined) return false;
  if (input.dtype !== "f16" || weight.dtype !== "f16") return false;
  if (structuralVariant({ sourceC: g.c, outC: g.o, groups: g.groups }) !== null) return false;
  const isWhole = (g.c / g.groups) % 4 === 0 && (g.o / g.groups) % 4 === 0;
  return isWhole && fitsDevice(gpu.matrices);
}

/**
 * As `correlate`, on matrices of the shape that the `Gpu` has.
 *
 * @param source, weight, output in f16
 */
export function correlateOnMatrices(
  gpu: Gpu,
  job: Correlation,
  source: GpuArray,
  weight: GpuArray,
  output: GpuArray,
  epilogue: Epilogue,
): void {
  const shape = gpu.matrices;
  invariant(shape !== null, "conv2d: takesMatrices was not asked");
  const arrays = { source, weight, ...epilogueArrays(epilogue, weight), output };
  const values = paramsOf(job, epilogue);
  const workgroups = ({ BM, BN }: Tile) => {
    return [job.groups * ceilDiv(values.group_outputs, BN), ceilDiv(values.rows, BM)] as const;
  };
  const [acrossLarge, downLarge] = workgroups(tileOf(shape, 2, 4));
  const [SM, SN] = acrossLarge * downLarge >= ENOUGH ? [2, 4] : [1, 2];
  const [across, down] = workgroups(tileOf(shape, SM, SN));
  const [y, z] = foldGrid(down, gpu.maxWorkgroups);
  const { m: MM, n: MN, k: MK, lanes: LANES } = shape;
  matricesKernel.dispatch(gpu, arrays, values, {
    constants: { ...epilogueConstants(epilogue), LANES, MM, MN, MK, SM, SN },
    workgroups: [across, y, z],
  });
}
