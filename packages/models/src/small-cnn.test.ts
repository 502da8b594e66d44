import { scope, tensor } from "@fauxgrad/tensor";
import { describe, test as plainTest } from "vitest";
import { SmallCnn } from "./small-cnn.ts";
import { expect, test } from "./test-gpu.ts";
import { expectNetwork, recordedVector } from "./test-networks.ts";
import { filledState, image, networkRule } from "./test-vectors.ts";

describe("the description alone", () => {
  plainTest("sizes and names follow from the width, and back", () => {
    // 3×3 weights 9 · (3·24 + 24·48 + 48·96 + 96·192), norms 2 · 360, classifier 2 · 192 + 2.
    expect(new SmallCnn().numParameters()).toBe(219_482);
    const state = new SmallCnn({ width: 4, numClasses: 3 }).expectedState();
    expect(state.get("conv4.weight")).toEqual([32, 16, 3, 3]);
    expect(state.get("fc.weight")).toEqual([3, 32]);
    expect([...SmallCnn.fromState(state).expectedState()]).toEqual([...state]);
    expect(new SmallCnn().featureLayers).toEqual(["conv1", "conv2", "conv3", "conv4"]);
  });

  plainTest("other networks' weights are refused", () => {
    expect(() => SmallCnn.fromState(new Map([["conv1.weight", [64, 3, 7, 7]]]))).toThrow(
      "small-cnn: the weights are not those of such a network\n  found  conv1.weight\n" +
        "Pass a state dict with the names conv1.weight, …, bn4.running_var, fc.bias.",
    );
  });
});

test("logits and input gradient are PyTorch's", async ({ gpu }) => {
  const tolerance = { output: 1e-5, relative: 2e-5, bytes: 1, byteSum: 1e-5 };
  await expectNetwork(gpu, new SmallCnn(), 64, recordedVector("small_cnn"), tolerance);
});

test("it can be cut at each of its maps", async ({ gpu }) => {
  using network = new SmallCnn({ width: 4 }).eval();
  network.load(gpu, filledState(network, networkRule));
  const rows = await scope(async () => {
    const input = tensor(gpu, image(1, 32), [1, 32, 32, 3]);
    const cut = network.featureLayers.map((layer) => {
      const maps = network.features(input, layer);
      return { shape: maps.shape, logits: network.logits(maps, layer).read() };
    });
    const whole = await network.forward(input).read();
    return Promise.all(
      cut.map(async ({ shape, logits }) => ({ shape, logits: await logits, whole })),
    );
  });
  expect(rows.map(({ shape }) => shape)).toEqual([
    [1, 16, 16, 4],
    [1, 8, 8, 8],
    [1, 4, 4, 16],
    [1, 2, 2, 32],
  ]);
  for (const { logits, whole } of rows) expect(logits).toEqual(whole);
});

test("images that are too small say how large they must be", ({ gpu }) => {
  const input = tensor(gpu, new Float32Array(15 * 15 * 3), [1, 15, 15, 3]);
  expect(() => new SmallCnn().forward(input)).toThrow(
    "small-cnn: input must be images of 3 channels and at least 16 x 16 pixels\n" +
      "  input     [1, 15, 15, 3]\n  expected  [N, H, W, 3]\n" +
      "Resize the images, and pass R G B in the last axis.",
  );
  input.dispose();
});
