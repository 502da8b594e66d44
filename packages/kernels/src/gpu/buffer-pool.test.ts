import { expect, test } from "vitest";
import { largestClass, sizeClass } from "./buffer-pool.ts";

test("what the largest class holds needs no larger buffer", () => {
  expect(largestClass(2 ** 27)).toBe(2 ** 27);
  for (const limit of [2 ** 27, 2 ** 31 - 1, 2 ** 32 - 4, 3 * 2 ** 20]) {
    const largest = largestClass(limit);
    expect(sizeClass(largest)).toBe(largest);
    expect(largest).toBeLessThanOrEqual(limit);
    expect(sizeClass(largest + 1)).toBeGreaterThan(limit);
  }
});
