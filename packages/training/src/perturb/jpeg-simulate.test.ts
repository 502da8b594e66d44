import { type RgbImage, rgbImage } from "@fauxgrad/models/transforms";
import { img8, randomIntegers } from "@fauxgrad/testing";
import sharp from "sharp";
import { expect, test } from "vitest";
import { jpegSimulate } from "./jpeg-simulate.ts";
import { scipyGaussianBlur } from "./scipy-gaussian.ts";
import { fingerprint } from "./test-images.ts";

const QUALITIES = [1, 10, 30, 31, 49, 50, 75, 90, 99, 100];

/** Of two images' bytes, one after the other. */
function fingerprintOfBoth(a: RgbImage, b: RgbImage): number {
  const data = new Uint8Array(2 * a.data.length);
  data.set(a.data);
  data.set(b.data, a.data.length);
  return fingerprint({ width: a.width, height: 2 * a.height, data });
}

// fixtures/jpeg.py: noise, and noise blurred by 2 pixels, at each of the qualities.
test.each<[height: number, width: number, expected: number[]]>([
  [
    64,
    64,
    [
      0x1fcd73f3, 0x59288bfa, 0xa84ab74d, 0x8bc1b75d, 0xaa2928bf, 0x65f54b83, 0xd778a46a,
      0xae962249, 0xb601bc64, 0x13e41e3a,
    ],
  ],
  [
    16,
    16,
    [
      0x1a27bdf9, 0x1dfb2079, 0x85677e4e, 0x558af73f, 0x19b63cab, 0xcaf64969, 0xe9d54a79,
      0x7ae14f67, 0xe7026f15, 0x9a29f61a,
    ],
  ],
  [
    17,
    19,
    [
      0x9b65b3fa, 0x13e664f8, 0xbc6bb5ed, 0xe39a575d, 0xc10bd3f6, 0x2afcac6e, 0x9f375696,
      0x54247749, 0xe38e1940, 0xae839f23,
    ],
  ],
  [
    33,
    31,
    [
      0x9e9fe36e, 0x4958f50, 0xd2244d87, 0xca638f16, 0x4740943f, 0x1bb0fbd4, 0xc3e03ea3, 0x9fe9c05d,
      0x8655210a, 0xa7151f3d,
    ],
  ],
  [
    1,
    1,
    [
      0x16158b45, 0xcc0d55bd, 0x1494025b, 0xf2307e23, 0x5456e737, 0x5456e737, 0x8fffa02d,
      0x8fffa02d, 0x8fffa02d, 0x8fffa02d,
    ],
  ],
  [
    2,
    3,
    [
      0x28df6b4b, 0x936eeb67, 0x9fe070c9, 0xa582f24, 0x923231ac, 0x58c85ad0, 0x5d83b1f, 0xffe76d05,
      0x65889950, 0x65889950,
    ],
  ],
  [
    3,
    2,
    [
      0x7bed0c37, 0x599612c8, 0x550716be, 0xc19d7c3, 0xcf921919, 0xd3dfb11b, 0x7881e5d0, 0x116f3517,
      0x8402398d, 0x47fa2ff9,
    ],
  ],
  [
    8,
    5,
    [
      0x8b540415, 0x277f69e3, 0x76778e4e, 0x66c9a990, 0xb798240a, 0x38490bfa, 0x354f4280,
      0x8ba77429, 0x35c86dfd, 0x74584f94,
    ],
  ],
  [
    5,
    8,
    [
      0x80c2a905, 0x92d242d9, 0x74635cf6, 0xc259b676, 0xf8229819, 0x460894dd, 0x7899ccbe,
      0x90f60816, 0xc9b6bd68, 0x9b03ec78,
    ],
  ],
  [
    1,
    40,
    [
      0xe51d43f1, 0x8bbdb17, 0x22f7e675, 0x3d0d5d28, 0x7840b77f, 0x615ed8d9, 0xeae1d204, 0x6ae3a5be,
      0x6e4656ae, 0x5b09cfc9,
    ],
  ],
  [
    40,
    1,
    [
      0x680305e5, 0x45f3bee8, 0x22306ca4, 0x848de9e1, 0xb3f28559, 0x6bd7cbe3, 0xc2e6fe19,
      0xa99df2c2, 0xeeb8e6b5, 0xf5ee30d,
    ],
  ],
  [
    7,
    4,
    [
      0x2aed3871, 0xa6dd220, 0x69d177f5, 0xee572904, 0xb101f707, 0x33b6a21c, 0x77c4e6ed, 0xf0c2c6cc,
      0x41547448, 0xe623505d,
    ],
  ],
  [
    9,
    6,
    [
      0xcd17dc05, 0x9b9d2840, 0x72ac94ba, 0x65abcb0, 0xd4a9961f, 0xbcb44dfa, 0x6956537f, 0x6425487e,
      0x2ab9ea39, 0x4e251f35,
    ],
  ],
  [
    15,
    130,
    [
      0x9199f303, 0x44e36699, 0xd7b96c4c, 0x5af0b8ed, 0xefa90eb7, 0x7f055619, 0x5bd0e441,
      0x3dff00a5, 0xa25b344a, 0xd816187a,
    ],
  ],
  [
    24,
    23,
    [
      0xe6042b39, 0xd1d36ade, 0x50430d17, 0xec4a0dc5, 0x60850570, 0x23f5c323, 0x44d24bf0,
      0x46835307, 0x57acc6bc, 0x4c7831bd,
    ],
  ],
])("matches Pillow bit for bit: %i x %i", (height, width, expected) => {
  const noise = rgbImage(width, height, img8(height, width));
  const smooth = scipyGaussianBlur(noise, 2);
  const found = QUALITIES.map((quality) =>
    fingerprintOfBoth(jpegSimulate(noise, quality), jpegSimulate(smooth, quality)),
  );
  expect(found).toEqual(expected);
});

test("matches libjpeg's round trip of a file: any size, any quality, extreme contrasts", async () => {
  const sides = randomIntegers(80, 40, 5).map((side) => side + 1);
  const qualities = randomIntegers(40, 100, 6).map((quality) => quality + 1);
  for (const [i, quality] of qualities.entries()) {
    const [width, height] = [sides[2 * i]!, sides[2 * i + 1]!];
    const noise = randomIntegers(width * height * 3, 256, i);
    // Black and white alone reach furthest beyond the range of a byte.
    const bytes = i % 2 === 0 ? noise : noise.map((value) => (value < 128 ? 0 : 255));
    const image = rgbImage(width, height, Uint8Array.from(bytes));
    const file = await sharp(image.data, { raw: { width, height, channels: 3 } })
      .jpeg({ quality, chromaSubsampling: "4:2:0" })
      .toBuffer();
    const decoded = new Uint8Array(await sharp(file).raw().toBuffer());
    expect(jpegSimulate(image, quality).data, `${width} x ${height}, ${quality}`).toEqual(decoded);
  }
});

test("a flat area of a level that the table divides stays, and the image is not changed", () => {
  const grey = rgbImage(20, 20, new Uint8Array(1200).fill(128));
  expect(jpegSimulate(grey, 1)).toEqual(grey);
  const noise = rgbImage(20, 20, img8(20, 20));
  jpegSimulate(noise, 30);
  expect(noise.data).toEqual(img8(20, 20));
});

test("refuses a quality that is none", () => {
  for (const quality of [0, 101, 50.5, Number.NaN]) {
    expect(() => jpegSimulate(rgbImage(8, 8), quality)).toThrow(
      `jpegSimulate: quality is ${quality}\nPass a whole number in 1..100.`,
    );
  }
});
