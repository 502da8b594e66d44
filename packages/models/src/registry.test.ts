import { scope, tensor } from "@fauxgrad/tensor";
import { describe, test as plainTest } from "vitest";
import { fromFloat32, type HostTensor } from "./checkpoint/index.ts";
import {
  ClipResNet,
  createModel,
  describeModel,
  isModelName,
  loadModel,
  modelNames,
  VisionTransformer,
} from "./index.ts";
import { expect, test } from "./test-gpu.ts";
import { discriminatorRule, filledState, image, networkRule } from "./test-vectors.ts";

const tiny = { resolution: 16, fmapsBase: 256, fmapsMax: 16 };

/** A state as a checkpoint holds it. */
function checkpoint(name: string, dtype: "float32" | "float16" = "float32") {
  const { network } = createModel(name, { options: tiny });
  const tensors = new Map<string, HostTensor>();
  for (const [key, { shape, data }] of filledState(network, discriminatorRule)) {
    tensors.set(key, fromFloat32(Float32Array.from(data, Number), shape, dtype));
  }
  return tensors;
}

plainTest("every network is described", () => {
  const rows = modelNames.map((name) => {
    const { parameters, input, expectedKeys } = describeModel(name);
    return [name, input.size, input.smallest, parameters, expectedKeys().size];
  });
  expect(rows).toEqual([
    ["pggan", 256, null, 23_052_353, 45],
    ["stylegan", 256, null, 23_052_353, 51],
    ["stylegan2", 256, null, 28_864_129, 50],
    ["vgg16", 224, 224, 138_357_544, 32],
    ["resnet50", 224, 1, 25_557_032, 320],
    ["inception_v3", 299, 75, 23_834_568, 566],
    ["inception_v3_nsfwjs", 299, 75, 21_785_568, 564],
    ["clip_rn50", 224, null, 38_316_896, 339],
    ["vit_b_16", 224, null, 86_567_656, 152],
    ["deeplabv3_resnet50", 520, 1, 39_638_869, 362],
    ["deeplabv3_resnet101", 520, 1, 58_630_997, 668],
    ["idinvert_encoder", 256, null, 165_326_848, 120],
    ["efficientnet_b0", 224, 1, 5_288_548, 360],
    ["resnext50_32x4d", 224, 1, 25_028_904, 320],
    ["tgd_efficientnet_b0", 128, 32, 4_010_110, 213],
    ["tgd_resnext50_32x4d", 128, 1, 22_984_002, 161],
    ["small_cnn", 128, 16, 219_482, 26],
  ]);
  const { expectedKeys, options } = describeModel("pggan");
  expect(expectedKeys({ resolution: "1024" }).size).toBe(57);
  expect(options.map(({ key }) => key)).toContain("minibatchStddev");
  for (const name of modelNames) {
    const { options: known, title } = describeModel(name);
    const defaults = Object.fromEntries(known.map(({ key, default: value }) => [key, value]));
    // The defaults that are told are those that are used.
    expect([...describeModel(name).expectedKeys(defaults)], title).toEqual([
      ...describeModel(name).expectedKeys(),
    ]);
  }
});

plainTest("networks come frozen, in evaluation mode, with their input's size", () => {
  const { network, input } = createModel("stylegan2", { options: { ...tiny, fmapsMax: "8" } });
  expect(input.size).toBe(16);
  expect(network.training).toBe(false);
  expect(network.parameters().every(({ requiresGrad }) => !requiresGrad)).toBe(true);
  const inferred = createModel("stylegan2", { state: network.expectedState() });
  expect(inferred.input.size).toBe(16);
  expect(inferred.network.expectedState()).toEqual(network.expectedState());
  const resnet = describeModel("resnet50").expectedKeys({ numClasses: 1 });
  expect(createModel("resnet50", { state: resnet }).network.numParameters()).toBe(23_510_081);
});

plainTest("weights decide the side of the images and how they are normalised", () => {
  const vit = { imageSize: 32, layers: 1, heads: 2, hiddenSize: 128, mlpSize: 8, numClasses: 3 };
  const shapes = new VisionTransformer(vit).expectedState();
  const ours = createModel("vit_b_16", { state: shapes, options: { heads: 4 } });
  expect(ours.input).toMatchObject({ size: 32, range: "ImageNet-normalised" });
  const timm = new Map([
    ["cls_token", [1, 1, 128]],
    ["pos_embed", [1, 5, 128]],
    ["patch_embed.proj.weight", [128, 3, 16, 16]],
    ["blocks.0.mlp.fc1.weight", [8, 128]],
    ["head.weight", [3, 128]],
  ]);
  const theirs = createModel("vit_b_16", { state: timm });
  expect(theirs.input).toMatchObject({ size: 32, range: "[-1, 1]" });
  expect(theirs.input.normalization.mean).toEqual([0.5, 0.5, 0.5]);
  expect([...theirs.network.expectedState()]).toEqual([...shapes]);
});

