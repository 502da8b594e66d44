// Where kernels whose lanes hand each other samples can be used, and where they are.

import type { Gpu } from "../../gpu/gpu.ts";
import type { Conv2dGeometry } from "./geometry.ts";
import { isGroupedGradWeight, MOST_SUMS } from "./grad-weight.ts";

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

/** Time of eight rows in workgroups of 8, 16 and 24, in units of the second: measured on lavapipe. */
const TIME_OF_EIGHT = [1.35, 1, 0.92];

/** Eights of rows that a workgroup takes: the fastest, counting the rows that would be idle. */
export function eightsOfRows(rows: number): number {
  const eights = Math.ceil(rows / SUBGROUP_ROWS);
  let best = 1;
  let least = Number.POSITIVE_INFINITY;
  for (let count = 1; count <= TIME_OF_EIGHT.length; count++) {
    const time = TIME_OF_EIGHT[count - 1]! * count * Math.ceil(eights / count);
    if (time < least) [best, least] = [count, time];
  }
  return best;
}

/** Whether lanes can hand each other samples, and groups fill them. */
export function fitsBroadcastGradWeight(gpu: Gpu, g: Conv2dGeometry): boolean {
  return fitsBroadcast(gpu) && !isGroupedGradWeight(g) && g.dilationW === 1 && g.kw <= MOST_SUMS;
}

/** Whether it is the heuristics' choice: lanes lie along input channels, of which four fill a half. */
export function paysBroadcastGradWeight(gpu: Gpu, g: Conv2dGeometry): boolean {
  const inputs = g.c / g.groups;
  return gpu.family === "registers" && inputs > 4 && fitsBroadcastGradWeight(gpu, g);
}
