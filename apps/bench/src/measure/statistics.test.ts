import { expect, test } from "vitest";
import { geometricMean, median, summarise } from "./statistics.ts";

test("the median is the middle, or the mean of the two in the middle", () => {
  expect(median([5])).toBe(5);
  expect(median([30, 10, 20])).toBe(20);
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(() => median([])).toThrow("median: there are no values");
});

test("values are ordered as numbers", () => {
  expect(median([100, 9, 10])).toBe(10);
});

test("a summary has the spread, and an outlier does not move its middle", () => {
  expect(summarise([1, 2, 3, 4, 1000])).toEqual({
    median: 3,
    min: 1,
    max: 1000,
    mad: 1,
    samples: 5,
  });
});

test("the mean of ratios is geometric: twice as fast and twice as slow cancel", () => {
  expect(geometricMean([2, 0.5])).toBeCloseTo(1, 12);
  expect(geometricMean([1, 10, 100])).toBeCloseTo(10, 12);
  expect(() => geometricMean([])).toThrow("geometricMean: there are no values");
});
