// Reductions in float64: every element goes to the result whose kept coordinates it has.

import { numel, type Shape } from "../../shape.ts";
import type { ReduceName } from "./reduce.ts";

/** A result with `Σ|terms|` of each element. */
export interface ReduceReference {
  readonly data: Float64Array;
  readonly magnitude: Float64Array;
  readonly shape: number[];
}

const folds: Readonly<Record<ReduceName, { start: number; fold(t: number, x: number): number }>> = {
  sum: { start: 0, fold: (t, x) => t + x },
  mean: { start: 0, fold: (t, x) => t + x },
  sumSquares: { start: 0, fold: (t, x) => t + x * x },
  max: { start: Number.NEGATIVE_INFINITY, fold: (t, x) => Math.max(t, x) },
  min: { start: Number.POSITIVE_INFINITY, fold: (t, x) => Math.min(t, x) },
};

/**
 * Reduces `data` over `axes`, which stay with size 1.
 *
 * @param axes counted from the front
 */
export function reduceReference(
  name: ReduceName,
  data: ArrayLike<number>,
  shape: Shape,
  axes: readonly number[],
): ReduceReference {
  const result = shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const { start, fold } = folds[name];
  const totals = new Float64Array(numel(result)).fill(start);
  const magnitude = new Float64Array(totals.length);
  for (let i = 0; i < data.length; i++) {
    let rest = i;
    let at = 0;
    let stride = 1;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const index = rest % shape[axis]!;
      rest = (rest - index) / shape[axis]!;
      if (axes.includes(axis)) continue;
      at += index * stride;
      stride *= shape[axis]!;
    }
    totals[at] = fold(totals[at]!, data[i]!);
    magnitude[at]! += name === "sumSquares" ? data[i]! ** 2 : Math.abs(data[i]!);
  }
  const count = name === "mean" ? data.length / totals.length : 1;
  const scaled = (values: Float64Array) => values.map((value) => value / count);
  return { data: scaled(totals), magnitude: scaled(magnitude), shape: result };
}
