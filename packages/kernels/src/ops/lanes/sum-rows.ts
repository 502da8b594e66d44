import type { Gpu } from "../../gpu/gpu.ts";
import type { GpuArray } from "../../gpu/gpu-array.ts";
import { defineKernel } from "../../gpu/kernel.ts";
import { withArrays } from "../../gpu/with-arrays.ts";
import { ceilDiv } from "../../gpu/workgroups.ts";
import { channelLanes, LANES, linearGrid, WORKGROUP } from "./lanes.ts";
import slabSumSource from "./slab-sum.wgsl";

export const slabSumKernel = defineKernel({
  name: "slab-sum",
  modules: { "lanes.wgsl": LANES, "slab-sum.wgsl": slabSumSource },
  constants: { WORKGROUP, PRODUCT: false },
  bindings: { input: "read", factor: "read", output: "read_write" },
  params: { total: "u32", c: "u32", rows: "u32", slabs: "u32", slab_rows: "u32", scale: "f32" },
});

/** Rows that one invocation sums without a second phase. */
const ROWS_AT_ONCE = 64;

/** `[B, R, C]` of an array whose rows are summed. */
export type RowSizes = readonly [batch: number, rows: number, channels: number];

/**
 * `output[b, c] = scale · Σ_r input[b, r, c]`: up to 64 rows in one phase, else about `√R` slabs of
 * rows first, which are summed in a second phase.
 *
 * @param input `B·R·C` elements
 * @param shape of the output, `B·C` elements
 */
export function sumRows(
  gpu: Gpu,
  input: GpuArray,
  sizes: RowSizes,
  shape: readonly number[],
  scale: number,
): GpuArray {
  return withArrays(gpu, (arrays) => {
    const output = arrays.output(shape);
    sumRowsInto(gpu, input, sizes, output, scale);
    return output;
  });
}

/**
 * `output[b, c] = Σ_r a[b, r, c] · b[b, r, c]`, in the phases of {@link sumRows}; the products are not
 * stored.
 */
export function sumProductRows(
  gpu: Gpu,
  a: GpuArray,
  b: GpuArray,
  sizes: RowSizes,
  shape: readonly number[],
): GpuArray {
  return withArrays(gpu, (arrays) => {
    const output = arrays.output(shape);
    sumRowsInto(gpu, a, sizes, output, 1, b);
    return output;
  });
}

/** As {@link sumRows}, or as {@link sumProductRows} with a factor, into an array of `B·C` elements. */
export function sumRowsInto(
  gpu: Gpu,
  input: GpuArray,
  [batch, rows, channels]: RowSizes,
  output: GpuArray,
  scale: number,
  factor: GpuArray | null = null,
): void {
  const { width, vectors, modules } = channelLanes(channels);
  const sum = (from: GpuArray, to: GpuArray, r: number, slabs: number, by: number) => {
    const total = (batch * slabs * channels) / width;
    const slab_rows = ceilDiv(r, slabs);
    const params = { total, c: vectors, rows: r, slabs, slab_rows, scale: by };
    const workgroups = linearGrid(gpu, total);
    // Only the first phase has rows of the input.
    const PRODUCT = factor !== null && from === input;
    const operands = { input: from, factor: PRODUCT ? factor : from, output: to };
    const constants = { PRODUCT };
    slabSumKernel.dispatch(gpu, operands, params, { modules, workgroups, constants });
  };
  if (rows <= ROWS_AT_ONCE) {
    sum(input, output, rows, 1, scale);
    return;
  }
  withArrays(gpu, (arrays) => {
    const slabs = ceilDiv(rows, Math.ceil(Math.sqrt(rows)));
    const partial = arrays.temporary([batch, slabs, channels]);
    sum(input, partial, rows, slabs, 1);
    sum(partial, output, slabs, 1, scale);
  });
}
