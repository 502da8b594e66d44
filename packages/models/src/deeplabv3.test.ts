import { tensor } from "@fauxgrad/tensor";
import { describe } from "vitest";
import { DeepLabV3 } from "./deeplabv3.ts";
import { expect, test } from "./test-gpu.ts";
import {
  expectGradient,
  filledState,
  type GradientVector,
  image,
  inputGradient,
  networkRule,
} from "./test-vectors.ts";

/** Appendix A.3: torchvision's ResNet-50 variant in float64, one image of 64 x 64, `out` summed. */
const GRADIENT: GradientVector = {
  sum: 2.436521273e4,
  l1: 4.922221718e5,
  l2: 5.778762407e3,
  min: -2.454530627e2,
  max: 2.178158833e2,
  points: [-5.429253915e1, 9.55421145e1, -6.326264192, 2.670542114e1],
  bytes: [105, 188, 132, 150],
  byteSum: 1673576,
};

/** Parameters of the auxiliary head: 3×3, norm, 1×1 with bias. */
const AUXILIARY = 256 * 1024 * 9 + 2 * 256 + 256 * 21 + 21;

describe("the description alone", () => {
  test("parameters and entries are torchvision's, without the auxiliary head's", () => {
    const small = new DeepLabV3("resnet50");
    expect(small.numParameters()).toBe(42_004_074 - AUXILIARY);
    const large = new DeepLabV3("resnet101");
    expect(large.numParameters()).toBe(60_996_202 - AUXILIARY);
    expect(large.expectedState().size).toBe(676 - 8);
    const state = small.expectedState();
    expect(state.size).toBe(370 - 8);
    const head = [...state.keys()].filter((name) => name.startsWith("classifier."));
    const norm = ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"];
    const unit = (name: string, i: number) => [
      `${name}${i}.weight`,
      ...norm.map((part) => `${name}${i + 1}.${part}`),
    ];
    expect(head).toEqual([
      ...[0, 1, 2, 3].flatMap((i) => unit(`classifier.0.convs.${i}.`, 0)),
      ...unit("classifier.0.convs.4.", 1),
      ...unit("classifier.0.project.", 0),
      ...unit("classifier.", 1),
      "classifier.4.weight",
      "classifier.4.bias",
    ]);
    expect(state.get("classifier.0.convs.3.0.weight")).toEqual([256, 2048, 3, 3]);
    expect(state.get("classifier.0.project.0.weight")).toEqual([256, 1280, 1, 1]);
    expect(state.get("classifier.4.weight")).toEqual([21, 256, 1, 1]);
    expect(state.get("backbone.layer3.0.downsample.0.weight")).toEqual([1024, 512, 1, 1]);
  });

  test("depth and classes are inferred from the weights", () => {
    const state = new DeepLabV3("resnet101", { numClasses: 5 }).expectedState();
    expect([...DeepLabV3.fromState(state).expectedState()]).toEqual([...state]);
    expect(() => DeepLabV3.fromState(new Map())).toThrow(
      "deeplabv3: the weights are not those of such a network\n  found  nothing\n" +
        "Pass a state dict with the names backbone.conv1.weight, …, classifier.4.bias.",
    );
  });
});

test("out and input gradient are torchvision's", { timeout: 600_000 }, async ({ gpu }) => {
  const network = new DeepLabV3().eval().requiresGrad_(false);
  const state = filledState(network, networkRule);
  const bias = { dtype: "float32", shape: [21], data: new Float32Array(21) };
  state.set("aux_classifier.4.bias", bias);
  network.load(gpu, state);
  const { output, gradient } = await inputGradient(gpu, network, image(1, 64), [1, 64, 64, 3]);
  network.dispose();
  expect(output).toHaveLength(64 * 64 * 21);
  // The first three of the specification lie side by side in one class.
  for (const x of [0, 1, 2]) {
    expect(Math.abs((output[21 * x] ?? 0) / -2.024985047 - 1)).toBeLessThan(1e-4);
  }
  const total = output.reduce((sum, value) => sum + value, 0);
  expect(Math.abs(total / -3.593661899e4 - 1)).toBeLessThan(1e-4);
  // f32 PyTorch is 9e-4 away in the L2 norm and 1 level in the bytes.
  expectGradient(gradient, 64, GRADIENT, { relative: 5e-3, bytes: 2, byteSum: 1e-3 });
});

test("inputs that are no images say so", ({ gpu }) => {
  const input = tensor(gpu, new Float32Array(9), [1, 3, 3, 1]);
  expect(() => new DeepLabV3().forward(input)).toThrow(
    "deeplabv3: input must be images of 3 channels and at least 1 x 1 pixels\n" +
      "  input     [1, 3, 3, 1]",
  );
  input.dispose();
});
