import { Random } from "@fauxgrad/tensor";
import { expect, test } from "vitest";
import type { Label } from "../labelled-image.ts";
import { measureProperty } from "./property.ts";

const half = (count: number): Label[] => Array.from({ length: count }, (_, i) => (i % 2) as Label);

test("a number that separates the classes is decisive, upwards or downwards", () => {
  const labels = half(40);
  expect(measureProperty(labels, labels)).toMatchObject({ auc: 1, verdict: "decisive" });
  const downwards = labels.map((label) => -label);
  expect(measureProperty(labels, downwards)).toMatchObject({ auc: 1, counts: [20, 20] });
});

test("a category that separates the classes is decisive, also among many", () => {
  const labels = half(80);
  const formats = labels.map((label) => (label === 0 ? "jpeg" : "png"));
  expect(measureProperty(labels, formats)).toMatchObject({ auc: 1, verdict: "decisive" });
  const sizes = labels.map((label, i) => (label === 0 ? `${i % 8} x 1` : "256 x 256"));
  expect(measureProperty(labels, sizes).auc).toBeGreaterThan(0.95);
});

test("chance is even: numbers, categories, and categories that are all different", () => {
  const random = new Random(1);
  for (let run = 0; run < 20; run += 1) {
    const labels = half(200);
    const numbers = labels.map(() => random.uniform());
    const few = labels.map(() => `size ${random.integer(5)}`);
    const many = labels.map((_, i) => `size ${i}`);
    expect(measureProperty(labels, numbers).verdict).toBe("even");
    expect(measureProperty(labels, few).verdict).toBe("even");
    expect(measureProperty(labels, many)).toMatchObject({ auc: 0.5, verdict: "even" });
  }
});

test("verdicts go by the area", () => {
  const labels = half(2000);
  // A share of the fakes is told, the rest is not: the area is 1/2 + share/2.
  const told = (share: number) =>
    measureProperty(
      labels,
      labels.map((label, i) => (label === 1 && i % 100 < 100 * share ? 1 : 0)),
    );
  expect(told(0.16)).toMatchObject({ auc: 0.58, verdict: "slight" });
  expect(told(0.4)).toMatchObject({ auc: 0.7, verdict: "strong" });
  expect(told(0.6)).toMatchObject({ auc: 0.8, verdict: "decisive" });
});

test("images without the property are left out; without a class there is no area", () => {
  expect(measureProperty([0, 1, 0, 1], [1, 2, null, 3])).toMatchObject({ counts: [1, 2], auc: 1 });
  expect(measureProperty([0, 1], [1, null])).toMatchObject({
    auc: Number.NaN,
    verdict: "even",
    counts: [1, 0],
  });
});

test("few images prove nothing", () => {
  // 3 standard errors of two against two are more than there is.
  expect(measureProperty([0, 0, 1, 1], [1, 2, 3, 4])).toMatchObject({ auc: 1, verdict: "even" });
});
