import type { Gpu } from "../../gpu/gpu.ts";
import type { GpuArray } from "../../gpu/gpu-array.ts";
import { defineKernel } from "../../gpu/kernel.ts";
import { withArrays } from "../../gpu/with-arrays.ts";
import { blocksOfRows, channelLanes, LANES, WORKGROUP } from "./lanes.ts";
import spreadRowsSource from "./spread-rows.wgsl";
import type { RowSizes } from "./sum-rows.ts";

export const spreadRowsKernel = defineKernel({
  name: "spread-rows",
  modules: { "lanes.wgsl": LANES, "spread-rows.wgsl": spreadRowsSource },
  constants: { WORKGROUP },
  bindings: { input: "read", output: "read_write" },
  params: { total: "u32", c: "u32", rows: "u32", block: "u32", blocks: "u32", scale: "f32" },
});

/**
 * `output[b, r, c] = scale · input[b, c]`: the adjoint of `sumRows`.
 *
 * @param input `B·C` elements
 * @param shape of the output, `B·R·C` elements
 */
export function spreadRows(
  gpu: Gpu,
  input: GpuArray,
  [batch, rows, channels]: RowSizes,
  shape: readonly number[],
  scale: number,
): GpuArray {
  const { modules } = channelLanes(channels);
  const { sizes, workgroups } = blocksOfRows(gpu, batch, rows, channels);
  return withArrays(gpu, (arrays) => {
    const output = arrays.output(shape);
    const params = { ...sizes, scale };
    spreadRowsKernel.dispatch(gpu, { input, output }, params, { modules, workgroups });
    return output;
  });
}
