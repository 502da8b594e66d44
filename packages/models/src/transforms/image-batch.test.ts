import { img8 } from "@fauxgrad/testing";
import { expect, test } from "vitest";
import { flipHorizontal } from "./flip.ts";
import { rgbImage } from "./image.ts";
import { imageBatch } from "./image-batch.ts";
import { normalize } from "./normalize.ts";

const image = rgbImage(40, 32, img8(32, 40));

test("a batch holds its images one after the other, each normalised", () => {
  const second = flipHorizontal(image);
  for (const normalization of ["imagenet", "half"] as const) {
    const { pixels, shape } = imageBatch([image, second], normalization);
    expect(shape).toEqual([2, 32, 40, 3]);
    expect(pixels.subarray(0, 32 * 40 * 3)).toEqual(normalize(image, normalization));
    expect(pixels.subarray(32 * 40 * 3)).toEqual(normalize(second, normalization));
  }
});

test("images of several sizes, or none, are no batch", () => {
  expect(() => imageBatch([image, rgbImage(40, 33)], "half")).toThrow(
    "imageBatch: the images of a batch differ in size\n  image 0  40 x 32\n" +
      "  image 1  40 x 33\nResize or crop them to one size, or pass them one by one.",
  );
  expect(() => imageBatch([], "half")).toThrow("imageBatch: no images\nPass one or more.");
});
