import { ShapeError } from "../../errors.ts";
import type { Gpu } from "../../gpu/gpu.ts";
import type { GpuArray } from "../../gpu/gpu-array.ts";
import { defineKernel } from "../../gpu/kernel.ts";
import { type DType, formatShape, type Shape, sameShape } from "../../shape.ts";
import addIntoSource from "./add-into.wgsl";
import fillSource from "./fill.wgsl";
import { FLAT, FLAT_CONSTANTS, flatGrid, requireFloats, vectorsOf } from "./flat.ts";

export const addIntoKernel = defineKernel({
  name: "addInto",
  modules: { ...FLAT, "add-into.wgsl": addIntoSource },
  constants: FLAT_CONSTANTS,
  bindings: { accumulator: "read_write", x: "read" },
  params: { vectors: "u32", alpha: "f32" },
});

export const fillKernel = defineKernel({
  name: "fill",
  modules: { ...FLAT, "fill.wgsl": fillSource },
  constants: FLAT_CONSTANTS,
  bindings: { output: "read_write" },
  params: { vectors: "u32", bits: "u32" },
});

/**
 * Adds in place: `accumulator[i] += alpha · x[i]`.
 *
 * @param x of the accumulator's shape, in another buffer
 * @throws {ShapeError} if the shapes differ
 */
export function addInto(gpu: Gpu, accumulator: GpuArray, x: GpuArray, alpha = 1): void {
  requireFloats("addInto", { accumulator, x });
  if (!sameShape(accumulator.shape, x.shape)) {
    throw new ShapeError(
      "addInto: shapes differ\n" +
        `  accumulator  ${formatShape(accumulator.shape)}\n  x            ${formatShape(x.shape)}\n` +
        "Reduce x to the accumulator's shape first, with sumTo.",
    );
  }
  const vectors = vectorsOf(x.size);
  addIntoKernel.dispatch(
    gpu,
    { accumulator, x },
    { vectors, alpha },
    { workgroups: flatGrid(gpu, vectors) },
  );
}

const scratch = new DataView(new ArrayBuffer(4));

/** The bits of `value` as an element of `dtype`. */
export function elementBits(value: number, dtype: DType): number {
  if (dtype === "f32") scratch.setFloat32(0, value);
  else if (dtype === "i32") scratch.setInt32(0, value);
  else scratch.setUint32(0, value);
  return scratch.getUint32(0);
}

/** Sets every element of `output` to `value`, in place. */
export function fill(gpu: Gpu, output: GpuArray, value: number): void {
  const vectors = vectorsOf(output.size);
  const bits = elementBits(value, output.dtype);
  fillKernel.dispatch(gpu, { output }, { vectors, bits }, { workgroups: flatGrid(gpu, vectors) });
}

/** An array whose elements are all `value`. */
export function full(gpu: Gpu, shape: Shape, value: number, dtype: DType = "f32"): GpuArray {
  const output = gpu.empty(shape, dtype);
  fill(gpu, output, value);
  return output;
}
