import type { Gpu } from "../../gpu/gpu.ts";
import type { GpuArray } from "../../gpu/gpu-array.ts";
import { defineKernel } from "../../gpu/kernel.ts";
import toF16Source from "./cast-to-f16.wgsl";
import toF32Source from "./cast-to-f32.wgsl";
import { FLAT, FLAT_CONSTANTS, flatGrid, requireFractions, vectorsOf } from "./flat.ts";

/** Element types of numbers with a fraction. */
export type FloatDType = "f32" | "f16";

export const castToF16Kernel = defineKernel({
  name: "castToF16",
  modules: { ...FLAT, "cast-to-f16.wgsl": toF16Source },
  constants: FLAT_CONSTANTS,
  bindings: { input: "read", output: "read_write" },
  params: { vectors: "u32" },
  halves: ["output"],
});

export const castToF32Kernel = defineKernel({
  name: "castToF32",
  modules: { ...FLAT, "cast-to-f32.wgsl": toF32Source },
  constants: FLAT_CONSTANTS,
  bindings: { input: "read", output: "read_write" },
  params: { vectors: "u32" },
  halves: ["input"],
});

/**
 * The elements of `x` as `dtype`. To f16 they are rounded up or down, as the device does; beyond
 * 65504 WGSL leaves open what becomes of them, an infinity on every adapter that was tried.
 *
 * @returns the shape of `x`; another handle of it where that is its type already
 * @throws {DTypeError} if `x` holds integers
 */
export function castTo(gpu: Gpu, x: GpuArray, dtype: FloatDType): GpuArray {
  requireFractions("castTo", { x });
  if (x.dtype === dtype) return x.retain();
  const kernel = dtype === "f16" ? castToF16Kernel : castToF32Kernel;
  const output = gpu.empty(x.shape, dtype);
  const vectors = vectorsOf(x.size);
  kernel.dispatch(gpu, { input: x, output }, { vectors }, { workgroups: flatGrid(gpu, vectors) });
  return output;
}
