// ROC curves of several test sets in one chart.

import { type LineChart, rocCurve } from "@fauxgrad/training";

/** One test set. */
export interface RocSet {
  readonly name: string;
  readonly labels: readonly (0 | 1)[];
  readonly scores: readonly number[];
}

/** As many as the chart has colours: further ones are told apart by dashes. */
const SOLID_LINES = 6;
/** Points of a curve: more cannot be told apart. */
const MOST_POINTS = 400;

/** The curves of the sets that have images of both classes, and chance; null if there is none. */
export function rocChart(sets: readonly RocSet[]): LineChart | null {
  const series = sets.flatMap(({ name, labels, scores }, i) => {
    if (new Set(labels).size < 2) return [];
    return [{ name, points: rocPoints(labels, scores), dashed: i >= SOLID_LINES }];
  });
  if (series.length === 0) return null;
  const x = "real images called fake";
  const y = "fake images found";
  const range = [0, 1] as const;
  const diagonal = [[0, 0] as const, [1, 1] as const];
  return {
    ...{ title: "Receiver operating characteristic", x, y, xRange: range, yRange: range },
    series: [...series, { name: "chance", points: diagonal, dashed: true }],
  };
}

/** The curve from (0, 0) to (1, 1), thinned evenly. */
function rocPoints(labels: RocSet["labels"], scores: RocSet["scores"]): [number, number][] {
  const { falsePositiveRate, truePositiveRate } = rocCurve(labels, scores);
  const last = falsePositiveRate.length - 1;
  const count = Math.min(last, MOST_POINTS);
  return Array.from({ length: count + 1 }, (_, i) => {
    const k = count === 0 ? 0 : Math.round((i * last) / count);
    return [falsePositiveRate[k]!, truePositiveRate[k]!];
  });
}
