import { img8 } from "@fauxgrad/testing";
import { expect, test } from "vitest";
import { centerCrop, crop } from "./crop.ts";
import { flipHorizontal } from "./flip.ts";
import { rgbImage } from "./image.ts";

const image = rgbImage(7, 5, img8(5, 7));
const at = (data: Uint8Array, width: number, y: number, x: number) => [
  ...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3),
];

test("copies the window", () => {
  const part = crop(image, { left: 2, top: 1, width: 4, height: 3 });
  expect(part).toMatchObject({ width: 4, height: 3 });
  for (let y = 0; y < 3; y += 1) {
    for (let x = 0; x < 4; x += 1) {
      expect(at(part.data, 4, y, x)).toEqual(at(image.data, 7, y + 1, x + 2));
    }
  }
  part.data.fill(0);
  expect(image.data).toEqual(img8(5, 7));
});

// torchvision 0.14: CenterCrop of a column index image; round() of Python is half to even.
test.each([
  [7, 4, 2], // 1.5 -> 2
  [7, 2, 2], // 2.5 -> 2
  [7, 6, 0], // 0.5 -> 0
  [7, 3, 2],
  [7, 7, 0],
])("centres a window of width %#: %i to %i at offset %i", (width, size, left) => {
  const columns = rgbImage(
    width,
    1,
    Uint8Array.from({ length: width * 3 }, (_, i) => i / 3),
  );
  expect(centerCrop(columns, { width: size, height: 1 }).data[0]).toBe(left);
});

test("refuses a window that leaves the image, naming both", () => {
  expect(() =>
    crop(image, { left: 4, top: 0, width: 4, height: 5 }),
  ).toThrow(`crop: the window does not lie inside the image
  window  4 x 5 at left 4, top 0
  image   7 x 5
Choose a smaller window, or resize the image first.`);
  expect(() => crop(image, { left: 0.5, top: 0, width: 4, height: 5 })).toThrow("crop: the window");
  expect(() => crop(image, { left: 0, top: -1, width: 4, height: 5 })).toThrow("crop: the window");
  expect(() => crop(image, { left: 0, top: 0, width: 0, height: 5 })).toThrow("crop: width is 0");
  expect(() => centerCrop(image, { width: 8, height: 5 })).toThrow("crop: the window");
});

test("flips left to right, and twice is nothing", () => {
  const flipped = flipHorizontal(image);
  for (let y = 0; y < 5; y += 1) {
    for (let x = 0; x < 7; x += 1) {
      expect(at(flipped.data, 7, y, x)).toEqual(at(image.data, 7, y, 6 - x));
    }
  }
  expect(flipHorizontal(flipped)).toEqual(image);
});

test("an image is black until filled, and refuses what does not fit", () => {
  expect(rgbImage(2, 1)).toEqual({ width: 2, height: 1, data: new Uint8Array(6) });
  expect(() => rgbImage(2, 2, new Uint8Array(6))).toThrow(
    "rgbImage: the image has 6 bytes, its size needs 12",
  );
  expect(() => rgbImage(-1, 2)).toThrow("rgbImage: width is -1");
});
