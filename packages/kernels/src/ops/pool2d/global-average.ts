import type { Gpu } from "../../gpu/gpu.ts";
import type { GpuArray } from "../../gpu/gpu-array.ts";
import { defineKernel } from "../../gpu/kernel.ts";
import { withArrays } from "../../gpu/with-arrays.ts";
import { ceilDiv } from "../../gpu/workgroups.ts";
import { channelLanes, LANES, linearGrid, WORKGROUP } from "../lanes/lanes.ts";
import slabSumSource from "./slab-sum.wgsl";

export const slabSumKernel = defineKernel({
  name: "slab-sum",
  modules: { "lanes.wgsl": LANES, "slab-sum.wgsl": slabSumSource },
  constants: { WORKGROUP },
  bindings: { input: "read", output: "read_write" },
  params: { total: "u32", c: "u32", rows: "u32", slabs: "u32", slab_rows: "u32", scale: "f32" },
});

/** Rows that one invocation sums without a second phase. */
const ROWS_AT_ONCE = 64;

/**
 * `output[n, 0, 0, c] = Σ_{h, w} input[n, h, w, c] / (H · W)`: up to 64 pixels in one phase, else
 * about `√(H·W)` slabs of pixels first, which are summed in a second phase.
 *
 * @param shape `[N, H, W, C]`
 * @returns `[N, 1, 1, C]`
 */
export function globalAverage(
  gpu: Gpu,
  input: GpuArray,
  shape: readonly [number, number, number, number],
): GpuArray {
  const [n, h, w, c] = shape;
  const rows = h * w;
  const slabRows = Math.ceil(Math.sqrt(rows));
  const slabs = ceilDiv(rows, slabRows);
  const { width, vectors, modules } = channelLanes(c);
  return withArrays(gpu, (arrays) => {
    const sum = (from: GpuArray, to: GpuArray, r: number, s: number, scale: number) => {
      const total = (n * s * c) / width;
      const params = { total, c: vectors, rows: r, slabs: s, slab_rows: ceilDiv(r, s), scale };
      slabSumKernel.dispatch(gpu, { input: from, output: to }, params, {
        modules,
        workgroups: linearGrid(gpu, total),
      });
    };
    const output = arrays.output([n, 1, 1, c]);
    if (rows <= ROWS_AT_ONCE) {
      sum(input, output, rows, 1, 1 / rows);
    } else {
      const partial = arrays.temporary([n, slabs, c]);
      sum(input, partial, rows, slabs, 1);
      sum(partial, output, slabs, 1, 1 / rows);
    }
    return output;
  });
}
