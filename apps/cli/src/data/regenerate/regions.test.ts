import type { RgbImage } from "@fauxgrad/models/transforms";
import { expect, test } from "vitest";
import { chooseRegions, cutMargin, cutRegion, scaledSize, texture } from "./regions.ts";

/** Grey, by a formula of the place. */
function picture(width: number, height: number, level: (x: number, y: number) => number): RgbImage {
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < data.length; i += 1) {
    const pixel = Math.floor(i / 3);
    data[i] = level(pixel % width, Math.floor(pixel / width));
  }
  return { width, height, data };
}

test("photographs are shrunk by a factor, and further to a longest side", () => {
  const options = { downscale: 4 / 3, longSide: 1280 };
  const size = (width: number, height: number) =>
    Object.values(scaledSize({ width, height }, options));
  // The sizes of sr-gan's photographs.
  expect(size(1920, 1080)).toEqual([1280, 720]);
  expect(size(1024, 682)).toEqual([768, 511]);
  expect(size(1024, 530)).toEqual([768, 397]);
  expect(size(4000, 6000)).toEqual([853, 1280]);
  expect(scaledSize({ width: 1280, height: 7 }, { downscale: 1, longSide: 1280 })).toEqual({
    width: 1280,
    height: 7,
  });
});

test("texture is the mean step to the right and down", () => {
  // Columns differ by 10 and rows by 4.
  const image = picture(256, 256, (x, y) => (x % 2) * 10 + (y % 2) * 4);
  expect(texture(image, { x: 0, y: 0 })).toBeCloseTo(14, 9);
});

test("regions lie side by side with room for their margin, most texture first", () => {
  const strength = [
    [2, 9],
    [0, 5],
  ];
  const image = picture(32 + 512 + 32 + 255, 32 + 512 + 32, (x, y) => {
    const level = strength[Math.floor((y - 32) / 256)]?.[Math.floor((x - 32) / 256)] ?? 200;
    return 100 + (x % 2) * level;
  });
  const all = chooseRegions(image, { least: 0, most: 9 });
  expect(all).toEqual([
    { x: 288, y: 32 },
    { x: 288, y: 288 },
    { x: 32, y: 32 },
    { x: 32, y: 288 },
  ]);
  expect(chooseRegions(image, { least: 1, most: 9 })).toEqual(all.slice(0, 3));
  expect(chooseRegions(image, { least: 0, most: 1 })).toEqual(all.slice(0, 1));
  expect(
    chooseRegions(
      picture(400, 319, () => 0),
      { least: 0, most: 9 },
    ),
  ).toEqual([]);
});

test("a region without its margin is the image at its place", () => {
  const image = picture(320, 330, (x, y) => (x * 7 + y * 3) % 256);
  const region = cutRegion(image, { x: 32, y: 40 });
  expect([region.width, region.height]).toEqual([320, 320]);
  const inner = cutMargin(region);
  expect([inner.width, inner.height]).toEqual([256, 256]);
  expect(inner.data[0]).toBe((32 * 7 + 40 * 3) % 256);
});
