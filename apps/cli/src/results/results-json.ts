import type { Interval } from "@fauxgrad/training";
import type { LevelNumbers, Resampling } from "./result-numbers.ts";
import type { Results } from "./result-tables.ts";
import { nameOf } from "./score-images.ts";

/** What the file says beside the numbers. */
export interface ResultFacts {
  readonly device: string;
  readonly resampling: Resampling;
}

/** All numbers as JSON's values: shares in [0, 1], each with its interval where there is one. */
export function resultsJson({ source, classes, detectors }: Results, facts: ResultFacts): unknown {
  return {
    format: "fauxgrad-results-1",
    ...facts,
    source,
    classes,
    detectors: detectors.map(({ images, squares, jpeg, ...about }) => ({
      ...about,
      images: levelJson(images),
      squares: levelJson(squares),
      jpeg: Object.fromEntries(
        [...jpeg].map(([condition, level]) => [nameOf(condition), levelJson(level)]),
      ),
    })),
  };
}

function levelJson({ gans, others, hard, rates }: LevelNumbers): unknown {
  const separation = (each: Readonly<Record<string, Interval>>) =>
    mapped(Object.entries(each), intervalJson);
  return {
    gans: mapped(gans, separation),
    others: others === null ? null : separation(others),
    hardReal: mapped(hard, separation),
    calledFake: mapped(rates, intervalJson),
  };
}

/** NaN, of values that have no interval, becomes null. */
function intervalJson({ value, low, high }: Interval): unknown {
  return { value, low, high };
}

function mapped<Value>(
  entries: Iterable<readonly [string, Value]>,
  change: (value: Value) => unknown,
): Record<string, unknown> {
  return Object.fromEntries([...entries].map(([name, value]) => [name, change(value)]));
}
