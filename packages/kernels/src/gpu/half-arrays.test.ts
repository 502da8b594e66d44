// Plan: arrays of f16 on their way to the device and back, in odd numbers too; what they are refused
// for; casts in both directions.

import { describe } from "vitest";
import { conv2d } from "../ops/conv2d/conv2d.ts";
import { conv2dGeometry } from "../ops/conv2d/geometry.ts";
import { castTo } from "../ops/elementwise/cast.ts";
import { fill } from "../ops/elementwise/in-place.ts";
import { unary } from "../ops/elementwise/unary.ts";
import { expect, test } from "../test-gpu.ts";

test("values are rounded to the nearest f16 and read back as f32", async ({ gpu }) => {
  const values = [1 / 3, -2049, 65504, 1e6, -0];
  const array = gpu.upload(values, [5], "f16");
  expect(array.bytes).toBe(12);
  expect([...(await array.read())]).toEqual([0.333251953125, -2048, 65504, Infinity, -0]);
  gpu.write(array, [1, 2, 3, 4, 5]);
  const view = array.reshape([5, 1]);
  expect([...(await view.read())]).toEqual([1, 2, 3, 4, 5]);
  const zeros = gpu.zeros([3], "f16");
  expect([...(await zeros.read())]).toEqual([0, 0, 0]);
  for (const each of [array, view, zeros]) each.dispose();
});

test("half as many bytes are alive", ({ gpu }) => {
  const before = gpu.stats.liveBytes;
  const array = gpu.empty([1024, 1024], "f16");
  expect(gpu.stats.liveBytes - before).toBe(2 * 2 ** 20);
  array.dispose();
});

test("a copy keeps the elements' type", async ({ gpu }) => {
  const source = gpu.upload([1, 2, 3], [3], "f16");
  const target = gpu.zeros([3], "f16");
  gpu.copy(source, target);
  expect([...(await target.read())]).toEqual([1, 2, 3]);
  const wide = gpu.zeros([3]);
  expect(() => gpu.copy(source, wide)).toThrow(
    "copy: the source is f16, the target f32\nUse castTo.",
  );
  for (const array of [source, target, wide]) array.dispose();
});

test.for([1, 5, 1024, 1027])("casts of %i elements", async (size, { gpu }) => {
  const values = Float32Array.from({ length: size }, (_, i) => (i - 500) / 8);
  const wide = gpu.upload(values, [size]);
  const half = castTo(gpu, wide, "f16");
  const back = castTo(gpu, half, "f32");
  expect([half.dtype, back.dtype, back.shape]).toEqual(["f16", "f32", [size]]);
  // Multiples of 1/8 below 128 are exact in f16.
  expect(await half.read()).toEqual(values);
  expect(await back.read()).toEqual(values);
  for (const array of [wide, half, back]) array.dispose();
});

test("a cast rounds to a neighbour, and keeps what is no number", async ({ gpu }) => {
  const wide = gpu.upload([1 + 2 ** -11, 1e6, -Infinity, Number.NaN], [4]);
  const half = castTo(gpu, wide, "f16");
  const [first, ...rest] = await half.read();
  expect([1, 1 + 2 ** -10]).toContain(first);
  expect(rest).toEqual([Infinity, -Infinity, Number.NaN]);
  const same = castTo(gpu, half, "f16");
  expect(same.storage).toBe(half.storage);
  for (const array of [wide, half, same]) array.dispose();
});

test("a captured step replays with arrays of f16", async ({ gpu }) => {
  const g = conv2dGeometry([1, 3, 1, 1], [1, 1, 1, 3]);
  const input = gpu.upload([1, 2, 3], [1, 3, 1, 1]);
  const weight = gpu.upload([1, 10, 100], [1, 1, 1, 3], "f16");
  const step = gpu.capture(() => {
    using half = castTo(gpu, input, "f16");
    using output = conv2d(gpu, half, weight, g);
    return castTo(gpu, output, "f32");
  });
  gpu.write(input, [4, 5, 6]);
  step.replay();
  expect([...(await step.result.read())]).toEqual([4, 40, 400, 5, 50, 500, 6, 60, 600]);
  step.dispose();
  input.dispose();
  weight.dispose();
});

describe("messages", () => {
  test("an operation that does not take f16", ({ gpu }) => {
    const half = gpu.zeros([4], "f16");
    expect(() => unary(gpu, "relu", half)).toThrow("relu: x is f16, not f32\nCast it with castTo.");
    expect(() => fill(gpu, half, 1)).toThrow("fill: output is f16, not f32\nCast it with castTo.");
    half.dispose();
  });

  test("a cast of integers", ({ gpu }) => {
    const integers = gpu.zeros([4], "u32");
    expect(() => castTo(gpu, integers, "f16")).toThrow(
      "castTo: x is u32, neither f32 nor f16\nUpload it as f32.",
    );
    integers.dispose();
  });
});
