import * as fc from "fast-check";
import { expect, test } from "vitest";
import { sizeNear, smallShape, tileBoundaries } from "./arbitraries.ts";
import { elementCount, toCoordinates } from "./coordinates.ts";

test("tile boundaries are on both sides of the tile, and a prime above", () => {
  expect(tileBoundaries(8)).toEqual([1, 7, 8, 9, 17]);
  expect(tileBoundaries(1)).toEqual([1, 2, 3]);
});

test("small shapes keep their promises", async () => {
  const options = { minRank: 2, maxRank: 5, maxSize: 7, maxElements: 50 };
  await fc.assert(
    fc.property(smallShape(options), (shape) => {
      expect(shape.length).toBeGreaterThanOrEqual(2);
      expect(shape.length).toBeLessThanOrEqual(5);
      expect(Math.min(...shape)).toBeGreaterThanOrEqual(1);
      expect(Math.max(...shape)).toBeLessThanOrEqual(7);
      expect(elementCount(shape)).toBeLessThanOrEqual(50);
    }),
  );
});

test("sizes near a tile include its boundaries", () => {
  const sizes = new Set(fc.sample(sizeNear(16), { numRuns: 500, seed: 1 }));
  for (const size of [1, 15, 16, 17]) expect(sizes).toContain(size);
});

test("coordinates are those of a row-major array", () => {
  expect(toCoordinates(0, [2, 3, 4])).toEqual([0, 0, 0]);
  expect(toCoordinates(23, [2, 3, 4])).toEqual([1, 2, 3]);
  expect(toCoordinates(13, [2, 3, 4])).toEqual([1, 0, 1]);
  expect(toCoordinates(0, [])).toEqual([]);
});
