import { expect, test } from "vitest";
import { inUnits } from "./in-units.ts";

test("units have one size, and each image one result in its place", async () => {
  const units: (readonly number[])[] = [];
  const judged = await inUnits([1, 2, 3, 4, 5, 6], (unit) => {
    units.push(unit);
    return Promise.resolve(unit.map((image) => 10 * image));
  });
  expect(judged).toEqual([10, 20, 30, 40, 50, 60]);
  expect(units).toEqual([
    [1, 2, 3, 4],
    [5, 6, 6, 6],
  ]);
  expect(await inUnits([], () => Promise.reject(new Error("nothing to judge")))).toEqual([]);
});
