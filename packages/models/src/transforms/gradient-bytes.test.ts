import { fillByName, img8 } from "@fauxgrad/testing";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { gradientFromImage, gradientToImage } from "./gradient-bytes.ts";
import { rgbImage } from "./image.ts";

const bytesOf = (...gradient: number[]) => [
  ...gradientToImage(new Float32Array(gradient), { width: gradient.length / 3, height: 1 }).data,
];

// numpy float32: a = g - g.min(); a = a / a.max(); rint(a * 255); FNV-1a and sum of the bytes.
test.each([
  ["image", 1, 0x496d295c, 391891],
  ["gradient", 1e-4, 0x2ee71a2b, 394226],
  ["gradient", 3e-7, 0x2ee71a2b, 394226],
  ["tiny", 1e-42, 0x895fb7fd, 382416],
])("matches numpy's float32 on the fill %s times %d", (name, scale, expected, sum) => {
  const factor = Math.fround(scale);
  const gradient = fillByName(name, 32 * 32 * 3).map((value) => value * factor);
  const { data } = gradientToImage(gradient, { width: 32, height: 32 });
  let hash = 0x811c9dc5;
  for (const byte of data) hash = Math.imul(hash ^ byte, 0x01000193);
  expect(hash >>> 0).toBe(expected);
  expect(data.reduce((total, byte) => total + byte, 0)).toBe(sum);
});

test("rounds halves to even", () => {
  // With minimum 0 and maximum 255·2^-8 every step is exact, so p is exactly what is listed.
  const steps = [0, 0.5, 1.5, 2.5, 3.5, 253.5, 254.5, 254, 255];
  expect(bytesOf(...steps.map((step) => step / 256))).toEqual([0, 0, 2, 2, 4, 254, 254, 254, 255]);
});

test("rounds every step to float32, so that what is nearly a half is one", () => {
  // 255 · float32(0.5 / 255) = 0.50000003 in double, 0.5 in float32; numpy gives 0.
  expect(bytesOf(0, 0.5 / 255, 1)).toEqual([0, 0, 255]);
});

test("makes a constant gradient black", () => {
  expect(bytesOf(0, 0, 0)).toEqual([0, 0, 0]);
  expect(bytesOf(-7.5, -7.5, -7.5)).toEqual([0, 0, 0]);
});

test("makes a gradient with a NaN or an infinity black, as the original's cast does", () => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    expect(bytesOf(1, value, 3)).toEqual([0, 0, 0]);
  }
});

test("gives what float32 gives where the range overflows", () => {
  // max - min = inf: finite differences / inf = 0, inf / inf = NaN -> 0.
  expect(bytesOf(-3.4e38, 0, 3.4e38)).toEqual([0, 0, 0]);
});

test("does not map a zero gradient to the middle grey", () => {
  expect(bytesOf(-1, 0, 3)).toEqual([0, 64, 255]);
});

test("does not change under a positive scale by a power of two", async () => {
  const values = fc.array(fc.float({ noNaN: true, min: -100, max: 100 }), {
    minLength: 12,
    maxLength: 12,
  });
  await fc.assert(
    fc.property(values, (gradient) => {
      const doubled = gradient.map((value) => value * 1024);
      return bytesOf(...doubled).join() === bytesOf(...gradient).join();
    }),
  );
});

test("a picture that spans 0 to 255 survives the round trip", () => {
  const picture = rgbImage(16, 16, img8(16, 16));
  picture.data.set([0, 255]);
  const again = gradientToImage(gradientFromImage(picture), { width: 16, height: 16 });
  expect(again).toEqual(picture);
  const bytes = Uint8Array.from({ length: 768 }, (_, i) => i);
  expect(gradientToImage(gradientFromImage(rgbImage(16, 16, bytes)), picture).data).toEqual(bytes);
});

test("refuses a gradient of another size", () => {
  expect(() =>
    gradientToImage(new Float32Array(11), { width: 2, height: 2 }),
  ).toThrow(`gradientToImage: the gradient has 11 elements, its size needs 12
  size    2 x 2
Pass the gradient of one image, [H, W, 3].`);
});
