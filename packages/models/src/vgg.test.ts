import { tensor } from "@fauxgrad/tensor";
import { describe } from "vitest";
import { expect, test } from "./test-gpu.ts";
import { expectNetwork, recordedVector } from "./test-networks.ts";
import { Vgg16 } from "./vgg.ts";

describe("the description alone", () => {
  test("parameters and entries are torchvision's", () => {
    const network = new Vgg16();
    expect(network.numParameters()).toBe(138_357_544);
    const state = network.expectedState();
    const features = [0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28].map((i) => `features.${i}`);
    const layers = [...features, "classifier.0", "classifier.3", "classifier.6"];
    expect([...state.keys()]).toEqual(layers.flatMap((name) => [`${name}.weight`, `${name}.bias`]));
    expect(state.get("features.28.weight")).toEqual([512, 512, 3, 3]);
    expect(state.get("classifier.0.weight")).toEqual([4096, 25_088]);
    expect(Vgg16.fromState(state).numParameters()).toBe(138_357_544);
  });

  test("other networks' weights are refused", () => {
    expect(() => Vgg16.fromState(new Map([["conv1.weight", [64, 3, 7, 7]]]))).toThrow(
      "vgg16: the weights are not those of such a network\n  found  conv1.weight\n" +
        "Pass a state dict with the names features.0.weight, …, classifier.6.bias.",
    );
  });
});

test("a narrow network is PyTorch's at 256 pixels, where the pool overlaps", async ({ gpu }) => {
  const network = new Vgg16({ width: 8, hidden: 36, numClasses: 10 });
  const vector = recordedVector("vgg16 small");
  // A pre-activation next to 0, or a near tie in a pool, may turn over in f32.
  const tolerance = { output: 1e-5, relative: 2e-3, bytes: 1, byteSum: 1e-4 };
  await expectNetwork(gpu, network, 256, vector, tolerance);
});

test("images that are too small say how large they must be", ({ gpu }) => {
  const input = tensor(gpu, new Float32Array(64 * 64 * 3), [1, 64, 64, 3]);
  expect(() => new Vgg16().forward(input)).toThrow(
    "vgg16: input must be images of 3 channels and at least 224 x 224 pixels\n" +
      "  input     [1, 64, 64, 3]\n  expected  [N, H, W, 3]\n" +
      "Resize the images, and pass R G B in the last axis.",
  );
  input.dispose();
});
