import { type RgbImage, rgbImage } from "@fauxgrad/models/transforms";
import { Random } from "@fauxgrad/tensor";
import { img8 } from "@fauxgrad/testing";
import sharp from "sharp";
import { expect, test } from "vitest";
import { drawPerturbation, type PerturbationMode } from "./draw-perturbation.ts";
import type { JpegCodec } from "./jpeg.ts";
import { addGaussianNoise } from "./noise.ts";
import { openCvGaussianBlur } from "./opencv-gaussian.ts";
import { applyPerturbation, describePerturbation, type Perturbation } from "./perturbation.ts";
import { randomCrop, randomFlip } from "./random-geometry.ts";

const picture = rgbImage(40, 24, img8(24, 40));

const sharpCodec: JpegCodec = {
  encode: async ({ width, height, data }, quality) =>
    sharp(data, { raw: { width, height, channels: 3 } })
      .jpeg({ quality, chromaSubsampling: "4:2:0" })
      .toBuffer(),
  decode: async (bytes) => {
    const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, data };
  },
};

function psnr(a: RgbImage, b: RgbImage): number {
  const squares = a.data.reduce((sum, byte, i) => sum + (byte - b.data[i]!) ** 2, 0);
  return 10 * Math.log10(255 ** 2 / (squares / a.data.length));
}

function draws(mode: PerturbationMode, options: object = {}): (Perturbation | null)[] {
  return Array.from({ length: 400 }, (_, index) =>
    drawPerturbation({ mode, seed: 11, ...options }, { path: `gan/0_real/${index}.png`, index }),
  );
}

const ofKind = <Kind extends Perturbation["kind"]>(kind: Kind, drawn: (Perturbation | null)[]) =>
  drawn.filter((each): each is Extract<Perturbation, { kind: Kind }> => each?.kind === kind);

test("perturbs half of the images, always the same ones", () => {
  const drawn = draws("blur");
  // Five standard deviations of 400 coins.
  expect(Math.abs(ofKind("blur", drawn).length - 200)).toBeLessThan(50);
  expect(draws("blur")).toEqual(drawn);
  expect(draws("blur", { seed: 12 })).not.toEqual(drawn);
  expect(draws("blur", { probability: 0 }).every((each) => each === null)).toBe(true);
  expect(draws("blur", { probability: 1 }).includes(null)).toBe(false);
  const alone = drawPerturbation(
    { mode: "blur", seed: 11 },
    { path: "gan/0_real/7.png", index: 0 },
  );
  expect(alone).toEqual(drawn[7]);
});

test("draws the intended parameters over their whole range", () => {
  const all = { probability: 1 };
  const kernels = ofKind("blur", draws("blur", all));
  expect(new Set(kernels.map(({ kernelSize }) => kernelSize))).toEqual(new Set([3, 5, 7, 9]));
  expect(kernels.every(({ sigma }) => sigma === 4)).toBe(true);

  const noises = ofKind("noise", draws("noise", all)).map(({ sigma }) => sigma);
  expect(Math.min(...noises)).toBeGreaterThan(Math.sqrt(5));
  expect(Math.min(...noises)).toBeLessThan(Math.sqrt(5.3));
  expect(Math.max(...noises)).toBeLessThan(Math.sqrt(20));
  expect(Math.max(...noises)).toBeGreaterThan(Math.sqrt(19.7));

  const qualities = ofKind("jpeg", draws("jpeg", all));
  expect(Math.min(...qualities.map(({ quality }) => quality))).toBe(10);
  expect(Math.max(...qualities.map(({ quality }) => quality))).toBe(74);
  expect(qualities.every(({ channelOrder }) => channelOrder === "rgb")).toBe(true);

  const shares = ofKind("cropping", draws("cropping", all)).map(({ share }) => share);
  expect(Math.min(...shares)).toBeGreaterThan(0.05);
  expect(Math.max(...shares)).toBeLessThan(0.2);
});

