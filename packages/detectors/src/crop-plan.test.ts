import { rgbImage } from "@fauxgrad/models/transforms";
import { img8 } from "@fauxgrad/testing";
import { expect, test } from "vitest";
import { cutCrops, padByReflection, planCrops } from "./crop-plan.ts";

const plan = (width: number, height: number, most = 9) => planCrops({ width, height }, 128, most);
const places = (of: ReturnType<typeof plan>) => of.corners.map(({ left, top }) => [left, top]);

test("squares cover what they can: a test image of 256 pixels by four", () => {
  const { coverage, rows, columns, ...rest } = plan(256, 256);
  expect([coverage, rows, columns, rest.isPadded]).toEqual(["whole", 2, 2, false]);
  expect(places(plan(256, 256))).toEqual([
    [0, 0],
    [128, 0],
    [0, 128],
    [128, 128],
  ]);
  expect(places(plan(128, 128))).toEqual([[0, 0]]);
  // From end to end, aligned to JPEG's blocks: 172 becomes 168, 86 becomes 80.
  expect(places(plan(300, 128))).toEqual([
    [0, 0],
    [80, 0],
    [168, 0],
  ]);
});

test("a larger image is read evenly, in the middle of equal cells", () => {
  const large = plan(1280, 1280);
  expect([large.coverage, large.rows, large.columns]).toEqual(["sample", 3, 3]);
  // Cells of 426⅔ pixels: middles at 213⅓, 640 and 1066⅔.
  expect(places(large).slice(0, 3)).toEqual([
    [144, 144],
    [576, 144],
    [1000, 144],
  ]);
  const wide = plan(1920, 1080);
  expect([wide.rows, wide.columns]).toEqual([2, 4]);
  const strip = plan(4000, 100);
  expect([strip.rows, strip.columns, strip.isPadded]).toEqual([1, 9, true]);
  expect(plan(1280, 1280, 1).corners).toEqual([{ left: 576, top: 576 }]);
  for (const { left, top } of plan(1921, 1083, 40).corners) {
    expect([left % 8, top % 8]).toEqual([0, 0]);
    expect(left).toBeLessThanOrEqual(1921 - 128);
    expect(top).toBeLessThanOrEqual(1083 - 128);
  }
});

test("a small image is mirrored at its edges, which are not repeated", () => {
  const grey = (values: readonly number[]) => Uint8Array.from(values.flatMap((v) => [v, v, v]));
  const { width, height, data } = padByReflection(rgbImage(3, 1, grey([1, 2, 3])), 8);
  expect([width, height]).toEqual([8, 8]);
  // Two pixels before, three behind: 3 2 | 1 2 3 | 2 1 2.
  const row = grey([3, 2, 1, 2, 3, 2, 1, 2]);
  for (let y = 0; y < 8; y += 1) expect(data.subarray(24 * y, 24 * (y + 1))).toEqual(row);
  const dot = padByReflection(rgbImage(1, 1, grey([7])), 4);
  expect(new Set(dot.data)).toEqual(new Set([7]));
});

test("cuts what was planned, of the extended image where it must", () => {
  const image = rgbImage(256, 256, img8(256, 256));
  const crops = cutCrops(image, plan(256, 256));
  expect(crops).toHaveLength(4);
  expect(crops[3]!.data.subarray(0, 3)).toEqual(
    image.data.subarray(3 * (128 * 256 + 128), 3 * (128 * 256 + 128) + 3),
  );
  const small = rgbImage(40, 200, img8(200, 40));
  const [first, second] = cutCrops(small, plan(40, 200));
  expect([first?.width, first?.height]).toEqual([128, 128]);
  // 44 pixels were added before: the image begins at column 44.
  expect(first!.data.subarray(3 * 44, 3 * 47)).toEqual(small.data.subarray(0, 9));
  // 200 pixels of height by two squares, from 0 and from 72.
  expect(second!.data.subarray(3 * 44, 3 * 47)).toEqual(
    small.data.subarray(3 * 72 * 40, 3 * 72 * 40 + 9),
  );
});

test("refuses numbers that are none", () => {
  expect(() => plan(256, 256, 0)).toThrow("planCrops: most is 0\nPass a whole number from 1.");
});
