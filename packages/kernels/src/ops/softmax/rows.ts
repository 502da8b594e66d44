import { ShapeError } from "../../errors.ts";
import type { Gpu } from "../../gpu/gpu.ts";
import { ceilDiv, foldGrid } from "../../gpu/workgroups.ts";
import type { Shape } from "../../shape.ts";

/** An array as rows along its last axis. */
export interface RowGeometry {
  readonly rows: number;
  readonly columns: number;
}

/**
 * The rows of `[…, columns]`.
 *
 * @throws {ShapeError} for a scalar
 */
export function rowGeometry(op: string, shape: Shape): RowGeometry {
  const columns = shape.at(-1);
  if (columns === undefined) {
    throw new ShapeError(`${op}: the input is a scalar\nPass an array of at least one axis.`);
  }
  return { rows: shape.slice(0, -1).reduce((count, size) => count * size, 1), columns };
}

/** Rows up to this long are a single invocation's. */
const SHORT_ROW = 16;

/** How many invocations share a row, and how many rows a workgroup. */
export function rowLanes(gpu: Gpu, { rows, columns }: RowGeometry) {
  const constants = columns <= SHORT_ROW ? { LANES: 1, ROWS: 64 } : { LANES: 32, ROWS: 2 };
  const limit = gpu.maxWorkgroups;
  return { constants, workgroups: foldGrid(ceilDiv(rows, constants.ROWS), limit) };
}
