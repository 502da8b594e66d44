import { rgbImage } from "@fauxgrad/models/transforms";
import { img8 } from "@fauxgrad/testing";
import { expect, test } from "vitest";
import { scipyGaussianBlur } from "./scipy-gaussian.ts";
import { fingerprint } from "./test-images.ts";

// fixtures/gaussian.py
test.each([
  [64, 48, 0.1, 0xb34c330b],
  [64, 48, 0.2, 0x9383dbe4],
  [64, 48, 0.75, 0xdbf402a2],
  [64, 48, 1.0, 0x116e5035],
  [64, 48, 1.37, 0xae0cf941],
  [64, 48, 2.5, 0x2e03799d],
  [64, 48, 3.0, 0x5df1fc57],
  [5, 3, 2.0, 0xa2afbc02],
  [1, 7, 1.0, 0xc60f3550],
  [40, 40, 18.0, 0x4bbc26dd],
])("matches SciPy bit for bit: %i x %i, sigma = %f", (height, width, sigma, expected) => {
  const image = rgbImage(width, height, img8(height, width));
  expect(fingerprint(scipyGaussianBlur(image, sigma))).toBe(expected);
});

test.each([0.5, 0.9, 1.1, 1.7, 2.2, 2.9])("flat areas stay as in SciPy: sigma = %f", (sigma) => {
  for (const level of [200, 255]) {
    const flat = rgbImage(3, 3, new Uint8Array(27).fill(level));
    expect(scipyGaussianBlur(flat, sigma).data[13]).toBe(level);
  }
});

test("truncation darkens by about one level; without it the mean stays", () => {
  const image = rgbImage(48, 64, img8(64, 48));
  const mean = ({ data }: { data: Uint8Array }) =>
    data.reduce((sum, x) => sum + x, 0) / data.length;
  const exact = scipyGaussianBlur(image, 1.5, { truncate: false });
  const truncated = scipyGaussianBlur(image, 1.5);
  // Two truncations lose half a level each; bytes spread evenly over fractions to about 0.01.
  expect(Math.abs(mean(exact) - mean(truncated) - 1)).toBeLessThan(0.05);
  // A mirrored border that repeats its edge keeps the sum; rounding is unbiased.
  expect(Math.abs(mean(exact) - mean(image))).toBeLessThan(0.05);
});

test("a sigma of nothing leaves the image alone", () => {
  const image = rgbImage(4, 4, img8(4, 4));
  expect(scipyGaussianBlur(image, 0).data).toEqual(image.data);
  expect(() => scipyGaussianBlur(image, -1)).toThrow(
    "scipyGaussianBlur: sigma is -1\nPass a standard deviation in pixels, at least 0.",
  );
});
