/*
 * How well one property of the files, alone, tells real from fake images.
 */
import { rocAuc } from "../../metrics/index.ts";
import { randomFor } from "../../random/index.ts";
import type { Label } from "../labelled-image.ts";

/** Text is a category. Null: the file has no such property; it is left out. */
export type PropertyValue = number | string | null;

/** `even`: not told from chance. Then by the area: below 0.6, below 0.8, from 0.8 on. */
export type Verdict = "even" | "slight" | "strong" | "decisive";

/** A property's power to separate the classes. */
export interface PropertyMeasure {
  /**
   * Area under the ROC curve of the best detector that sees only this property, at least 0.5: of
   * the number itself, upwards or downwards; of a category's share of fakes. NaN if a class has no
   * value.
   */
  readonly auc: number;
  /** What chance alone stays below: 0.5 and three standard errors of the area. */
  readonly chance: number;
  readonly verdict: Verdict;
  /** Images of each label that have the property. */
  readonly counts: readonly [real: number, fake: number];
}

const SLIGHT = 0.6;
const STRONG = 0.8;

/**
 * Measures a property, numbers as numbers, text as categories.
 *
 * The share of fakes in a category is learnt from one half of the images and applied to the other,
 * both ways round, so that many categories of few images do not look like knowledge.
 *
 * The standard error is that of equal distributions, `√((m + n + 1) / 12 m n)` (Mann and Whitney).
 */
export function measureProperty(
  labels: readonly Label[],
  values: readonly PropertyValue[],
): PropertyMeasure {
  const known = values.flatMap((value, i) =>
    value === null ? [] : [{ value, label: labels[i]! }],
  );
  const fake = known.filter(({ label }) => label === 1).length;
  const counts = [known.length - fake, fake] as const;
  if (counts[0] === 0 || counts[1] === 0) {
    return { auc: Number.NaN, chance: Number.NaN, verdict: "even", counts };
  }
  const isCategory = known.some(({ value }) => typeof value === "string");
  const area = isCategory
    ? categoryAuc(known)
    : rocAuc(
        known.map(({ label }) => label),
        known.map(({ value }) => Number(value)),
      );
  // A learnt score that is worse than chance tells nothing; a number may point either way.
  const auc = isCategory ? Math.max(0.5, area) : Math.max(area, 1 - area);
  const error = Math.sqrt((known.length + 1) / (12 * counts[0] * counts[1]));
  const chance = Math.min(1, 0.5 + 3 * error);
  return { auc, chance, verdict: verdictOf(auc, chance), counts };
}

function verdictOf(auc: number, chance: number): Verdict {
  if (auc <= chance) return "even";
  return auc < SLIGHT ? "slight" : auc < STRONG ? "strong" : "decisive";
}

interface Known {
  readonly value: PropertyValue;
  readonly label: Label;
}

function categoryAuc(known: readonly Known[]): number {
  const half = halves(known);
  const areas = [0, 1].flatMap((side) => {
    const learnt = shares(known.filter((_, i) => half[i] !== side));
    const tested = known.filter((_, i) => half[i] === side);
    const area = rocAuc(
      tested.map(({ label }) => label),
      tested.map(({ value }) => learnt.get(value) ?? 0.5),
    );
    return Number.isNaN(area) ? [] : [area];
  });
  // Too few images to learn from: nothing is known.
  return areas.length === 0 ? 0.5 : areas.reduce((sum, area) => sum + area, 0) / areas.length;
}

/** Each class dealt out in turn, in a fixed random order: lists are sorted by all sorts of things. */
function halves(known: readonly Known[]): number[] {
  const half = new Array<number>(known.length).fill(0);
  for (const label of [0, 1] as const) {
    const places = known.flatMap((each, i) => (each.label === label ? [i] : []));
    const order = randomFor(0, "property-halves", label).shuffle(places);
    for (const [turn, place] of order.entries()) half[place] = turn % 2;
  }
  return half;
}

/** Weighted so that both classes count alike. */
function shares(known: readonly Known[]): Map<PropertyValue, number> {
  const counts = new Map<PropertyValue, [real: number, fake: number]>();
  const total = [0, 0] as [number, number];
  for (const { value, label } of known) {
    const count = counts.get(value) ?? [0, 0];
    count[label] += 1;
    total[label] += 1;
    counts.set(value, count);
  }
  const share = ([real, fake]: readonly [number, number]) => {
    const [a, b] = [real / Math.max(1, total[0]), fake / Math.max(1, total[1])];
    return b / (a + b);
  };
  return new Map([...counts].map(([value, count]) => [value, share(count)]));
}
