import { crop, rgbImage } from "@fauxgrad/models/transforms";
import { img8 } from "@fauxgrad/testing";
import { expect, test } from "vitest";
import { cutCrops, planCrops } from "./crop-plan.ts";
import { joinCrops, joinMaps, scaleTogether } from "./mosaic.ts";

const map = (...values: number[]) => ({ width: 2, height: 1, values: Float64Array.from(values) });

test("squares that cover an image are that image again", () => {
  const image = rgbImage(40, 32, img8(32, 40));
  const plan = planCrops(image, 16, 9);
  expect(joinCrops(plan, cutCrops(image, plan))).toEqual(image);
});

test("squares of a large image stand side by side, with a gap", () => {
  const image = rgbImage(160, 40, img8(40, 160));
  const plan = planCrops(image, 16, 2);
  const joined = joinCrops(plan, cutCrops(image, plan));
  expect([joined.width, joined.height]).toEqual([36, 16]);
  const [, second] = plan.corners;
  expect(crop(joined, { left: 20, top: 0, width: 16, height: 16 })).toEqual(
    crop(image, { ...second!, width: 16, height: 16 }),
  );
  expect(crop(joined, { left: 16, top: 0, width: 4, height: 16 }).data.every((v) => v === 0)).toBe(
    true,
  );
});

test("maps share one scale", () => {
  const [a, b] = scaleTogether([map(-1, 0), map(1, 3)]);
  expect([...a!.values, ...b!.values]).toEqual([0, 0.25, 0.5, 1]);
  expect([...scaleTogether([map(2, 2)])[0]!.values]).toEqual([0, 0]);
  const image = rgbImage(32, 16, img8(16, 32));
  const plan = planCrops(image, 16, 9);
  const drawn = joinMaps(plan, cutCrops(image, plan), [map(0, 0), map(1, 1)]);
  const red = (x: number) => drawn.data[3 * x]! - Math.round(0.5 * image.data[3 * x]!);
  // Jet's ends are dark blue (0, 0, 128) and dark red (128, 0, 0), at a weight of 0.3.
  expect(Math.abs(red(3))).toBeLessThanOrEqual(1);
  expect(Math.abs(red(20) - 0.3 * 128)).toBeLessThanOrEqual(1);
});

test("refuses another number of pictures", () => {
  const plan = planCrops({ width: 32, height: 16 }, 16, 9);
  expect(() => joinCrops(plan, [rgbImage(16, 16)])).toThrow(
    "joinCrops: 1 pictures for 1 x 2 squares\nPass one picture for each square of the plan.",
  );
});
