import { Random } from "@fauxgrad/tensor";
import { expect, test } from "vitest";
import { accuracies, confusion } from "./accuracy.ts";
import { averagePrecision } from "./average-precision.ts";
import { bootstrapIntervals } from "./bootstrap.ts";
import { rocAuc } from "./roc.ts";
import { measure, type Prediction, summarize } from "./summary.ts";

const accuracy = (labels: ArrayLike<number>, scores: ArrayLike<number>) =>
  accuracies(confusion(labels, scores)).accuracy;

/** `count` images of either class, of which `right` are on their side of 0.5. */
function trials(count: number, right: number) {
  const labels = Array.from({ length: count }, (_, i) => i % 2);
  const scores = labels.map((label, i) => (i < right === (label === 1) ? 0.9 : 0.1));
  return { labels, scores };
}

test("the interval of an accuracy is that of the binomial distribution", () => {
  const { labels, scores } = trials(400, 320);
  const { accuracy: interval } = bootstrapIntervals(
    labels,
    scores,
    { accuracy },
    { seed: 1, resamples: 2000 },
  );
  // ±1.96·√(0.8·0.2/400) = ±0.0392; 2000 resamples know a quantile to about ±0.003.
  expect(interval.value).toBe(0.8);
  expect(Math.abs(interval.low - (0.8 - 0.0392))).toBeLessThan(0.008);
  expect(Math.abs(interval.high - (0.8 + 0.0392))).toBeLessThan(0.008);
});

test("groups are drawn whole: eight copies of an image teach nothing new", () => {
  const { labels, scores } = trials(50, 40);
  const copies = (values: number[]) => values.flatMap((value) => Array<number>(8).fill(value));
  const groups = copies(labels.map((_, i) => i));
  const options = { seed: 5, resamples: 1000 };
  const width = (interval: { low: number; high: number }) => interval.high - interval.low;
  const grouped = bootstrapIntervals(
    copies(labels),
    copies(scores),
    { accuracy },
    { ...options, groups },
  );
  const naive = bootstrapIntervals(copies(labels), copies(scores), { accuracy }, options);
  // √8 = 2.83 narrower if the copies passed for independent images.
  expect(width(grouped.accuracy) / width(naive.accuracy)).toBeGreaterThan(2.3);
  expect(width(grouped.accuracy) / width(naive.accuracy)).toBeLessThan(3.4);
});

test("a seed gives the same interval, another one another", () => {
  const random = new Random(3);
  const labels = Array.from({ length: 60 }, (_, i) => i % 2);
  const scores = labels.map((label) => random.normal() + label);
  const interval = (seed: number) =>
    bootstrapIntervals(labels, scores, { rocAuc }, { seed, resamples: 200 });
  expect(interval(1)).toEqual(interval(1));
  expect(interval(1)).not.toEqual(interval(2));
  const { low, value, high } = interval(1).rocAuc;
  expect(low < value && value < high).toBe(true);
});

test("resamples without both classes are left out and counted", () => {
  const options = { seed: 1, resamples: 500, groups: ["a", "b"] };
  const { rocAuc: interval } = bootstrapIntervals([0, 1], [0.1, 0.9], { rocAuc }, options);
  // Half of the draws of two groups take one of them twice.
  expect(Math.abs(interval.undefinedResamples - 250)).toBeLessThan(50);
  expect(interval).toMatchObject({ value: 1, low: 1, high: 1 });
});

test("refuses options outside their range", () => {
  const run = (options: object) =>
    bootstrapIntervals([0, 1], [0, 1], { rocAuc }, { seed: 1, ...options });
  expect(() => run({ resamples: 0 })).toThrow(
    "bootstrapIntervals: resamples is 0\nPass a whole number, at least 1.",
  );
  expect(() => run({ confidence: 95 })).toThrow(
    "bootstrapIntervals: confidence is 95\nPass a share in (0, 1).",
  );
  expect(() => run({ groups: ["a"] })).toThrow(
    "bootstrapIntervals: 2 images, but 1 groups\nPass the group of each image.",
  );
});

function predictions(generator: string, category: string | null, logits: number[]): Prediction[] {
  return logits.map((logit, i) => ({ generator, category, label: i % 2 === 0 ? 0 : 1, logit }));
}

