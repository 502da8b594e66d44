import { noGrad, scope, type Tensor, tensor } from "@fauxgrad/tensor";
import { describe } from "vitest";
import { EfficientNet } from "./efficientnet.ts";
import { efficientNetStages } from "./efficientnet-table.ts";
import { expect, test } from "./test-gpu.ts";
import { expectNetwork, recordedVector } from "./test-networks.ts";
import { loadFilled, seededImages } from "./test-tgd.ts";

const SMALL = { widthMultiplier: 0.25, stages: efficientNetStages.slice(0, 3) } as const;

describe("torchvision's form", () => {
  test("has its parameters and names", () => {
    const network = new EfficientNet({ form: "torchvision" });
    expect(network.numParameters()).toBe(5_288_548);
    const state = network.expectedState();
    expect(state.size).toBe(360);
    const expected: [string, number[]][] = [
      ["features.0.0.weight", [32, 3, 3, 3]],
      ["features.0.1.running_var", [32]],
      ["features.1.0.block.0.0.weight", [32, 1, 3, 3]],
      ["features.1.0.block.1.fc1.weight", [8, 32, 1, 1]],
      ["features.1.0.block.2.1.bias", [16]],
      ["features.2.0.block.0.0.weight", [96, 16, 1, 1]],
      ["features.6.3.block.2.fc2.bias", [1152]],
      ["features.7.0.block.3.0.weight", [320, 1152, 1, 1]],
      ["features.8.1.num_batches_tracked", []],
      ["classifier.1.weight", [1000, 1280]],
    ];
    for (const [name, shape] of expected) expect(state.get(name), name).toEqual(shape);
    const same = EfficientNet.fromState(state, { form: "torchvision" });
    expect([...same.expectedState()]).toEqual([...state]);
  });

  test("gives its logits and input gradient", async ({ gpu }) => {
    const network = new EfficientNet({ form: "torchvision" });
    // Float32 PyTorch is 9e-7 away in the gradient.
    const tolerance = { output: 1e-6, relative: 2e-5, bytes: 1, byteSum: 1e-5 };
    await expectNetwork(gpu, network, 64, recordedVector("efficientnet_b0"), tolerance);
  });
});

test("cut at any of its maps, a network gives the same logits", async ({ gpu }) => {
  const network = new EfficientNet(SMALL).eval();
  loadFilled(gpu, network);
  const images = seededImages(2, 32);
  const run = (work: (input: Tensor) => Tensor) =>
    scope(() => noGrad(() => work(tensor(gpu, images, [2, 32, 32, 3])).read()));
  const whole = await run((input) => network.forward(input));
  expect(network.featureLayers).toEqual([
    ...["stem", "blocks.0", "blocks.1", "blocks.2", "blocks.3", "blocks.4", "head"],
  ]);
  for (const layer of network.featureLayers) {
    const cut = await run((input) => network.logits(network.features(input, layer), layer));
    expect(cut, layer).toEqual(whole);
  }
  expect(await run((input) => network.logits(network.features(input)))).toEqual(whole);
  const stem = scope(() => network.features(tensor(gpu, images, [2, 32, 32, 3]), "stem"));
  expect(stem.shape).toEqual([2, 16, 16, 8]);
  stem.dispose();
  expect(() => scope(() => network.features(tensor(gpu, images, [2, 32, 32, 3]), "body"))).toThrow(
    'efficientnet: there is no layer "body"\n' +
      "  known  stem, blocks.0, blocks.1, blocks.2, blocks.3, blocks.4, head\nChoose one of these.",
  );
  network.dispose();
});

test("paddings agree on multiples of 32, and differ elsewhere", async ({ gpu }) => {
  const logits = async (padding: "frozen" | "same", size: number) => {
    const network = new EfficientNet({ ...SMALL, padding }).eval();
    loadFilled(gpu, network);
    const shape = [1, size, size, 3];
    const found = await scope(() =>
      noGrad(() => network.forward(tensor(gpu, seededImages(1, size), shape)).read()),
    );
    network.dispose();
    return found;
  };
  expect(await logits("same", 32)).toEqual(await logits("frozen", 32));
  expect(await logits("same", 33)).not.toEqual(await logits("frozen", 33));
  // Below 8 pixels three stages of stride 2 leave the frozen padding without a place.
  expect((await logits("same", 7)).every(Number.isFinite)).toBe(true);
  expect((await logits("frozen", 8)).every(Number.isFinite)).toBe(true);
  const network = new EfficientNet(SMALL);
  expect(() => scope(() => network.forward(tensor(gpu, seededImages(1, 7), [1, 7, 7, 3])))).toThrow(
    "efficientnet: input must be images of 3 channels and at least 8 x 8 pixels\n" +
      "  input     [1, 7, 7, 3]\n  expected  [N, H, W, 3]\n" +
      "Resize the images, and pass R G B in the last axis.",
  );
});
