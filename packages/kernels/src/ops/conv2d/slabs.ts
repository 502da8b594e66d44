import type { Gpu } from "../../gpu/gpu.ts";
import type { GpuArray } from "../../gpu/gpu-array.ts";
import { defineKernel } from "../../gpu/kernel.ts";
import { ceilDiv, foldGrid } from "../../gpu/workgroups.ts";
import type { Shape } from "../../shape.ts";
import sumSlabsSource from "./sum-slabs.wgsl";

export const sumSlabsKernel = defineKernel({
  name: "conv2d.sumSlabs",
  modules: { "sum-slabs.wgsl": sumSlabsSource },
  constants: {},
  bindings: { partials: "read", output: "read_write" },
  params: { slabs: "u32", rows: "u32", columns: "u32", pitch: "u32", scale: "f32" },
});

/** Workgroups that keep the machine busy: two cores, or the many of a GPU. */
const WANTED = { registers: 16, tiled: 512 } as const;
/** Rows of a slab below which its partial sum costs more than it gains. */
const LEAST_ROWS = 4;

/**
 * How many slabs a reduction over `rows` is cut into, given the workgroups it has without any.
 *
 * @param most    caps the slabs, e.g. by the memory of the partial sums
 * @param enough workgroups that keep the machine busy; default: the family's
 */
export function slabsFor(
  gpu: Gpu,
  workgroups: number,
  rows: number,
  most: number,
  enough: number = WANTED[gpu.family],
): { slabs: number; slabRows: number } {
  const wanted = Math.ceil(enough / workgroups);
  const slabs = Math.max(1, Math.min(wanted, most, Math.floor(rows / LEAST_ROWS)));
  const slabRows = ceilDiv(rows, slabs);
  return { slabs: ceilDiv(rows, slabRows), slabRows };
}

/** `output = scale · Σ_slab partials[slab]`. Drops padding of the last axis. */
export function sumSlabs(gpu: Gpu, partials: GpuArray, shape: Shape, scale: number): GpuArray {
  const slabs = partials.shape[0] ?? 1;
  const pitch = partials.shape.at(-1) ?? 1;
  const columns = shape.at(-1) ?? 1;
  if (slabs === 1 && pitch === columns && scale === 1) {
    return partials.reshape(shape);
  }
  const output = gpu.empty(shape);
  sumSlabsKernel.dispatch(
    gpu,
    { partials, output },
    { slabs, rows: output.size / columns, columns, pitch, scale },
    {
      workgroups: foldGrid(ceilDiv(output.size, 64), gpu.maxWorkgroups),
    },
  );
  return output;
}