test("a generator is pooled over its categories, and counts once in the mean", () => {
  const all = [
    ...predictions("stylegan", "car", [-1, 1, -1, 1]),
    ...predictions("stylegan", "cat", [1, -1]),
    ...predictions("biggan", null, [-2, 3]),
  ];
  const { generators, mean, meanOver } = summarize(all);
  expect(generators.map(({ name }) => name)).toEqual(["stylegan", "biggan"]);
  const [stylegan, biggan] = generators;
  expect(stylegan!.metrics).toMatchObject({ real: 3, fake: 3, accuracy: 4 / 6 });
  expect(stylegan!.categories.map(({ name, metrics }) => [name, metrics.accuracy])).toEqual([
    ["car", 1],
    ["cat", 0],
  ]);
  expect(biggan!.categories).toEqual([]);
  expect(biggan!.intervals).toBeNull();
  expect(mean.accuracy).toBeCloseTo((4 / 6 + 1) / 2, 15);
  expect(meanOver.accuracy).toBe(2);
});

test("a measure that a generator lacks is left out of the mean, and the count says so", () => {
  const fakes = predictions("crn", null, [1, 2]).map((each) => ({ ...each, label: 1 as const }));
  const { mean, meanOver } = summarize([...fakes, ...predictions("biggan", null, [-2, 3])]);
  expect(mean.rocAuc).toBe(1);
  expect(meanOver).toEqual({
    accuracy: 2,
    realAccuracy: 1,
    fakeAccuracy: 2,
    averagePrecision: 2,
    rocAuc: 1,
  });
});

test("ranks by float32 sigmoids unless logits are asked for", () => {
  const labels = [0, 1];
  const logits = [17, 30];
  expect(measure(labels, logits).averagePrecision).toBe(0.5);
  expect(measure(labels, logits, { ranking: "logit" }).averagePrecision).toBe(1);
  expect(measure(labels, [-1, 0.5], { threshold: 0.9 }).fakeAccuracy).toBe(0);
  expect(() => measure([0], [Infinity])).toThrow("measure: score 0 is Infinity\n");
});

test("intervals use the groups of the predictions, and belong to the values", () => {
  const random = new Random(9);
  const all = Array.from(
    { length: 40 },
    (_, i): Prediction => ({
      generator: "progan",
      category: null,
      label: i % 2 === 0 ? 0 : 1,
      logit: random.normal() + (i % 2),
      group: `photo ${i >> 1}`,
    }),
  );
  const bootstrap = { seed: 2, resamples: 100 };
  const [withGroups] = summarize(all, { bootstrap }).generators;
  const [without] = summarize(
    all.map(({ group: _, ...rest }) => rest),
    { bootstrap },
  ).generators;
  expect(withGroups!.intervals!.averagePrecision.value).toBe(
    averagePrecision(
      all.map(({ label }) => label),
      all.map(({ logit }) => logit),
    ),
  );
  expect(withGroups!.intervals).not.toEqual(without!.intervals);
});

test("the mean's interval is that of independent sets, each drawn within itself", () => {
  // Four generators of 100 images with 80 right: each has a deviation of √(0.8·0.2/100) = 0.04,
  // their mean half of that.
  const all = ["a", "b", "c", "d"].flatMap((generator) => {
    const { labels, scores } = trials(100, 80);
    return labels.map((label, i) => ({
      ...{ generator, category: null, label: label as 0 | 1 },
      logit: scores[i]! - 0.5,
    }));
  });
  const { generators, meanIntervals } = summarize(all, {
    bootstrap: { seed: 4, resamples: 2000 },
  });
  const width = ({ low, high }: { low: number; high: number }) => high - low;
  const [first, second] = generators.map(({ intervals }) => intervals!.accuracy);
  // The same images, but draws of their own: with the same draws the mean would be as wide as one.
  const ratio = width(meanIntervals!.accuracy) / width(first!);
  expect(Math.abs(ratio - 0.5)).toBeLessThan(0.06);
  expect(meanIntervals!.accuracy.value).toBeCloseTo(0.8, 12);
  expect(second!.value).toBe(first!.value);
});

test("a mean is over the generators that have the measure, resample by resample", () => {
  const fakes = predictions("crn", null, [1, 2]).map((each) => ({ ...each, label: 1 as const }));
  const { mean, meanIntervals } = summarize([...fakes, ...predictions("biggan", null, [-2, 3])], {
    bootstrap: { seed: 1, resamples: 50 },
  });
  expect(meanIntervals!.rocAuc).toEqual({ value: 1, low: 1, high: 1, undefinedResamples: 0 });
  expect(meanIntervals!.accuracy.value).toBe(mean.accuracy);
  expect(summarize(fakes).meanIntervals).toBeNull();
});
