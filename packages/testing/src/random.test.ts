import { expect, test } from "vitest";
import { randomFloats, randomIntegers } from "./random.ts";

test("a seed names its sequence", () => {
  expect(randomFloats(5, 7)).toEqual(randomFloats(5, 7));
  expect(randomFloats(5, 7)).not.toEqual(randomFloats(5, 8));
});

test("floats fill [-1, 1) evenly and neighbouring seeds are unrelated", () => {
  const count = 10_000;
  const a = randomFloats(count, 1);
  const b = randomFloats(count, 2);
  const mean = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / count;
  // Standard deviations: 1/√3/√n of the mean, 1/3/√n of the correlation; five of them are allowed.
  const deviation = 1 / Math.sqrt(count);
  expect(Math.abs(mean(a))).toBeLessThan((5 * deviation) / Math.sqrt(3));
  expect(Math.abs(mean(a.map((value, i) => value * (b[i] ?? 0))))).toBeLessThan(
    (5 * deviation) / 3,
  );
  expect(Math.min(...a)).toBeGreaterThanOrEqual(-1);
  expect(Math.max(...a)).toBeLessThan(1);
  expect(Math.min(...a)).toBeLessThan(-0.99);
  expect(Math.max(...a)).toBeGreaterThan(0.99);
});

test("integers take every value below the bound and no other", () => {
  expect([...new Set(randomIntegers(1000, 7, 3))].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
});
