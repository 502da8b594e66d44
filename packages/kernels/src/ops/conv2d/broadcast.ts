// Where kernels whose lanes hand each other samples can be used, and where they are.

import type { Gpu } from "../../gpu/gpu.ts";

/** Rows that a subgroup's lanes lie along. */
const SUBGROUP_ROWS = 8;

/** Whether lanes can hand each other what they loaded. */
export function fitsBroadcast(gpu: Gpu): boolean {
  return gpu.subgroupLanes >= SUBGROUP_ROWS;
}

/** The family's kernel for a product of so many rows; very few leave lanes without one of their own. */
export function productVariant(gpu: Gpu, rows: number): "broadcast" | "registers" | "tiled" {
  return gpu.family === "registers" && rows >= 4 && fitsBroadcast(gpu) ? "broadcast" : gpu.family;
}
