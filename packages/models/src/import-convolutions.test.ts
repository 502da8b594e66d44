import { describe, expect, test } from "vitest";
import { fromFloat32, type HostTensor, toFloat32 } from "./checkpoint/index.ts";
import { EfficientNet } from "./efficientnet.ts";
import { importConvolutions } from "./import-convolutions.ts";
import { ResNet } from "./resnet.ts";
import { filledState, networkRule } from "./test-vectors.ts";

/** The floats of a network's state, as a file has them. */
function fileOf(network: EfficientNet | ResNet): Map<string, HostTensor> {
  const file = new Map<string, HostTensor>();
  for (const [name, { dtype, shape, data }] of filledState(network, networkRule)) {
    if (dtype === "float32") file.set(name, fromFloat32(Float32Array.from(data, Number), shape));
  }
  return file;
}

describe("EfficientNet", () => {
  // All blocks, narrow: 16 in 7 stages.
  const tgd = new EfficientNet({ widthMultiplier: 0.25 });
  const file = fileOf(new EfficientNet({ form: "torchvision", widthMultiplier: 0.25 }));

  test("torchvision's convolutions come under T-GD's names", () => {
    const { tensors, taken, kept, left } = importConvolutions(tgd, file);
    // 81 weights and 32 biases; 98 vectors of the norms and the classifier's two stay.
    expect(tensors.size).toBe(113);
    expect(kept).toHaveLength(100);
    expect(kept.every((name) => /_gn|_fc/.test(name))).toBe(true);
    // Each of 49 norms has four vectors, the classifier two.
    expect(left).toHaveLength(49 * 4 + 2);
    expect(left.at(-1)).toBe("classifier.1.bias");
    const pairs = [
      ["_conv_stem.weight", "features.0.0.weight"],
      ["_blocks.0._depthwise_conv.weight", "features.1.0.block.0.0.weight"],
      ["_blocks.0._se_reduce.bias", "features.1.0.block.1.fc1.bias"],
      ["_blocks.0._project_conv.weight", "features.1.0.block.2.0.weight"],
      ["_blocks.1._expand_conv.weight", "features.2.0.block.0.0.weight"],
      ["_blocks.4._se_expand.weight", "features.3.1.block.2.fc2.weight"],
      ["_blocks.15._project_conv.weight", "features.7.0.block.3.0.weight"],
      ["_conv_head.weight", "features.8.0.weight"],
    ];
    for (const [ours = "", theirs = ""] of pairs) {
      expect(taken.get(ours)).toBe(theirs);
      expect(tensors.get(ours)?.data).toEqual(file.get(theirs)?.data);
    }
    for (const [name, { shape }] of tensors) expect(tgd.expectedState().get(name)).toEqual(shape);
  });

  test("EfficientNet-PyTorch's names are T-GD's but for the norms", () => {
    const upstream = new Map<string, HostTensor>();
    for (const [name, tensor] of fileOf(tgd)) upstream.set(name.replace("_gn", "_bn"), tensor);
    const { tensors, left } = importConvolutions(tgd, upstream);
    expect(tensors.size).toBe(113);
    expect(left).toHaveLength(100);
    expect(left.slice(0, 2)).toEqual(["_bn0.weight", "_bn0.bias"]);
  });

  test("what does not fit is listed", () => {
    const damaged = new Map(file);
    damaged.delete("features.0.0.weight");
    damaged.set("features.0.0.weight", fromFloat32(new Float32Array(3), [1, 3, 1, 1]));
    damaged.delete("features.8.0.weight");
    expect(() => importConvolutions(tgd, damaged)).toThrow(
      "importConvolutions: 2 convolutions do not fit\n" +
        "  features.0.0.weight  file [1, 3, 1, 1], network [8, 3, 3, 3]\n" +
        "  features.8.0.weight  file nothing, network [320, 80, 1, 1]\n" +
        "Choose weights of the same architecture and width.",
    );
    expect(() => importConvolutions(tgd, new Map())).toThrow(
      "efficientnet: the weights are not those of such a network\n  found  nothing\n" +
        "Pass a state dict with the names features.0.0.weight, … or _conv_stem.weight, ….",
    );
  });
});

test("ResNeXt's convolutions have the same names in both forms", () => {
  const network = new ResNet("resnext50_32x4d", { form: "tgd" });
  // One value for each tensor: filling 25 million differently takes a while.
  const file = new Map<string, HostTensor>();
  for (const [name, shape] of new ResNet("resnext50_32x4d").expectedState()) {
    const count = shape.reduce((product, size) => product * size, 1);
    const data = new Float32Array(count).fill(file.size);
    if (!name.endsWith("num_batches_tracked")) file.set(name, fromFloat32(data, shape));
  }
  const { tensors, taken, kept, left } = importConvolutions(network, file);
  expect(tensors.size).toBe(53);
  expect(kept).toHaveLength(161 - 53);
  expect(left).toHaveLength(53 * 4 + 2);
  expect([...taken].every(([ours, theirs]) => ours === theirs)).toBe(true);
  const name = "layer4.0.downsample.0.weight";
  expect(tensors.get(name)?.data[7]).toBe(toFloat32(file.get(name)!)[7]);
});
