import { tensor } from "@fauxgrad/tensor";
import { describe } from "vitest";
import { ClipResNet } from "./clip-resnet.ts";
import { expect, test } from "./test-gpu.ts";
import { expectNetwork, recordedVector } from "./test-networks.ts";
import { filledState, networkRule } from "./test-vectors.ts";

const SMALL = { layers: [2, 1, 2, 1], width: 8, resolution: 64, outputSize: 12 } as const;

describe("the description alone", () => {
  test("parameters and entries are those of OpenAI's RN50", () => {
    const network = new ClipResNet();
    expect(network.numParameters()).toBe(38_316_896);
    const state = network.expectedState();
    expect(state.size).toBe(339);
    const expected: [string, number[]][] = [
      ["visual.conv1.weight", [32, 3, 3, 3]],
      ["visual.conv3.weight", [64, 32, 3, 3]],
      ["visual.bn3.num_batches_tracked", []],
      ["visual.layer1.0.downsample.0.weight", [256, 64, 1, 1]],
      ["visual.layer3.5.conv2.weight", [256, 256, 3, 3]],
      ["visual.layer4.0.downsample.1.running_var", [2048]],
      ["visual.attnpool.positional_embedding", [50, 2048]],
      ["visual.attnpool.q_proj.weight", [2048, 2048]],
      ["visual.attnpool.k_proj.bias", [2048]],
      ["visual.attnpool.v_proj.weight", [2048, 2048]],
      ["visual.attnpool.c_proj.weight", [1024, 2048]],
    ];
    for (const [name, shape] of expected) expect(state.get(name), name).toEqual(shape);
    expect([...state.keys()].every((name) => name.startsWith("visual."))).toBe(true);
  });

  test("sizes are inferred from the weights, among others'", () => {
    const state = new ClipResNet(SMALL).expectedState();
    const archive = new Map([...state, ["text_projection", [512, 12]], ["logit_scale", []]]);
    const network = ClipResNet.fromState(archive);
    expect([...network.expectedState()]).toEqual([...state]);
    expect(network.resolution).toBe(64);
    expect(() => ClipResNet.fromState(new Map([["conv1.weight", [1]]]))).toThrow(
      "clip: the weights are not those of such a network\n  found  conv1.weight\n" +
        "Pass a state dict with the names visual.conv1.weight, …, visual.attnpool.c_proj.bias.",
    );
  });
});

test("a small tower is PyTorch's", async ({ gpu }) => {
  const tolerance = { output: 1e-5, relative: 1e-4, bytes: 1, byteSum: 1e-5 };
  const vector = recordedVector("clip_rn50 small");
  await expectNetwork(gpu, new ClipResNet(SMALL), 64, vector, tolerance);
});

test("the text tower is passed over", ({ gpu }) => {
  const network = new ClipResNet(SMALL);
  const state = filledState(network, networkRule);
  state.set("logit_scale", { dtype: "float32", shape: [], data: [1] });
  network.load(gpu, state);
  expect(network.visual.conv1.weight.isOnDevice).toBe(true);
  network.dispose();
});

test("images of another size are refused", ({ gpu }) => {
  const input = tensor(gpu, new Float32Array(32 * 32 * 3), [1, 32, 32, 3]);
  expect(() => new ClipResNet(SMALL).forward(input)).toThrow(
    "clip: input must be images of 3 channels and 64 x 64 pixels\n  input     [1, 32, 32, 3]",
  );
  input.dispose();
});
