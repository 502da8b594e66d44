import { DeviceError } from "../errors.ts";

/** `⌈a / b⌉` for positive integers. */
export function ceilDiv(a: number, b: number): number {
  return Math.floor((a + b - 1) / b);
}

/** Workgroups along x, y, z. */
export type Workgroups = readonly [x: number, y?: number, z?: number];

/**
 * Folds a one-dimensional grid above the per-dimension limit (65,535) into two dimensions. The
 * kernel's index is `workgroup_id.y * num_workgroups.x + workgroup_id.x`; the last row may
 * overshoot, so it is guarded like any other residue.
 *
 * @throws {DeviceError} if even `limit²` workgroups are too few
 */
export function foldGrid(count: number, limit: number): [number, number] {
  if (count <= limit) return [count, 1];
  const rows = ceilDiv(count, limit);
  if (rows > limit) {
    throw new DeviceError(
      "limit",
      `dispatch: ${count} workgroups exceed ${limit} × ${limit}\nSplit the batch.`,
    );
  }
  return [ceilDiv(count, rows), rows];
}
