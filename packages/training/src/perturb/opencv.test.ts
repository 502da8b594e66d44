import { crop, rgbImage } from "@fauxgrad/models/transforms";
import { fnv1a, img8 } from "@fauxgrad/testing";
import { expect, test } from "vitest";
import { openCvGaussianBlur } from "./opencv-gaussian.ts";
import { openCvResize } from "./opencv-resize.ts";
import { fingerprint, pixels, sums } from "./test-images.ts";

const noise = (height: number, width: number) => rgbImage(width, height, img8(height, width));

test.each([
  [3, [25132389, 3141171515], [207, 197, 152], [141, 125, 150], [91, 174, 84], [141, 101, 127]],
  [5, [25133521, 3141348324], [155, 133, 133], [143, 126, 134], [120, 104, 137], [130, 122, 131]],
  [9, [25132928, 3141096927], [134, 130, 124], [130, 121, 134], [108, 142, 135], [129, 134, 123]],
])("blurs as the specification's A.5, exactly: k = %i", (kernelSize, expected, ...corners) => {
  const blurred = openCvGaussianBlur(noise(256, 256), { kernelSize, sigma: 4 });
  expect(sums(blurred)).toEqual(expected);
  expect(pixels(blurred)).toEqual(corners);
});

test("crops and enlarges as the specification's A.5, exactly", () => {
  const inner = crop(noise(256, 256), { left: 12, top: 12, width: 232, height: 232 });
  const resized = openCvResize(inner, { width: 256, height: 256 }, "cubic");
  expect(sums(resized)).toEqual([25114328, 3137278681]);
  expect(pixels(resized)).toEqual([
    [206, 121, 228],
    [137, 171, 18],
    [255, 87, 228],
    [64, 244, 252],
  ]);
});

// fixtures/opencv.cpp
test.each([
  [256, 256, 7, 0x6244dd0b],
  [13, 17, 9, 0x6eff5c71],
  [3, 2, 9, 0x3ef7de2c],
  [1, 5, 7, 0xcb7d7234],
])("blurs as OpenCV bit for bit: %i x %i, k = %i", (height, width, kernelSize, expected) => {
  const blurred = openCvGaussianBlur(noise(height, width), { kernelSize, sigma: 4 });
  expect(fingerprint(blurred)).toBe(expected);
});

test.each([
  [232, 232, 256, 256, 0x08e3b291, 0x09ac5fa4],
  [206, 206, 256, 256, 0xbdccc9ea, 0x75ad56e1],
  [13, 17, 29, 31, 0x16280515, 0x33378d6f],
  [29, 31, 13, 17, 0x1e964413, 0x789ce57f],
  [1, 1, 5, 7, 0xc0a125d2, 0xc0a125d2],
  [2, 3, 9, 4, 0x0b77e84c, 0x73d738ad],
])("resizes as OpenCV bit for bit: %i x %i to %i x %i", (h, w, height, width, cubic, linear) => {
  expect(fingerprint(openCvResize(noise(h, w), { width, height }, "cubic"))).toBe(cubic);
  expect(fingerprint(openCvResize(noise(h, w), { width, height }, "linear"))).toBe(linear);
});

test("the fixtures' hash is the one used here", () => {
  expect(fingerprint(rgbImage(1, 1, new TextEncoder().encode("abc")))).toBe(fnv1a("abc"));
});

test("refuses kernels that are none", () => {
  expect(() => openCvGaussianBlur(noise(4, 4), { kernelSize: 4, sigma: 1 })).toThrow(
    "openCvGaussianBlur: kernelSize is 4\nPass an odd number of pixels.",
  );
  expect(() => openCvGaussianBlur(noise(4, 4), { kernelSize: 3, sigma: 0 })).toThrow(
    "openCvGaussianBlur: sigma is 0\nPass a standard deviation in pixels, above 0.",
  );
});
