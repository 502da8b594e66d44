// A run's log as curves over its epochs.

import type { MetricsRow, Series } from "@fauxgrad/training";

/** Points of a curve: more cannot be told apart. */
const MOST_POINTS = 400;

type Point = readonly [number, number];

/** A named curve; null where there are no points. */
export function curve(name: string, points: readonly Point[]): Series | null {
  return points.length === 0 ? null : { name, points };
}

/** Those that are there. */
export function drawn(series: readonly (Series | null)[]): Series[] {
  return series.filter((each) => each !== null);
}

/** After each step that has the value, by the epochs done; averaged where there are many. */
export function stepPoints(
  rows: readonly MetricsRow[],
  stepsPerEpoch: number,
  name: string,
): readonly Point[] {
  const points = rows
    .filter(({ kind, values }) => kind === "step" && values[name] !== undefined)
    .map(({ step, values }): Point => [step / stepsPerEpoch, values[name] ?? Number.NaN]);
  const width = Math.ceil(points.length / MOST_POINTS);
  const averaged: Point[] = [];
  for (let i = 0; i < points.length; i += width) {
    const bin = points.slice(i, i + width);
    const mean = (axis: 0 | 1) => bin.reduce((sum, point) => sum + point[axis], 0) / bin.length;
    averaged.push([mean(0), mean(1)]);
  }
  return averaged;
}

/** At the end of each epoch. */
export function endPoints(
  rows: readonly MetricsRow[],
  kind: "epoch" | "validation",
  name: string,
  factor = 1,
): readonly Point[] {
  return rows
    .filter((row) => row.kind === kind && row.values[name] !== undefined)
    .map(({ epoch, values }): Point => [epoch + 1, factor * (values[name] ?? Number.NaN)]);
}
