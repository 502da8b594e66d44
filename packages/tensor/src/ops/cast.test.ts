// Plan: tensors in f16 go through casts, convolutions and products where nothing is recorded, and are
// refused where it would be; weights of modules in f16 hold half the memory and compute alike.

import { describe } from "vitest";
import { noGrad } from "../autograd.ts";
import { tensor } from "../factories.ts";
import { Conv2d, castWeights, Linear, Sequential } from "../nn/index.ts";
import { scope } from "../scope.ts";
import { expect, test } from "../test-gpu.ts";
import { castTo } from "./cast.ts";
import { conv2d } from "./conv2d.ts";
import { linear } from "./linear.ts";
import { reshape } from "./reshape.ts";

test("f16 flows through convolutions and products", async ({ gpu }) => {
  using input = tensor(gpu, [1, 2, 3, 4], [1, 2, 2, 1]);
  using kernel = tensor(gpu, [1, -1, 2, 0.5], [1, 1, 1, 4], { dtype: "f16" });
  using weight = tensor(gpu, [1, 0, 0, 1, 1, 1, 2, 2], [4, 2]);
  using bias = tensor(gpu, [0.25, 0], [2]);
  using output = scope(() => {
    const half = conv2d(castTo(input, "f16"), kernel, null, { activation: { slope: 0 } });
    expect(half.dtype).toBe("f16");
    return linear(reshape(half, [4, 4]), weight, bias);
  });
  expect(output.toString()).toBe("Tensor([4, 2], f16)");
  // Rows x·[1, 0, 2, ½], times the weight: [1 + 2 + 1, 2 + 1] · x.
  expect([...(await output.read())]).toEqual([4.25, 3, 8.25, 6, 12.25, 9, 16.25, 12]);
  using wide = castTo(output, "f32");
  expect([...(await wide.read())]).toEqual([...(await output.read())]);
  using one = tensor(gpu, [1.5], [1], { dtype: "f16" });
  expect(await one.item()).toBe(1.5);
});

test("weights of modules in f16", async ({ gpu }) => {
  const network = new Sequential(new Conv2d(4, 8, 3), new Conv2d(8, 4, 1, { bias: false }));
  network.to(gpu, { seed: 1 }).requiresGrad_(false);
  using input = tensor(gpu, new Float32Array(100).fill(0.5), [1, 5, 5, 4]);
  const run = async () => {
    using output = noGrad(() => network.forward(input));
    return output.read();
  };
  const before = await run();
  castWeights(network, "f16");
  const weights = network.parameters().filter(({ shape }) => shape.length === 4);
  expect(weights.map(({ tensor: { dtype, data } }) => [dtype, data.bytes])).toEqual([
    ["f16", 2 * 288],
    ["f16", 2 * 32],
  ]);
  const after = await run();
  // Two layers of weights, each rounded by 2⁻¹¹ or less; Σ|terms| ≤ 36 · ⅙ · ½ · 8 · ⅓.
  const bound = 2 * 2 ** -11 * 8;
  for (const [i, value] of after.entries()) {
    expect(Math.abs(value - (before[i] ?? Number.NaN))).toBeLessThan(bound);
  }
  expect(after).not.toEqual(before);
  const state = await network.stateDict();
  network.load(gpu, state);
  expect(await run()).toEqual(after);
  castWeights(network, "f32");
  expect(await run()).toEqual(after);
  network.dispose();
});

describe("messages", () => {
  test("an operation with f16 that would be recorded", ({ gpu }) => {
    using input = tensor(gpu, [1, 2], [1, 2], { requiresGrad: true });
    using weight = tensor(gpu, [1, 2], [2, 1], { dtype: "f16" });
    expect(() => castTo(input, "f16")).toThrow(
      "castTo: f16 has no gradients\n  inputs  [1, 2] f32\n  output  [1, 2] f16\n" +
        "Compute with f16 inside noGrad, or freeze the inputs.",
    );
    expect(() => linear(input, weight)).toThrow(
      "linear: f16 has no gradients\n  inputs  [1, 2] f32, [2, 1] f16, none\n" +
        "  output  [1, 1] f32\nCompute with f16 inside noGrad, or freeze the inputs.",
    );
    using free = noGrad(() => linear(input, weight));
    expect(free.requiresGrad).toBe(false);
  });

  test("a gradient of a tensor in f16, its elements as integers", async ({ gpu }) => {
    using half = tensor(gpu, [1, 2], [2], { dtype: "f16" });
    expect(() => {
      half.requiresGrad = true;
    }).toThrow("requiresGrad: only f32 tensors have gradients\n  tensor  [2] f16\nCast it to f32.");
    await expect(half.readIntegers()).rejects.toThrow(
      "readIntegers: the elements are f16\nUse read().",
    );
  });

  test("weights that are trained", ({ gpu }) => {
    const layer = new Sequential(new Linear(2, 2)).to(gpu, { seed: 1 });
    expect(() => castWeights(layer, "f16")).toThrow(
      "castWeights: the weight of 0 is trained, in f32\n" +
        "Freeze the module first: requiresGrad_(false).",
    );
    layer.dispose();
  });
});
