import { DTypeError } from "../../errors.ts";
import type { Gpu } from "../../gpu/gpu.ts";
import type { GpuArray } from "../../gpu/gpu-array.ts";
import { ceilDiv, foldGrid } from "../../gpu/workgroups.ts";
import flatSource from "./flat.wgsl";

/** Invocations of a workgroup: `LANES` of the flat kernels. */
export const LANES = 64;
/** Vectors (or elements) of an invocation: `VECTORS` and `ELEMENTS` of the flat kernels. */
export const PER_INVOCATION = 4;

/** The module that calls a flat kernel's `each`, and its constants. */
export const FLAT = { "flat.wgsl": flatSource } as const;
export const FLAT_CONSTANTS = { LANES, VECTORS: PER_INVOCATION } as const;

/** Vectors of four that cover `size` elements; the last may run into the buffer's padding. */
export function vectorsOf(size: number): number {
  return ceilDiv(size, 4);
}

/** The grid of a flat kernel over `units` vectors or elements. */
export function flatGrid(gpu: Gpu, units: number): [number, number] {
  const limit = gpu.maxWorkgroups;
  return foldGrid(ceilDiv(units, LANES * PER_INVOCATION), limit);
}

/**
 * Refuses operands that are neither f32 nor f16.
 *
 * @throws {DTypeError} naming the first of them
 */
export function requireFractions(op: string, operands: Readonly<Record<string, GpuArray>>): void {
  for (const [name, { dtype }] of Object.entries(operands)) {
    if (dtype !== "f32" && dtype !== "f16") {
      throw new DTypeError(`${op}: ${name} is ${dtype}, neither f32 nor f16\nUpload it as f32.`);
    }
  }
}

/**
 * Refuses operands that are not f32.
 *
 * @throws {DTypeError} naming the first of them
 */
export function requireFloats(op: string, operands: Readonly<Record<string, GpuArray>>): void {
  for (const [name, { dtype }] of Object.entries(operands)) {
    if (dtype !== "f32") {
      const remedy = dtype === "f16" ? "Cast it with castTo." : "Upload it as f32.";
      throw new DTypeError(`${op}: ${name} is ${dtype}, not f32\n${remedy}`);
    }
  }
}
