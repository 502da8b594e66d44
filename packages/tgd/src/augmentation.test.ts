import { imageBatch, type RgbImage, resize, rgbImage } from "@fauxgrad/models/transforms";
import { Random } from "@fauxgrad/tensor";
import { img8 } from "@fauxgrad/testing";
import { type JpegCodec, jpegSimulate, randomFor, scipyGaussianBlur } from "@fauxgrad/training";
import sharp from "sharp";
import { expect, test } from "vitest";
import {
  type AugmentationPlan,
  augmentImage,
  drawAugmentation,
  normalizationOf,
  validationImage,
} from "./augmentation.ts";
import { tgdAugmentation, tgdPresets } from "./presets.ts";
import type { AugmentationRecipe } from "./recipe.ts";

const always = tgdAugmentation({ blur: 1, jpeg: 1, cutMix: 1, flip: 1 });
const half = tgdPresets.script.transfer.augmentation;
const nothing: AugmentationPlan = { sigma: null, quality: null, isMirrored: false };

/** FNV-1a over bytes. */
function fingerprint(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

const picture = (height: number, width: number) => rgbImage(width, height, img8(height, width));

const sharpCodec: JpegCodec = {
  encode: async ({ width, height, data }, quality) =>
    sharp(data, { raw: { width, height, channels: 3 } })
      .jpeg({ quality, chromaSubsampling: "4:2:0" })
      .toBuffer(),
  decode: async (bytes) => {
    const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
    return rgbImage(info.width, info.height, new Uint8Array(data));
  },
};

// fixtures/augmentation.py: the image's bytes, and the normalised floats'.
test.each<
  [number, number, number, number | null, number | null, boolean, bytes: number, floats: number]
>([
  [256, 256, 128, null, null, false, 0x7a7e21c, 0x6b9b1896],
  [256, 256, 128, 1.25, null, false, 0x5456f806, 0x256b7d8e],
  [256, 256, 128, null, 42, true, 0xd4a133a0, 0xa29c75a8],
  [256, 256, 128, 2.875, 30, true, 0x3397766f, 0x1392654a],
  [128, 128, 128, 0.3125, 99, false, 0x65b1834e, 0x53217984],
  [100, 75, 64, 2.0, 77, true, 0x25ecbb1f, 0x4f61c11b],
  [48, 64, 96, 1.0, 55, false, 0xbfa3a31, 0x2e6ee3e4],
])(
  "matches SciPy, Pillow and torchvision bit for bit: %i x %i to %i, sigma %s, quality %s, mirrored %s",
  async (height, width, size, sigma, quality, isMirrored, bytes, floats) => {
    const plan = { sigma, quality, isMirrored };
    for (const codec of [undefined, sharpCodec]) {
      const image = await augmentImage(picture(height, width), plan, { ...always, size }, codec);
      expect(fingerprint(image.data)).toBe(bytes);
      const { pixels, shape } = imageBatch([image], normalizationOf(always));
      expect(shape).toEqual([1, size, size, 3]);
      expect(fingerprint(new Uint8Array(pixels.buffer))).toBe(floats);
    }
  },
);

test("validation resizes, and nothing else", async () => {
  const image = picture(100, 75);
  expect(validationImage(image, { size: 64 })).toEqual(resize(image, { width: 64, height: 64 }));
  const same = picture(128, 128);
  expect(validationImage(same, { size: 128 })).toEqual(same);
  expect(await augmentImage(same, nothing, always)).toEqual(same);
});

test("blur comes before JPEG, and both before the resize", async () => {
  const image = picture(64, 64);
  const plan = { sigma: 1.5, quality: 40, isMirrored: false };
  const geometry = { ...always, size: 32 };
  const small = (each: RgbImage) => resize(each, { width: 32, height: 32 });
  const inOrder = small(jpegSimulate(scipyGaussianBlur(image, 1.5), 40));
  expect(await augmentImage(image, plan, geometry)).toEqual(inOrder);
  const otherOrders = [
    small(scipyGaussianBlur(jpegSimulate(image, 40), 1.5)),
    jpegSimulate(scipyGaussianBlur(small(image), 1.5), 40),
  ];
  for (const other of otherOrders) expect(other).not.toEqual(inOrder);
});

test("the blur's truncation darkens by about a level, and can be switched off", async () => {
  const image = picture(128, 128);
  const plan = { ...nothing, sigma: 2 };
  const mean = async (truncate: boolean) => {
    const { data } = await augmentImage(image, plan, {
      ...always,
      blur: { ...always.blur, truncate },
    });
    return data.reduce((sum, byte) => sum + byte, 0) / data.length;
  };
  // Each of two truncations takes half a level of what is spread evenly.
  expect(Math.abs((await mean(false)) - (await mean(true)) - 1)).toBeLessThan(0.05);
});

test("draws have the recipe's rates and ranges", () => {
  const random = new Random(1);
  const draws = 20_000;
  const plans = Array.from({ length: draws }, () => drawAugmentation(half, random));
  const sigmas = plans.flatMap(({ sigma }) => (sigma === null ? [] : [sigma]));
  const qualities = plans.flatMap(({ quality }) => (quality === null ? [] : [quality]));
  const mirrored = plans.filter(({ isMirrored }) => isMirrored).length;
  // Five standard deviations, of a binomial count and of means of uniform draws.
  const count = 5 * Math.sqrt(draws / 4);
  for (const found of [sigmas.length, qualities.length, mirrored]) {
    expect(Math.abs(found - draws / 2)).toBeLessThan(count);
  }
  const both = plans.filter(({ sigma, quality }) => sigma !== null && quality !== null).length;
  expect(Math.abs(both - draws / 4)).toBeLessThan(5 * Math.sqrt((draws * 3) / 16));
  const mean = (values: number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;
  const standardError = (width: number, n: number) => width / Math.sqrt(12 * n);
  expect(Math.abs(mean(sigmas) - 1.5)).toBeLessThan(5 * standardError(3, sigmas.length));
  // 30 … 99, each equally likely: 100 is never drawn.
  expect(Math.abs(mean(qualities) - 64.5)).toBeLessThan(5 * standardError(70, qualities.length));
  expect([Math.min(...qualities), Math.max(...qualities)]).toEqual([30, 99]);
  expect(qualities.every(Number.isInteger)).toBe(true);
  expect(Math.max(...sigmas)).toBeLessThan(3);
});

test("an image's draws depend on its own generator, and not on the rates", () => {
  const draw = (recipe: AugmentationRecipe, position: number) =>
    drawAugmentation(recipe, randomFor(7, "augment", 3, position));
  expect(draw(half, 5)).toEqual(draw(half, 5));
  expect(draw(always, 5)).not.toEqual(draw(always, 6));
  for (let position = 0; position < 50; position += 1) {
    const { sigma, quality, isMirrored } = draw(half, position);
    const full = draw(always, position);
    expect([null, full.sigma]).toContain(sigma);
    expect([null, full.quality]).toContain(quality);
    expect(full.isMirrored).toBe(true);
    const noBlur = draw({ ...half, blur: { ...half.blur, rate: 0 } }, position);
    expect(noBlur).toEqual({ sigma: null, quality, isMirrored });
    const noJpeg = draw({ ...half, jpeg: { ...half.jpeg, rate: 0 } }, position);
    expect(noJpeg).toEqual({ sigma, quality: null, isMirrored });
  }
});

test("without normalisation bytes become [0, 1]", () => {
  const image = rgbImage(2, 1, Uint8Array.of(0, 51, 255, 1, 2, 3));
  const { pixels } = imageBatch([image], normalizationOf({ normalization: "none" }));
  expect(pixels).toEqual(Float32Array.of(0, 51 / 255, 1, 1 / 255, 2 / 255, 3 / 255));
  expect(normalizationOf({ normalization: "half" })).toBe("half");
});
