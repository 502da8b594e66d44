import { describe, expect, test } from "vitest";
import { PgganDiscriminator } from "./pggan.ts";
import { StyleganDiscriminator } from "./stylegan.ts";
import { Stylegan2Discriminator } from "./stylegan2.ts";

/** The specification's table of ProGAN at 256: weights; the biases follow from them. */
const PGGAN_256 = `
input0 64,3,1,1     layer0 64,64,3,3     layer1 128,64,3,3
input1 128,3,1,1    layer2 128,128,3,3   layer3 256,128,3,3
input2 256,3,1,1    layer4 256,256,3,3   layer5 512,256,3,3
input3 512,3,1,1    layer6 512,512,3,3   layer7 512,512,3,3
input4 512,3,1,1    layer8 512,512,3,3   layer9 512,512,3,3
input5 512,3,1,1    layer10 512,512,3,3  layer11 512,512,3,3
input6 512,3,1,1    layer12 512,513,3,3  layer13 512,8192  layer14 1,512`;

const STYLEGAN2_256 = `
input0 128,3,1,1
layer0 128,128,3,3   layer1 256,128,3,3   skip_layer0 256,128,1,1
layer2 256,256,3,3   layer3 512,256,3,3   skip_layer1 512,256,1,1
layer4 512,512,3,3   layer5 512,512,3,3   skip_layer2 512,512,1,1
layer6 512,512,3,3   layer7 512,512,3,3   skip_layer3 512,512,1,1
layer8 512,512,3,3   layer9 512,512,3,3   skip_layer4 512,512,1,1
layer10 512,512,3,3  layer11 512,512,3,3  skip_layer5 512,512,1,1
layer12 512,513,3,3  layer13 512,8192     layer14 1,512`;

function table(text: string, extra: (name: string, shape: number[]) => [string, number[]][]) {
  const words = text.trim().split(/\s+/);
  return words.flatMap((name, i): [string, number[]][] => {
    if (i % 2 === 1) return [];
    const shape = (words[i + 1] ?? "").split(",").map(Number);
    const bias: [string, number[]][] = name.startsWith("skip")
      ? []
      : [[`${name}.bias`, [shape[0] ?? 0]]];
    return [[`${name}.weight`, shape], ...bias, ...extra(name, shape)];
  });
}

/** Layers of odd number that are convolutions: those that halve the maps. */
function halves(name: string, shape: number[]): boolean {
  return shape.length === 4 && /^layer\d*[13579]$/.test(name);
}

describe("names, order and shapes are genforce's", () => {
  test("ProGAN", () => {
    const expected = [["lod", []], ...table(PGGAN_256, () => [])];
    expect([...new PgganDiscriminator().expectedState()]).toEqual(expected);
    expect(expected).toHaveLength(45);
  });

  test("StyleGAN", () => {
    const blurs = (name: string, shape: number[]): [string, number[]][] =>
      halves(name, shape) ? [[`${name}.blur.kernel`, [shape[1] ?? 0, 1, 3, 3]]] : [];
    const expected = [["lod", []], ...table(PGGAN_256, blurs)];
    expect([...new StyleganDiscriminator().expectedState()]).toEqual(expected);
    expect(expected).toHaveLength(51);
  });

  test("StyleGAN2", () => {
    const filters = (name: string, shape: number[]): [string, number[]][] =>
      halves(name, shape) || name.startsWith("skip")
        ? [[`${name}.filter.kernel`, [1, 1, 4, 4]]]
        : [];
    const expected = table(STYLEGAN2_256, filters);
    expect([...new Stylegan2Discriminator().expectedState()]).toEqual(expected);
    expect(expected).toHaveLength(50);
  });
});

test("parameter counts are the published ones", () => {
  const large = { resolution: 1024 };
  const networks = [
    new PgganDiscriminator(),
    new PgganDiscriminator(large),
    new StyleganDiscriminator(),
    new StyleganDiscriminator(large),
    new Stylegan2Discriminator(),
    new Stylegan2Discriminator(large),
  ];
  expect(networks.map((network) => network.numParameters())).toEqual([
    23_052_353, 23_087_249, 23_052_353, 23_087_249, 28_864_129, 29_012_513,
  ]);
  const entries = networks.map((network) => network.expectedState().size);
  expect(entries).toEqual([45, 57, 51, 65, 50, 64]);
});

test("sizes are inferred from the weights", () => {
  const sizes = [
    { resolution: 8, fmapsBase: 64, fmapsMax: 12 },
    { resolution: 64, fmapsBase: 1024, fmapsMax: 48, imageChannels: 1 },
    { resolution: 256, labelSize: 7, stddevChannel: false },
  ];
  for (const Network of [PgganDiscriminator, StyleganDiscriminator, Stylegan2Discriminator]) {
    for (const size of sizes) {
      const network = new Network(size);
      const inferred = Network.fromState(network.expectedState());
      expect(inferred.architecture).toEqual(network.architecture);
      expect([...inferred.expectedState()]).toEqual([...network.expectedState()]);
    }
  }
  expect(new PgganDiscriminator({ labelSize: 3 }).architecture.scores).toBe(4);
  expect(new StyleganDiscriminator({ labelSize: 3 }).architecture.scores).toBe(3);
});

test("sizes that cannot be say why", () => {
  expect(() => new PgganDiscriminator({ resolution: 200 })).toThrow(
    "pggan: resolution 200 is not a power of two from 8 to 1024\n" +
      "Choose 8, 16, 32, 64, 128, 256, 512 or 1024.",
  );
  expect(() => new StyleganDiscriminator({ resolution: 2048 })).toThrow(
    "stylegan: resolution 2048 is not a power of two",
  );
  expect(() => new Stylegan2Discriminator({ fmapsMax: 0 })).toThrow(
    "stylegan2: fmapsMax is 0\nPass a whole number of at least 1.",
  );
  expect(() => StyleganDiscriminator.fromState(new Map([["fc.weight", [1, 2048]]]))).toThrow(
    'stylegan: the weights have no "layer1.weight"\n  found  fc.weight\n' +
      "Pass the state dict of a stylegan discriminator, with genforce's names.",
  );
  const flat = new Map([
    ["layer0.weight", [8]],
    ["layer1.weight", [8, 8]],
    ["layer2.weight", [1, 8]],
    ["input0.weight", [8]],
  ]);
  expect(() => PgganDiscriminator.fromState(flat)).toThrow(
    'pggan: "input0.weight" [8] has too few axes\n' +
      "Pass the state dict of a pggan discriminator, with genforce's names.",
  );
});

test("lod is part of the state, within the network's range", () => {
  const network = new StyleganDiscriminator({ resolution: 32 });
  network.lod = 2.5;
  expect(network.lod).toBe(2.5);
  expect(() => {
    network.lod = 3.5;
  }).toThrow(
    "stylegan: lod 3.5 is outside 0 to 3\n  resolution  32, halved 3 times to 4\n" +
      "Set lod to 0 for the whole network, or check that the file belongs to this network.",
  );
});