test("draws what the script of Frank et al. draws", () => {
  const script = { probability: 1, parameters: "frank-script" };
  const noises = ofKind("noise", draws("noise", script)).map(({ sigma }) => sigma);
  expect(Math.min(...noises)).toBeGreaterThan(5);
  expect(Math.max(...noises)).toBeGreaterThan(19.5);
  for (const each of ofKind("jpeg", draws("jpeg", script))) {
    expect(each).toEqual({ kind: "jpeg", quality: 95, channelOrder: "bgr" });
  }
  expect(ofKind("cropping", draws("cropping", script)).every(({ swapSides }) => swapSides)).toBe(
    true,
  );
});

test("combined takes the four in turn, whatever the coin says", () => {
  const order = ["noise", "blur", "jpeg", "cropping"];
  for (const [index, each] of draws("combined").entries()) {
    if (each !== null) expect(each.kind).toBe(order[index % 4]);
  }
});

test("noise has its standard deviation, is clipped, and truncates", () => {
  const grey = rgbImage(100, 100, new Uint8Array(30000).fill(128));
  const { data } = addGaussianNoise(grey, 10, new Random(5));
  const mean = data.reduce((sum, byte) => sum + byte, 0) / data.length;
  const variance = data.reduce((sum, byte) => sum + (byte - mean) ** 2, 0) / data.length;
  // Five standard errors: 10 / √30000 of the mean, 100 · √(2 / 30000) of the variance.
  expect(Math.abs(mean - 127.5)).toBeLessThan(0.29);
  // Truncation adds 1/12.
  expect(Math.abs(variance - 100 - 1 / 12)).toBeLessThan(4.1);
  const white = addGaussianNoise(rgbImage(8, 8, new Uint8Array(192).fill(255)), 20, new Random(5));
  expect(white.data.filter((byte) => byte === 255).length).toBeGreaterThan(60);
  expect(() => addGaussianNoise(grey, Number.NaN, new Random(1))).toThrow(
    "addGaussianNoise: sigma is NaN\nPass a standard deviation in grey levels, at least 0.",
  );
});

test.each([
  [95, 40.38],
  [75, 36.92],
  [50, 34.99],
  [10, 29.59],
])("a JPEG round trip loses what the specification says: quality %i", async (quality, expected) => {
  const source = rgbImage(256, 256, img8(256, 256));
  const blurred = openCvGaussianBlur(source, { kernelSize: 9, sigma: 4 });
  const coded = await applyPerturbation(
    blurred,
    { kind: "jpeg", quality, channelOrder: "rgb" },
    sharpCodec,
  );
  expect(Math.abs(psnr(blurred, coded) - expected)).toBeLessThan(0.005);
});

test("without a codec the round trip is simulated, to the same pixels", async () => {
  for (const channelOrder of ["rgb", "bgr"] as const) {
    const jpeg = { kind: "jpeg", quality: 42, channelOrder } as const;
    const coded = await applyPerturbation(picture, jpeg, sharpCodec);
    expect(await applyPerturbation(picture, jpeg)).toEqual({
      ...coded,
      data: new Uint8Array(coded.data),
    });
  }
});

test("bgr codes exchanged channels and gives them back in order", async () => {
  const seen: number[][] = [];
  const codec: JpegCodec = {
    encode: async ({ data }) => {
      seen.push([...data.subarray(0, 3)]);
      return data;
    },
    decode: async (data) => ({ width: 40, height: 24, data }),
  };
  const jpeg = { kind: "jpeg", quality: 95 } as const;
  const swapped = await applyPerturbation(picture, { ...jpeg, channelOrder: "bgr" }, codec);
  const plain = await applyPerturbation(picture, { ...jpeg, channelOrder: "rgb" }, codec);
  const [red, green, blue] = picture.data;
  expect(seen).toEqual([
    [blue, green, red],
    [red, green, blue],
  ]);
  expect(swapped.data).toEqual(picture.data);
  expect(plain.data).toEqual(picture.data);
});

