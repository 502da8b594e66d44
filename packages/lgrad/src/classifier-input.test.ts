import { crop, flipHorizontal, normalize, resize, rgbImage } from "@fauxgrad/models/transforms";
import { Random } from "@fauxgrad/tensor";
import { img8 } from "@fauxgrad/testing";
import { expect, test } from "vitest";
import {
  classifierBatch,
  classifierGeometry,
  trainingInput,
  validationInput,
} from "./classifier-input.ts";

const image = rgbImage(40, 32, img8(32, 40));
const geometry = { size: 24, crop: 20 };

test("validation is the middle of the resized image", () => {
  const resized = resize(image, { width: 24, height: 24 });
  const window = { left: 2, top: 2, width: 20, height: 20 };
  expect(validationInput(image, geometry)).toEqual(crop(resized, window));
  // LGrad's own: offset 16 in 256 pixels, which are not resized.
  const large = rgbImage(256, 256, img8(256, 256));
  const middle = { left: 16, top: 16, width: 224, height: 224 };
  expect(validationInput(large, classifierGeometry)).toEqual(crop(large, middle));
});

test("training takes every window, mirrored every second time, and nothing else", () => {
  const resized = resize(image, { width: 24, height: 24 });
  const windows = new Map<string, [row: number, column: number, mirrored: boolean]>();
  for (let top = 0; top <= 4; top += 1) {
    for (let left = 0; left <= 4; left += 1) {
      const window = crop(resized, { left, top, width: 20, height: 20 });
      windows.set(String(window.data), [top, left, false]);
      windows.set(String(flipHorizontal(window).data), [top, left, true]);
    }
  }
  expect(windows.size).toBe(50);
  const drawn = new Set<string>();
  let mirrored = 0;
  const draws = 600;
  for (let i = 0; i < draws; i += 1) {
    const key = String(trainingInput(image, new Random(i), { ...geometry, flip: true }).data);
    drawn.add(key);
    if (windows.get(key)?.[2] === true) mirrored += 1;
    const plain = trainingInput(image, new Random(i), { ...geometry, flip: false });
    const place = windows.get(String(plain.data));
    expect(place?.[2]).toBe(false);
    expect(windows.get(key)?.slice(0, 2)).toEqual(place?.slice(0, 2));
  }
  // One of 50 is missed by 600 draws with probability 50 · 0.98^600 = 3e-4.
  expect(drawn).toEqual(new Set(windows.keys()));
  expect(Math.abs(mirrored - draws / 2)).toBeLessThan(5 * Math.sqrt(draws / 4));
});

test("a batch is normalised as ImageNet's", () => {
  const { pixels, shape } = classifierBatch([image]);
  expect(shape).toEqual([1, 32, 40, 3]);
  expect(pixels).toEqual(normalize(image, "imagenet"));
});
