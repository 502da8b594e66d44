import { type RgbImage, resize, rgbImage } from "@fauxgrad/models/transforms";
import { img8 } from "@fauxgrad/testing";
import { jpegSimulate } from "@fauxgrad/training";
import { expect, test } from "vitest";
import { knownRanges, unfamiliarTraits } from "./familiarity.ts";
import { type ImageStatistics, imageStatistics, statisticNames } from "./image-statistics.ts";

const SIDE = 64;
const noise = rgbImage(SIDE, SIDE, img8(SIDE, SIDE));

function painted(colour: (x: number, y: number) => readonly [number, number, number]): RgbImage {
  const image = rgbImage(SIDE, SIDE);
  for (let y = 0; y < SIDE; y += 1) {
    for (let x = 0; x < SIDE; x += 1) image.data.set(colour(x, y), 3 * (y * SIDE + x));
  }
  return image;
}

/** Coarse and fine structure in colours, as photographs have both. */
function scene(seed: number): RgbImage {
  const part = (side: number, from: number) => {
    const data = img8(SIDE * 8, SIDE).subarray(from, from + 3 * side * side);
    return resize(rgbImage(side, side, data), { width: SIDE, height: SIDE }, "bicubic");
  };
  const [coarse, middle, fine] = [part(8, 192 * seed), part(24, 2000 * seed), part(SIDE, 3 * seed)];
  const data = coarse.data.map((value, i) =>
    Math.round(0.6 * value + 0.3 * middle.data[i]! + 0.1 * fine.data[i]!),
  );
  return rgbImage(SIDE, SIDE, data);
}

const scenes = Array.from({ length: 20 }, (_, i) => imageStatistics([scene(i + 1)]));
const ranges = knownRanges(scenes, 0);
const traits = (image: RgbImage, isPadded = false) =>
  unfamiliarTraits(imageStatistics([image]), { ranges }, isPadded, 128).map(({ what }) => what);

test("statistics have the values of their definitions", () => {
  const ramp = imageStatistics([painted((x) => [3 * x, 3 * x, 3 * x])]);
  expect(ramp.texture).toBeCloseTo(0, 9);
  expect([ramp.flatness, ramp.colour]).toEqual([0, 0]);
  expect(ramp.fineness).toBeCloseTo(0.25, 12);
  expect(ramp.blocking).toBeCloseTo(1, 9);
  const red = imageStatistics([painted(() => [200, 40, 90])]);
  expect(red).toEqual({ texture: 0, flatness: 1, colour: 160, fineness: 0.25, blocking: 1 });
  // Neighbours are independent, so that both distances have the same mean square: 1 up to a few
  // percent of 2 · 62 · 64 pairs.
  expect(Math.abs(imageStatistics([noise]).fineness - 1)).toBeLessThan(0.05);
  const dots = imageStatistics([
    painted((x, y) => (x === 5 && y === 5 ? [255, 255, 255] : [0, 0, 0])),
  ]);
  // |4·255| at the dot and 255 at each of its four neighbours.
  expect(dots.texture).toBeCloseTo((8 * 255) / 62 ** 2, 9);
  // Steps of 8 levels at every eighth column, of none elsewhere.
  const steps = imageStatistics([painted((x) => [8 * (x >> 3), 0, 0])]);
  expect(steps.blocking).toBeCloseTo(((0.299 * 8 + 0.5) / 0.5 + 1) / 2, 9);
});

test("the mean over the parts", () => {
  const [a, b] = [imageStatistics([noise]), imageStatistics([scene(1)])];
  const both = imageStatistics([noise, scene(1)]);
  for (const name of statisticNames) expect(both[name]).toBeCloseTo((a[name] + b[name]) / 2, 12);
});

test("blocks of strong JPEG show at any phase", () => {
  const coded = jpegSimulate(scene(3), 10);
  const plain = imageStatistics([scene(3)]).blocking;
  const shifted = painted((x, y) => {
    const at = 3 * (((y + 3) % SIDE) * SIDE + ((x + 5) % SIDE));
    return [coded.data[at]!, coded.data[at + 1]!, coded.data[at + 2]!];
  });
  for (const image of [coded, shifted]) {
    expect(imageStatistics([image]).blocking).toBeGreaterThan(1.2 * plain);
  }
});

test("what was learned from is familiar, other things are not", () => {
  for (const [i] of scenes.entries()) expect(traits(scene(i + 1))).toEqual([]);
  const drawing = painted((x, y) => (x > 20 && y > 12 ? [250, 210, 40] : [30, 60, 200]));
  expect(traits(drawing)).toContain("flatness");
  expect(traits(painted(() => [128, 128, 128]))).toEqual([
    "texture",
    "flatness",
    "colour",
    "fineness",
  ]);
  const { data } = scene(2);
  expect(traits(painted((x, y) => new Array(3).fill(data[3 * (y * SIDE + x)]) as never))).toContain(
    "colour",
  );
  expect(traits(noise)).toContain("fineness");
  const small = resize(scene(4), { width: 16, height: 16 }, "bilinear");
  expect(traits(resize(small, { width: SIDE, height: SIDE }, "bicubic"))).toContain("fineness");
  expect(traits(scene(1), true)).toEqual(["size"]);
});

test("ranges leave out a tail at each end, and have no lower bound where less is no fault", () => {
  const images = Array.from({ length: 100 }, (_, i): ImageStatistics => {
    const value = (i * 37) % 100;
    return { texture: value, flatness: value, colour: value, fineness: value, blocking: value };
  });
  const { texture, flatness, blocking } = knownRanges(images, 0.02);
  expect(texture).toEqual({ low: 2, high: 97 });
  expect([flatness, blocking]).toEqual(new Array(2).fill({ low: null, high: 97 }));
  expect(() => knownRanges([], 0.01)).toThrow(
    "knownRanges: 0 images, a tail of 0.01\n" +
      "Pass the statistics of known images, and a share from 0 to below 0.5.",
  );
});

test("clauses are for people", () => {
  const blank = imageStatistics([painted(() => [9, 9, 9])]);
  const [size, texture] = unfamiliarTraits(blank, { ranges }, true, 128);
  expect(size?.text).toBe(
    "it is smaller than 128 x 128 pixels, and was extended by its mirror image",
  );
  expect(texture?.text).toBe("it has hardly any texture");
});

test("refuses parts that are too small", () => {
  expect(() => imageStatistics([rgbImage(2, 9)])).toThrow(
    "imageStatistics: 1 parts, each must have 3 x 3 pixels or more\n" +
      "Pass one part at least; enlarge smaller images first.",
  );
});
