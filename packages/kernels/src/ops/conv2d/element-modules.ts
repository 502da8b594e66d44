// Operands in f32 and in f16. Two elements of f16 share a word of 32 bits, which WGSL's
// unpack2x16float and pack2x16float turn into f32 and back: no device lacks them, where arrays of
// f16 would need `shader-f16`, and loads stay 32 bits wide.

import type { GpuArray } from "../../gpu/gpu-array.ts";
import sourceRun from "./source-run.wgsl";
import sourceRunPair from "./source-run-pair.wgsl";
import sourceRunPairF16 from "./source-run-pair-f16.wgsl";
import sourceScalar from "./source-scalar.wgsl";
import sourceScalarF16 from "./source-scalar-f16.wgsl";
import sourceVec4 from "./source-vec4.wgsl";
import sourceVec4F16 from "./source-vec4-f16.wgsl";
import storeScalar from "./store-scalar.wgsl";
import storeVec4 from "./store-vec4.wgsl";
import storeVec4F16 from "./store-vec4-f16.wgsl";
import weightF16 from "./weight-f16.wgsl";
import weightF32 from "./weight-f32.wgsl";

/** Modules of a convolution with whole vec4s of channels, in f32. */
export const VEC4_MODULES = {
  "source.wgsl": sourceVec4,
  "weight.wgsl": weightF32,
  "store.wgsl": storeVec4,
} as const;

/** Modules of a convolution with any number of channels, in f32. */
export const SCALAR_MODULES = {
  ...VEC4_MODULES,
  "source.wgsl": sourceScalar,
  "store.wgsl": storeScalar,
} as const;

/** Bindings that these modules read and store in f16, and those that may stand in for an absent one. */
export const HALVES = ["source", "weight", "bias", "residual", "output"] as const;

/** Operands of a convolution's forward pass. */
interface Operands {
  readonly source: GpuArray;
  readonly weight: GpuArray;
  readonly output: GpuArray;
}

/**
 * The modules that read and store operands of these types.
 *
 * @param load  how the source is loaded
 * @param store how the output, in f32, is stored; f16 is stored by vec4s
 */
export function elementModules(
  { source, weight, output }: Operands,
  load: "vec4" | "scalar",
  store: "vec4" | "scalar",
) {
  const isHalf = source.dtype === "f16";
  const vec4 = isHalf ? sourceVec4F16 : sourceVec4;
  const scalar = isHalf ? sourceScalarF16 : sourceScalar;
  const storeF32 = store === "vec4" ? storeVec4 : storeScalar;
  return {
    "source.wgsl": load === "vec4" ? vec4 : scalar,
    "weight.wgsl": weight.dtype === "f16" ? weightF16 : weightF32,
    "store.wgsl": output.dtype === "f16" ? storeVec4F16 : storeF32,
  };
}

/** Channels that `broadcast` takes at a turn: they divide the depth. */
export function runLength(depth: number): number {
  return depth % 2 === 0 ? 2 : depth % 3 === 0 ? 3 : 1;
}

/** The modules of {@link elementModules}, of which the source's load `length` channels at once. */
export function runModules(operands: Operands, length: number, store: "vec4" | "scalar") {
  const modules = elementModules(operands, "scalar", store);
  const pair = operands.source.dtype === "f16" ? sourceRunPairF16 : sourceRunPair;
  // Written out: spreading objects costs microseconds a dispatch.
  return {
    "source.wgsl": length === 2 ? "" : modules["source.wgsl"],
    "weight.wgsl": modules["weight.wgsl"],
    "store.wgsl": modules["store.wgsl"],
    "source-run.wgsl": length === 2 ? pair : sourceRun,
  };
}

/** What a kernel that loads runs has beside the scalar modules until the operands are known. */
export const RUN_MODULES = { "source-run.wgsl": sourceRun } as const;