test("cropping takes the same share off both sides and restores the size", async () => {
  const cropping = { kind: "cropping", share: 0.2 } as const;
  const kept = await applyPerturbation(picture, { ...cropping, swapSides: false });
  expect([kept.width, kept.height]).toEqual([40, 24]);
  const swapped = await applyPerturbation(picture, { ...cropping, swapSides: true });
  expect([swapped.width, swapped.height]).toEqual([24, 40]);
  const nothing = await applyPerturbation(picture, { ...cropping, share: 0.04, swapSides: false });
  expect(nothing.data).toEqual(picture.data);
});

test("every kind can be applied and described", async () => {
  const cases: [Perturbation, string][] = [
    [{ kind: "noise", sigma: 3.456, seed: 1 }, "noise sigma=3.46"],
    [{ kind: "blur", kernelSize: 5, sigma: 4 }, "blur k=5 sigma=4"],
    [{ kind: "jpeg", quality: 60, channelOrder: "rgb" }, "jpeg q=60"],
    [{ kind: "jpeg", quality: 95, channelOrder: "bgr" }, "jpeg q=95 bgr"],
    [{ kind: "cropping", share: 0.1234, swapSides: false }, "cropping 12.3%"],
    [{ kind: "gaussian", sigma: 1 }, "gaussian sigma=1"],
    [{ kind: "rescale", factor: 0.5 }, "rescale x0.5"],
  ];
  for (const [perturbation, words] of cases) {
    const perturbed = await applyPerturbation(picture, perturbation, sharpCodec);
    expect(perturbed.data).not.toEqual(picture.data);
    expect(await applyPerturbation(picture, perturbation, sharpCodec)).toEqual(perturbed);
    expect(describePerturbation(perturbation)).toBe(words);
  }
});

test("refuses parameters outside their range", async () => {
  const jpeg = { kind: "jpeg", quality: 50, channelOrder: "rgb" } as const;
  await expect(applyPerturbation(picture, { ...jpeg, quality: 50.5 }, sharpCodec)).rejects.toThrow(
    "jpegRoundTrip: quality is 50.5\nPass a whole number in 1..100.",
  );
  const rotating = { ...sharpCodec, decode: async () => rgbImage(24, 40) };
  await expect(applyPerturbation(picture, jpeg, rotating)).rejects.toThrow(
    "jpegRoundTrip: the codec returned another size\n  image    40 x 24\n  decoded  24 x 40\n" +
      "Pass a codec that neither rotates nor scales.",
  );
  await expect(applyPerturbation(picture, { kind: "rescale", factor: 0 })).rejects.toThrow(
    "applyPerturbation: factor is 0\nPass a factor above 0.",
  );
  await expect(
    applyPerturbation(picture, { kind: "cropping", share: 1, swapSides: false }),
  ).rejects.toThrow("applyPerturbation: share is 1\nPass a share in [0, 1).");
  expect(() =>
    drawPerturbation({ mode: "blur", seed: 1, probability: 2 }, { path: "", index: 0 }),
  ).toThrow("drawPerturbation: probability is 2\nPass a share in [0, 1].");
});

test("random crops reach every place, and flips happen half of the time", () => {
  const random = new Random(3);
  const places = new Set<number>();
  for (let i = 0; i < 200; i += 1) {
    places.add(randomCrop(picture, { width: 38, height: 22 }, random).data[0]! * 256);
  }
  // 3 x 3 places, whose first bytes differ.
  expect(places.size).toBe(9);
  expect(randomCrop(picture, { width: 40, height: 24 }, random).data).toEqual(picture.data);
  expect(() => randomCrop(picture, { width: 41, height: 24 }, random)).toThrow("crop: the window");
  const flips = Array.from({ length: 400 }, () => randomFlip(picture, random) !== picture);
  expect(Math.abs(flips.filter(Boolean).length - 200)).toBeLessThan(50);
  expect(randomFlip(picture, random, 0)).toBe(picture);
});