describe("what is wrong with a name or an option is said", () => {
  plainTest("names", () => {
    expect(isModelName("toString")).toBe(false);
    expect(() => createModel("vgg")).toThrow(
      'models: there is no network called "vgg"\n' +
        "  known  pggan, stylegan, stylegan2, vgg16, resnet50, inception_v3, " +
        "inception_v3_nsfwjs, clip_rn50, vit_b_16, deeplabv3_resnet50, deeplabv3_resnet101, " +
        "idinvert_encoder, efficientnet_b0, resnext50_32x4d, tgd_efficientnet_b0, " +
        "tgd_resnext50_32x4d, small_cnn\n" +
        "Choose one of these.",
    );
  });

  plainTest("options", () => {
    const make = (options: Record<string, string>) => () => createModel("resnet50", { options });
    expect(make({ classes: "3" })).toThrow(
      'resnet50: there is no option "classes"\n  known  numClasses, widthPercent\nChoose one of these.',
    );
    expect(make({ numClasses: "3.5" })).toThrow(
      'resnet50: numClasses is "3.5"\nPass a whole number.',
    );
    expect(() => createModel("stylegan", { options: { fusedScale: "yes" } })).toThrow(
      'stylegan: fusedScale is "yes"\nPass true or false.',
    );
    expect(() => createModel("stylegan", { options: { minibatchStddev: "none" } })).toThrow(
      'stylegan: minibatchStddev is "none"\nChoose per-sample or batch.',
    );
    for (const stages of [99, "0", -1]) {
      expect(() => createModel("tgd_efficientnet_b0", { options: { stages } })).toThrow(
        `tgd_efficientnet_b0: stages is ${JSON.stringify(stages)}\nPass a whole number from 1 to 7.`,
      );
    }
    const state = createModel("stylegan", { options: tiny }).network.expectedState();
    expect(() => createModel("stylegan", { state, options: { resolution: 16 } })).toThrow(
      "stylegan: resolution follows from the weights\n  given  16\nLeave resolution out.",
    );
  });
});

describe("checkpoints", () => {
  test("load with sizes inferred, without the constants", async ({ gpu }) => {
    const tensors = checkpoint("stylegan");
    tensors.delete("lod");
    const { network, input } = loadModel(gpu, "stylegan", tensors, { minibatchStddev: "batch" });
    expect(input.size).toBe(16);
    const state = await network.stateDict();
    expect(state.get("layer2.weight")?.data).toEqual(tensors.get("layer2.weight")?.data);
    expect(network).toMatchObject({ minibatchStddev: "batch", lod: 0 });
    const run = () => network.forward(tensor(gpu, image(2, 16), [2, 16, 16, 3])).read();
    expect(await scope(run)).toHaveLength(2);
    network.dispose();
  });

  test("of half precision, and in other projects' names", async ({ gpu }) => {
    const tensors = checkpoint("stylegan2", "float16");
    const renamed = new Map<string, HostTensor>();
    const ada: readonly (readonly [RegExp, string])[] = [
      [/^input0/, "b16.fromrgb"],
      [/^skip_layer0/, "b16.skip"],
      [/^skip_layer1/, "b8.skip"],
      [/^layer0/, "b16.conv0"],
      [/^layer1/, "b16.conv1"],
      [/^layer2/, "b8.conv0"],
      [/^layer3/, "b8.conv1"],
      [/^layer4/, "b4.conv"],
      [/^layer5/, "b4.fc"],
      [/^layer6/, "b4.out"],
    ];
    for (const [name, tensor] of tensors) {
      const [from, to] = ada.find(([pattern]) => pattern.test(name)) ?? [/$/, ""];
      renamed.set(name.replace(from, to), tensor);
    }
    const { network } = loadModel(gpu, "stylegan2", renamed);
    const state = await network.stateDict();
    const weight = tensors.get("layer3.weight");
    expect(weight?.dtype).toBe("float16");
    const loaded = state.get("layer3.weight");
    expect(loaded?.shape).toEqual(weight?.shape);
    expect(Math.abs(Number(loaded?.data[0]))).toBeGreaterThan(0);
    network.dispose();
  });

  test("of a CLIP archive in half precision, text tower and all", async ({ gpu }) => {
    const sizes = { layers: [1, 1, 1, 1], width: 8, resolution: 32, outputSize: 4 } as const;
    const half = new Map<string, HostTensor>();
    for (const [key, { shape, data }] of filledState(new ClipResNet(sizes), networkRule)) {
      half.set(key, fromFloat32(Float32Array.from(data, Number), shape, "float16"));
    }
    half.set("logit_scale", fromFloat32(new Float32Array(1), []));
    half.set("transformer.resblocks.0.ln_1.weight", fromFloat32(new Float32Array(2), [2]));
    const { network, input } = loadModel(gpu, "clip_rn50", half);
    expect(input.size).toBe(32);
    const run = () => network.forward(tensor(gpu, image(1, 32), [1, 32, 32, 3])).read();
    expect(await scope(run)).toHaveLength(4);
    network.dispose();
  });

  test("of T-GD's authors, with the switch for squeeze and excitation", async ({ gpu }) => {
    const tensors = new Map<string, HostTensor>();
    for (const [key, shape] of describeModel("tgd_efficientnet_b0").expectedKeys()) {
      const count = shape.reduce((product, length) => product * length, 1);
      const values = Float32Array.from({ length: count }, (_, i) => ((i * 37) % 101) / 101 - 0.5);
      tensors.set(key, fromFloat32(values, shape));
    }
    const logits: Float32Array[] = [];
    for (const standardizeSE of ["true", "false"]) {
      const { network } = loadModel(gpu, "tgd_efficientnet_b0", tensors, { standardizeSE });
      const run = () => network.forward(tensor(gpu, image(1, 32), [1, 32, 32, 3])).read();
      logits.push(await scope(run));
      network.dispose();
    }
    expect(logits[0]).toHaveLength(2);
    expect(logits[1]).not.toEqual(logits[0]);
  });

  test("that do not fit list everything", ({ gpu }) => {
    const tensors = checkpoint("pggan");
    tensors.delete("layer0.bias");
    tensors.set("extra", fromFloat32(new Float32Array(1), [1]));
    tensors.set("layer1.weight", fromFloat32(new Float32Array(9), [1, 1, 3, 3]));
    expect(() => loadModel(gpu, "pggan", tensors)).toThrow(
      /missing \(1 of 21\)\n {4}layer0\.bias.*\n.*unexpected \(1 .*\n {4}extra.*\n.*mis-shaped/,
    );
  });
});
