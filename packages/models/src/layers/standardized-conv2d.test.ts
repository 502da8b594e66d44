import { conv2d, noGrad, scope, standardizeWeight, tensor } from "@fauxgrad/tensor";
import { test as plainTest } from "vitest";
import { expect, test } from "../test-gpu.ts";
import { seededMaps } from "../test-tgd.ts";
import { StandardizedConv2d, samePadding } from "./standardized-conv2d.ts";

plainTest("the padding is TensorFlow's", () => {
  // T-GD's table for even sizes (§2.3).
  expect(samePadding(224, 1, 1)).toEqual([0, 0]);
  expect(samePadding(224, 3, 1)).toEqual([1, 1]);
  expect(samePadding(224, 3, 2)).toEqual([0, 1]);
  expect(samePadding(224, 5, 1)).toEqual([2, 2]);
  expect(samePadding(224, 5, 2)).toEqual([1, 2]);
  // Odd sizes, and sizes below the kernel.
  expect(samePadding(7, 3, 2)).toEqual([1, 1]);
  expect(samePadding(7, 5, 2)).toEqual([2, 2]);
  expect(samePadding(1, 3, 2)).toEqual([1, 1]);
  expect(samePadding(2, 1, 2)).toEqual([0, 0]);
});

test("a frozen weight is standardised once, and anew when it is written", async ({ gpu }) => {
  const layer = new StandardizedConv2d(4, 8, 3, { padding: 1 }).to(gpu, { seed: 1 });
  const maps = seededMaps(1, 2, [1, 4, 6, 6]);
  const input = () => tensor(gpu, maps, [1, 6, 6, 4]);
  const run = () => scope(() => layer.forward(input()).read());
  const reference = () =>
    scope(() => {
      const weight = standardizeWeight(layer.weight.tensor);
      return conv2d(input(), weight, layer.bias?.tensor ?? null, { padding: 1 }).read();
    });
  const recorded = await run();
  expect(recorded).toEqual(await reference());
  expect(await noGrad(run)).toEqual(recorded);
  layer.requiresGrad_(false);
  const before = gpu.liveArrays().length;
  expect(await run()).toEqual(recorded);
  // Kept beside the weight since the pass without recording.
  expect(gpu.liveArrays().length).toBe(before);
  const values = Float32Array.from({ length: 8 * 4 * 9 }, (_, i) => Math.sin(i));
  layer.weight.assign(gpu, { dtype: "float32", shape: [8, 4, 3, 3], data: values });
  const written = await run();
  expect(written).not.toEqual(recorded);
  expect(written).toEqual(await reference());
  layer.dispose();
});

test("the same padding is of each input's size, and of each axis", ({ gpu }) => {
  const layer = new StandardizedConv2d(2, 8, 5, { padding: "same", stride: 2 });
  layer.to(gpu, { seed: 1 });
  for (const [height, width] of [
    [6, 7],
    [7, 6],
    [1, 2],
  ] as const) {
    const output = scope(() => {
      const maps = seededMaps(1, 2, [1, 2, height, width]);
      return layer.forward(tensor(gpu, maps, [1, height, width, 2]));
    });
    expect(output.shape).toEqual([1, Math.ceil(height / 2), Math.ceil(width / 2), 8]);
    output.dispose();
  }
  layer.dispose();
});
