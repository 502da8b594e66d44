import { img8 } from "@fauxgrad/testing";
import { expect, test } from "vitest";
import { rgbImage } from "./image.ts";
import { type NormalizationName, normalize } from "./normalize.ts";

const image = rgbImage(16, 16, img8(16, 16));

function fingerprint(values: Float32Array): number {
  let hash = 0x811c9dc5;
  for (const byte of new Uint8Array(values.buffer)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

// torchvision 0.14: Normalize(mean, std)(ToTensor()(img8(16, 16))), permuted to H, W, C.
test.each<[NormalizationName, number, number[]]>([
  ["half", 0xa74dfc4c, [0.16078436, 0.5529412, 0.12156868]],
  ["imagenet", 0x1e34cd75, [0.41655967, 1.4306723, 0.68793046]],
  ["clip", 0x1f8dcc19, [0.36830464, 1.219441, 0.5532498]],
])("matches torchvision bit for bit: %s", (name, expected, first) => {
  const values = normalize(image, name);
  expect([...values.subarray(0, 3)]).toEqual(first.map(Math.fround));
  expect(fingerprint(values)).toBe(expected);
});

test("takes any mean and standard deviation", () => {
  const values = normalize(image, { mean: [0, 0, 0], std: [1, 2, 4] });
  expect([...values.subarray(0, 3)]).toEqual([148 / 255, 198 / 510, 143 / 1020].map(Math.fround));
});

test("fills its part of a batch", () => {
  const batch = new Float32Array(2 * 768);
  const part = batch.subarray(768);
  expect(normalize(image, "half", part)).toBe(part);
  expect(batch.subarray(0, 768).every((value) => value === 0)).toBe(true);
  expect(part).toEqual(normalize(image, "half"));
});

test("refuses an output of another size", () => {
  expect(() =>
    normalize(image, "half", new Float32Array(16)),
  ).toThrow(`normalize: output has 16 elements, the image 768
  image   16 x 16
Pass height x width x 3 elements.`);
});
