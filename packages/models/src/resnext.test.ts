import { noGrad, scope, tensor } from "@fauxgrad/tensor";
import { describe, test as plainTest } from "vitest";
import { ResNet } from "./resnet.ts";
import { expect, test } from "./test-gpu.ts";
import { expectNetwork, recordedVector } from "./test-networks.ts";
import { expectWithin, learningStep, loadFilled, seededImages } from "./test-tgd.ts";

const NAME = "resnext50_32x4d";

describe("the description alone", () => {
  plainTest("torchvision's parameters and entries", () => {
    const network = new ResNet(NAME);
    expect(network.numParameters()).toBe(25_028_904);
    const state = network.expectedState();
    expect(state.size).toBe(320);
    expect(state.get("layer1.0.conv2.weight")).toEqual([128, 4, 3, 3]);
    expect(state.get("layer4.2.conv2.weight")).toEqual([1024, 32, 3, 3]);
  });

  plainTest("T-GD's parameters, in the specification's order", () => {
    const network = new ResNet(NAME, { form: "tgd" });
    expect(network.numParameters()).toBe(22_984_002);
    const parameters = [...network.namedParameters()];
    expect(parameters).toHaveLength(161);
    expect([...network.expectedState().keys()]).toEqual(parameters.map(([name]) => name));
    const sizes = (pattern: RegExp) =>
      parameters.reduce((sum, [name, { size }]) => sum + (pattern.test(name) ? size : 0), 0);
    expect(sizes(/conv\d|downsample\.0/)).toBe(22_911_680);
    expect(sizes(/bn\d|downsample\.1/)).toBe(68_224);
    expect(sizes(/^fc/)).toBe(4_098);
    const both = (name: string) => [`${name}.weight`, `${name}.bias`];
    const block = (name: string) =>
      [1, 2, 3].flatMap((i) => [`${name}.conv${i}.weight`, ...both(`${name}.bn${i}`)]);
    const first = [
      ...block("layer1.0"),
      ...["layer1.0.downsample.0.weight", ...both("layer1.0.downsample.1")],
    ];
    const names = parameters.map(([name]) => name);
    expect(names.slice(0, 18)).toEqual([
      ...["conv1.weight", ...both("bn1")],
      ...first,
      ...block("layer1.1").slice(0, 3),
    ]);
    expect(names.slice(-2)).toEqual(both("fc"));
    expect(network.featureLayers.slice(0, 3)).toEqual(["stem", "layer1.0", "layer1.1"]);
    expect(network.featureLayers.at(-1)).toBe("layer4.2");
  });

  plainTest("width and classes are inferred from the weights", () => {
    for (const form of ["torchvision", "tgd"] as const) {
      const state = new ResNet(NAME, { form, numClasses: 3 }).expectedState();
      expect([...ResNet.fromState(state, { form }).expectedState()]).toEqual([...state]);
    }
  });
});

test("logits and input gradient are torchvision's", async ({ gpu }) => {
  const tolerance = { output: 1e-5, relative: 2e-5, bytes: 1, byteSum: 1e-5 };
  await expectNetwork(gpu, new ResNet(NAME), 40, recordedVector(NAME), tolerance);
});

test("T-GD's form is the specification's, and is cut at its maps", async ({ gpu }) => {
  const network = new ResNet(NAME, { form: "tgd" }).eval();
  loadFilled(gpu, network);
  const { logits, loss, total } = await learningStep(gpu, network, 64);
  const expected = [-2.113823443, -1.404687977, -3.724758724, -0.009064604];
  // §9.4: float32 logits are within 2e-4.
  for (const [i, logit] of expected.entries()) {
    expect(Math.abs(logits[i]! - logit), `logit ${i}`).toBeLessThan(2e-4);
  }
  expectWithin("loss", loss, 0.5666732882, 2e-4);
  expectWithin("total", total, 3115.685435, 2e-3);
  const images = seededImages(2, 64);
  for (const layer of ["stem", "layer2.3", "layer4.2"]) {
    const cut = scope(() =>
      noGrad(() => {
        const maps = network.features(tensor(gpu, images, [2, 64, 64, 3]), layer);
        return network.logits(maps, layer).read();
      }),
    );
    expect(await cut, layer).toEqual(logits);
  }
  expect(() => scope(() => network.features(tensor(gpu, images, [2, 64, 64, 3]), "x"))).toThrow(
    'resnet: there is no layer "x"\n  known  stem, layer1.0, layer1.1, layer1.2, layer2.0,',
  );
  network.dispose();
});
