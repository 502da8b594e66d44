import { img8 } from "@fauxgrad/testing";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type RgbImage, rgbImage } from "./image.ts";
import { type ResizeFilter, resize } from "./resize.ts";

const noise = (height: number, width: number) => rgbImage(width, height, img8(height, width));

/** FNV-1a over bytes: one number that no single wrong byte survives. */
function fingerprint(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

function pixel({ data, width }: RgbImage, y: number, x: number): number[] {
  return [...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)];
}

test.each([
  ["bilinear", 200, 300, 25127301, 3141554103, [149, 190, 133], [68, 146, 147], [114, 143, 83]],
  ["bicubic", 200, 300, 25125986, 3141801036, [157, 196, 128], [49, 159, 160], [119, 154, 82]],
  ["bilinear", 150, 100, 25121965, 3144828517, [148, 198, 143], [179, 155, 159], [147, 111, 214]],
] as const)(
  "matches the specification's A.5: %s from %i x %i to 256 x 256",
  (filter, height, width, sum, weighted, first, inner, last) => {
    const resized = resize(noise(height, width), { width: 256, height: 256 }, filter);
    expect(resized.data.reduce((total, byte) => total + byte, 0)).toBe(sum);
    expect(resized.data.reduce((total, byte, i) => total + byte * (i % 251), 0)).toBe(weighted);
    expect(pixel(resized, 0, 0)).toEqual(first);
    expect(pixel(resized, 10, 20)).toEqual(inner);
    expect(pixel(resized, 255, 255)).toEqual(last);
  },
);

// Heights and widths, before and after.
const SIZES = [
  [1, 1, 7, 5],
  [7, 5, 1, 1],
  [1, 64, 3, 9],
  [64, 1, 9, 3],
  [13, 17, 29, 31],
  [53, 47, 19, 23],
  [37, 41, 37, 8],
  [37, 41, 11, 41],
  [500, 3, 2, 300],
  [9, 700, 64, 2],
  [50, 60, 49, 61],
] as const;

// Pillow 9.4: Image.fromarray(img8(h, w)).resize((ow, oh), filter), FNV-1a of tobytes().
const PILLOW: Record<ResizeFilter, readonly number[]> = {
  nearest: [
    0xc0a125d2, 0x8d092cb2, 0x50f6e87e, 0x4199179e, 0xa9f90bb6, 0xba171a1f, 0x6568d3d5, 0xb715ea34,
    0xb501a265, 0x7a8483b5, 0xbc23dc7f,
  ],
  box: [
    0xc0a125d2, 0xe2f1f9f2, 0x7896f1e1, 0x29231e69, 0xa9f90bb6, 0xb963bea9, 0xe49b6986, 0xaa0800a6,
    0xa7237b05, 0xad337e8a, 0xccca360f,
  ],
  bilinear: [
    0xc0a125d2, 0xb22d76de, 0xb2d565c8, 0x12a34560, 0x151d79c4, 0x00666181, 0x81009368, 0x85a354ed,
    0x622bca84, 0x137b2074, 0x1d4da51d,
  ],
  hamming: [
    0xc0a125d2, 0x26e33850, 0x38e01466, 0x1ec2639e, 0x5c18d3d6, 0x04da2fd2, 0x99d84f7b, 0x8122a83f,
    0x225c0af4, 0x27e3c22b, 0x6b305146,
  ],
  bicubic: [
    0xc0a125d2, 0xae06dcc1, 0x927c3ca4, 0x8cdbbafc, 0xebc68e12, 0xe643db61, 0x5fd7759b, 0x3dd5de14,
    0xa00674f3, 0x2bee70b0, 0x6bf49707,
  ],
  lanczos: [
    0xc0a125d2, 0xae06dcc1, 0x186e4f1d, 0x6360b1d5, 0x918fe065, 0xb7bcbbbb, 0x14585103, 0x99bbd0e0,
    0x9dff4011, 0x2475539d, 0xa6240fec,
  ],
};

test.each(Object.entries(PILLOW) as [ResizeFilter, number[]][])(
  "matches Pillow bit for bit at odd sizes and extreme ratios: %s",
  (filter, expected) => {
    const actual = SIZES.map(([height, width, oh, ow]) =>
      fingerprint(resize(noise(height, width), { width: ow, height: oh }, filter).data),
    );
    expect(actual).toEqual(expected);
  },
);

test("returns an image of the right size unchanged", () => {
  const image = noise(5, 4);
  expect(resize(image, { width: 4, height: 5 }, "lanczos")).toBe(image);
});

test("keeps a constant image constant at any size and filter", async () => {
  const side = fc.integer({ min: 1, max: 40 });
  const filter = fc.constantFrom(...(Object.keys(PILLOW) as ResizeFilter[]));
  await fc.assert(
    fc.property(side, side, side, side, filter, fc.nat(255), (w, h, ow, oh, name, byte) => {
      const image = rgbImage(w, h, new Uint8Array(w * h * 3).fill(byte));
      const resized = resize(image, { width: ow, height: oh }, name);
      return resized.data.length === ow * oh * 3 && resized.data.every((value) => value === byte);
    }),
    { numRuns: 300 },
  );
});

test("refuses sizes that are none", () => {
  expect(() => resize(noise(4, 4), { width: 0, height: 4 })).toThrow(
    "resize: width is 0\nPass a whole number of pixels, at least 1.",
  );
  expect(() => resize(noise(4, 4), { width: 4, height: 2.5 })).toThrow("resize: height is 2.5\n");
  expect(() =>
    resize({ width: 2, height: 2, data: new Uint8Array(16) }, { width: 4, height: 4 }),
  ).toThrow(`resize: the image has 16 bytes, its size needs 12
  image   2 x 2
Pass width x height x 3 bytes, R G B, without alpha.`);
});
