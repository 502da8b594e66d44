import { ones, scope, tensor } from "@fauxgrad/tensor";
import { describe } from "vitest";
import { expect, test } from "./test-gpu.ts";
import {
  expectGradient,
  filledState,
  type GradientVector,
  image,
  inputGradient,
  networkRule,
} from "./test-vectors.ts";
import { VisionTransformer } from "./vision-transformer.ts";

/** Appendix A.3: torchvision's ViT-B/16 in float64, one image of 224 x 224. */
const GRADIENT: GradientVector = {
  sum: -4.190040839e1,
  l1: 2.361282123e4,
  l2: 9.257988916e1,
  min: -3.252928844,
  max: 3.06062896,
  points: [-4.048863561e-1, 1.417319005e-1, -4.722426171e-1, 5.112386931e-2],
  bytes: [115, 137, 112, 133],
  byteSum: 19775110,
};

const TINY = {
  imageSize: 32,
  patchSize: 16,
  layers: 2,
  heads: 2,
  hiddenSize: 128,
  mlpSize: 24,
  numClasses: 5,
};

/** What timm calls each of torchvision's tensors. */
const TIMM: readonly (readonly [string, string])[] = [
  ["class_token", "cls_token"],
  ["encoder.pos_embedding", "pos_embed"],
  ["conv_proj.", "patch_embed.proj."],
  ["encoder.ln.", "norm."],
  ["heads.head.", "head."],
  ["encoder.layers.encoder_layer_", "blocks."],
  [".ln_", ".norm"],
  [".self_attention.in_proj_", ".attn.qkv."],
  [".self_attention.out_proj.", ".attn.proj."],
  [".mlp.0.", ".mlp.fc1."],
  [".mlp.3.", ".mlp.fc2."],
];

const renamed = <T>(state: ReadonlyMap<string, T>, rules: readonly (readonly [string, string])[]) =>
  new Map(
    [...state].map(([name, value]) => [
      rules.reduce((current, [from, to]) => current.replace(from, to), name),
      value,
    ]),
  );

describe("the description alone", () => {
  test("parameters and entries are torchvision's", () => {
    const network = new VisionTransformer();
    expect(network.numParameters()).toBe(86_567_656);
    const state = network.expectedState();
    expect(state.size).toBe(152);
    const layer = "encoder.layers.encoder_layer_11.";
    const both = (name: string) => [`${name}.weight`, `${name}.bias`];
    const names = [
      ...both(`${layer}ln_1`),
      `${layer}self_attention.in_proj_weight`,
      `${layer}self_attention.in_proj_bias`,
      ...both(`${layer}self_attention.out_proj`),
      ...["ln_2", "mlp.0", "mlp.3"].flatMap((name) => both(layer + name)),
      ...both("encoder.ln"),
      ...both("heads.head"),
    ];
    expect([...state.keys()].slice(-names.length)).toEqual(names);
    expect([...state.keys()].slice(0, 4)).toEqual([
      "class_token",
      ...both("conv_proj"),
      "encoder.pos_embedding",
    ]);
    expect(state.get("encoder.pos_embedding")).toEqual([1, 197, 768]);
    expect(state.get(`${layer}self_attention.in_proj_weight`)).toEqual([2304, 768]);
    expect(state.get(`${layer}mlp.3.weight`)).toEqual([768, 3072]);
  });

  test("sizes are inferred from the weights, in timm's names too", () => {
    const state = new VisionTransformer(TINY).expectedState();
    const timm = renamed(state, TIMM);
    expect(timm.has("blocks.1.attn.qkv.weight")).toBe(true);
    for (const shapes of [state, timm]) {
      const network = VisionTransformer.fromState(shapes);
      expect([...network.expectedState()]).toEqual([...state]);
      expect(network.resolution).toBe(32);
    }
    expect(() => VisionTransformer.fromState(new Map([["conv1.weight", [1]]]))).toThrow(
      "vit: the weights are not those of such a network\n  found  conv1.weight\n" +
        "Pass a state dict with the names class_token, conv_proj.weight, …, heads.head.bias.",
    );
  });
});

test("logits and input gradient are torchvision's", { timeout: 600_000 }, async ({ gpu }) => {
  const network = new VisionTransformer().eval().requiresGrad_(false);
  network.load(gpu, filledState(network, networkRule));
  const { output, gradient } = await inputGradient(gpu, network, image(1, 224), [1, 224, 224, 3]);
  network.dispose();
  const first = [5.629732724e-1, -1.257733101, 2.432082666];
  for (const [i, logit] of first.entries()) {
    expect(Math.abs((output[i] ?? 0) / logit - 1)).toBeLessThan(1e-4);
  }
  const total = output.reduce((sum, logit) => sum + logit, 0);
  expect(Math.abs(total / 16.06418649 - 1)).toBeLessThan(1e-3);
  // f32 PyTorch is 5e-6 away in the L2 norm, and no byte differs by more than 1.
  expectGradient(gradient, 224, GRADIENT, { relative: 1e-4, bytes: 1, byteSum: 1e-5 });
});

test("names of timm and of older torchvision load as today's", async ({ gpu }) => {
  const network = new VisionTransformer(TINY);
  const state = filledState(network, networkRule);
  const older = [
    [".mlp.0.", ".mlp.linear_1."],
    [".mlp.3.", ".mlp.linear_2."],
  ] as const;
  const logits: Float32Array[] = [];
  for (const tensors of [state, renamed(state, TIMM), renamed(state, older)]) {
    network.load(gpu, tensors);
    const run = () => network.forward(tensor(gpu, image(2, 32), [2, 32, 32, 3])).read();
    logits.push(await scope(run));
    network.dispose();
  }
  expect(logits[0]).toHaveLength(10);
  expect(logits[0]?.some((value) => Math.abs(value) > 0.1)).toBe(true);
  expect(logits[1]).toEqual(logits[0]);
  expect(logits[2]).toEqual(logits[0]);
});

test("every parameter learns", async ({ gpu }) => {
  const network = new VisionTransformer(TINY);
  network.load(gpu, filledState(network, networkRule));
  await scope(async () => {
    const output = network.forward(tensor(gpu, image(2, 32), [2, 32, 32, 3]));
    output.backward(ones(gpu, output.shape));
    for (const [name, { tensor: parameter }] of network.namedParameters()) {
      const gradient = await parameter.grad?.read();
      expect(
        gradient?.some((value) => value !== 0),
        name,
      ).toBe(true);
    }
  });
  network.dispose();
});

test("images of another size are refused", ({ gpu }) => {
  const input = tensor(gpu, new Float32Array(48 * 48 * 3), [1, 48, 48, 3]);
  expect(() => new VisionTransformer(TINY).forward(input)).toThrow(
    "vit: input must be images of 3 channels and 32 x 32 pixels\n  input     [1, 48, 48, 3]\n" +
      "  expected  [N, H, W, 3]\nResize the images, and pass R G B in the last axis.",
  );
  input.dispose();
});
