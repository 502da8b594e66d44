import { jet, rgbImage } from "@fauxgrad/models/transforms";
import { randomFloats } from "@fauxgrad/testing";
import { expect, test } from "vitest";
import {
  type ActivationMap,
  classActivationMap,
  type FeatureMap,
  gradCam,
  logitOfMap,
  mapForClass,
  normalizeMap,
} from "./activation-map.ts";
import { mapToHeat, overlayMap } from "./overlay.ts";

const features = (width: number, height: number, channels: number, seed = 1): FeatureMap => ({
  width,
  height,
  channels,
  data: randomFloats(width * height * channels, seed),
});

const mapOf = (width: number, values: number[]): ActivationMap => ({
  width,
  height: values.length / width,
  values: Float64Array.from(values),
});

test("the mean of a class activation map is the logit without its bias", () => {
  const input = features(7, 5, 64);
  const weight = randomFloats(64, 2);
  // Global mean first, then the linear layer: the network's own order.
  let logit = 0.25;
  for (let c = 0; c < 64; c += 1) {
    let mean = 0;
    for (let place = 0; place < 35; place += 1) mean += input.data[place * 64 + c]! / 35;
    logit += weight[c]! * mean;
  }
  // 64 · 35 products below 1, in float64.
  const bound = 64 * 35 * 2 ** -52;
  expect(Math.abs(logitOfMap(classActivationMap(input, weight), 0.25) - logit)).toBeLessThan(bound);
});

test("places and channels are where they belong", () => {
  const input = { width: 2, height: 1, channels: 3, data: Float32Array.of(1, 2, 3, 4, 5, 6) };
  expect([...classActivationMap(input, [1, 10, 100]).values]).toEqual([321, 654]);
});

test("Grad-CAM weighs channels by their mean gradient and keeps what is positive", () => {
  const input = { width: 2, height: 1, channels: 2, data: Float32Array.of(1, 2, 3, -4) };
  const gradients = { ...input, data: Float32Array.of(1, 0.5, 3, 1.5) };
  // Weights (1 + 3) / 2 and (0.5 + 1.5) / 2.
  expect([...gradCam(input, gradients).values]).toEqual([2 * 1 + 1 * 2, 2 * 3 - 4]);
  const against = { ...input, data: Float32Array.of(-1, 0.5, -3, 1.5) };
  expect([...gradCam(input, against).values]).toEqual([0, 0]);
});

test("Grad-CAM of a global mean and a linear layer is the positive part of CAM", () => {
  const input = features(4, 3, 16);
  const weight = randomFloats(16, 5);
  // ∂logit / ∂features[y, x, c] = weight[c] / 12.
  const data = Float32Array.from(input.data, (_, i) => weight[i % 16]!);
  const expected = classActivationMap(input, weight).values.map((value) => Math.max(0, value));
  const { values } = gradCam(input, { ...input, data });
  for (const [place, value] of values.entries()) {
    expect(Math.abs(value - expected[place]!)).toBeLessThan(16 * 2 ** -50);
  }
});

test("the map of the real class is the negated one; predicted follows the logit", () => {
  const map = mapOf(2, [1, -2]);
  expect(mapForClass(map, "fake", -5)).toBe(map);
  expect([...mapForClass(map, "real", 5).values]).toEqual([-1, 2]);
  expect(mapForClass(map, "predicted", 0.1)).toBe(map);
  // A logit of 0 is a probability of one half, and real.
  expect([...mapForClass(map, "predicted", 0).values]).toEqual([-1, 2]);
});

test("normalises to [0, 1], and a flat map to 0", () => {
  expect([...normalizeMap(mapOf(2, [-1, 0, 1, 3])).values]).toEqual([0, 0.25, 0.5, 1]);
  expect([...normalizeMap(mapOf(2, [4, 4])).values]).toEqual([0, 0]);
  expect([...normalizeMap(mapOf(2, [0, 0]), 1e-7).values]).toEqual([0, 0]);
  const [, high] = normalizeMap(mapOf(2, [0, 1]), 1e-7).values;
  expect(high).toBe(1 / (1e-7 + 1));
  expect(() => normalizeMap(mapOf(2, [0, Number.NaN]))).toThrow(
    "normalizeMap: the value at place 1 is NaN\n" +
      "Check the network's weights: finite features cannot give this.",
  );
});

test("heat is truncated to bytes, enlarged between pixel centres, and coloured", () => {
  // ⌊255 · 0.5⌋ = 127 everywhere.
  const flat = mapToHeat(mapOf(2, [0.5, 0.5, 0.5, 0.5]), { width: 5, height: 3 });
  expect([...flat.data.subarray(0, 3)]).toEqual(jet(127 / 255));
  const ramp = mapToHeat(mapOf(2, [0, 1]), { width: 4, height: 1 });
  // Centres at −1/4, 1/4, 3/4 and 5/4 of the distance: 0, 63.75, 191.25 and 255.
  expect(ramp.data).toEqual(
    Uint8Array.from([0, 64, 191, 255].flatMap((level) => jet(level / 255))),
  );
  expect(() => mapToHeat(mapOf(1, [1.5]), { width: 2, height: 2 })).toThrow(
    "mapToHeat: the value at place 0 is 1.5\nPass a map in [0, 1]: normalizeMap makes one.",
  );
});

test("the overlay is 0.3 heat and 0.5 image, or stretched to full brightness", () => {
  const picture = rgbImage(1, 1, Uint8Array.of(100, 200, 250));
  const [red, green, blue] = jet(1);
  const mix = [0.3 * red + 50, 0.3 * green + 100, 0.3 * blue + 125];
  expect([...overlayMap(picture, mapOf(1, [1])).data]).toEqual(mix.map(Math.round));
  const stretched = overlayMap(picture, mapOf(1, [1]), { heat: 0.5, image: 0.5, stretch: true });
  expect(Math.max(...stretched.data)).toBe(255);
  const clipped = overlayMap(picture, mapOf(1, [1]), { heat: 1, image: 1 });
  expect(clipped.data[0]).toBe(Math.min(255, red + 100));
});

test("refuses sizes that do not agree", () => {
  expect(() => classActivationMap(features(2, 2, 3), [1, 2])).toThrow(
    "classActivationMap: the features have 3 channels, the weight 2\n" +
      "Pass the row of the linear layer that follows the global mean of these features.",
  );
  expect(() => gradCam(features(2, 2, 3), features(2, 1, 3))).toThrow(
    "gradCam: features and gradients have different sizes\n" +
      "  features   [2, 2, 3]\n  gradients  [1, 2, 3]\n" +
      "Pass the gradient with respect to these features.",
  );
  expect(() => gradCam({ ...features(2, 2, 3), width: 3 }, features(2, 2, 3))).toThrow(
    "gradCam: 12 values for [2, 3, 3]\nPass the features of one image, channels last.",
  );
});
