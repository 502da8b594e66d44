// Softmax and the losses in float64, row by row.

import type { Shape } from "../../shape.ts";

/** A result with `Σ|terms|` of each element. */
export interface RowsReference {
  readonly data: Float64Array;
  readonly magnitude: Float64Array;
  readonly shape: Shape;
}

/** `ln Σ e^x`. */
export function logSumExp(row: readonly number[]): number {
  const largest = Math.max(...row);
  return largest + Math.log(row.reduce((sum, x) => sum + Math.exp(x - largest), 0));
}

/** The rows of `[…, columns]`. */
export function rowsOf(data: ArrayLike<number>, columns: number): number[][] {
  const rows: number[][] = [];
  for (let i = 0; i < data.length; i += columns) {
    rows.push(Array.from({ length: columns }, (_, c) => data[i + c]!));
  }
  return rows;
}

/** Softmax over the last axis, or its logarithm. */
export function softmaxReference(x: ArrayLike<number>, shape: Shape, log: boolean): RowsReference {
  const logs = rowsOf(x, shape.at(-1)!).flatMap((row) => {
    const total = logSumExp(row);
    return row.map((value) => value - total);
  });
  const data = Float64Array.from(logs, (value) => (log ? value : Math.exp(value)));
  // ln s is granted 2⁻²¹ absolute, e^x 3 + 2|x| ulps.
  const magnitude = Float64Array.from(logs, (value) =>
    log ? 8 + Math.abs(value) : Math.exp(value) * (8 + 4 * Math.abs(value)),
  );
  return { data, magnitude, shape };
}

/** `−Σ_c t[n, c] ln softmax(logits[n])[c]` of each row. */
export function crossEntropyReference(
  logits: ArrayLike<number>,
  target: ArrayLike<number>,
  columns: number,
): Float64Array {
  const wanted = rowsOf(target, columns);
  return Float64Array.from(rowsOf(logits, columns), (row, n) => {
    const total = logSumExp(row);
    return row.reduce((sum, x, c) => sum + wanted[n]![c]! * (total - x), 0);
  });
}

/** Labels as rows of probabilities. */
export function oneHot(labels: ArrayLike<number>, columns: number): number[] {
  return Array.from(labels).flatMap((label) =>
    Array.from({ length: columns }, (_, c) => (c === label ? 1 : 0)),
  );
}
