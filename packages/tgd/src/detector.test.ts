import { EfficientNet, ResNet } from "@fauxgrad/models";
import { fromFloat32 } from "@fauxgrad/models/checkpoint";
import { imageBatch, resize, rgbImage } from "@fauxgrad/models/transforms";
import { type Gpu, noGrad, scope, tensor, UsageError } from "@fauxgrad/tensor";
import { img8 } from "@fauxgrad/testing";
import { describe, test as plainTest } from "vitest";
import { camLayer, explainClassifier } from "./cam.ts";
import { TgdDetector } from "./detector.ts";
import { describeClassifier, describeNetwork } from "./networks.ts";
import { recipePreset } from "./recipe-preset.ts";
import { expect, test } from "./test-gpu.ts";

const SIDE = 32;
const options = {
  stages: [{ expansion: 2, kernelSize: 3, stride: 2, channels: 32, blocks: 2 }],
  widthMultiplier: 0.25,
} as const;
const input = { size: SIDE, normalization: "imagenet" } as const;

function smallNet(gpu: Gpu): EfficientNet {
  return new EfficientNet(options).to(gpu, { seed: 4 });
}

const images = [rgbImage(40, 24, img8(24, 40)), rgbImage(SIDE, SIDE, img8(SIDE, SIDE))];

test("an image's verdict is that of its own, resized and normalised", async ({ gpu }) => {
  const network = smallNet(gpu);
  const calibration = { scale: 3, shift: -0.25 };
  using detector = new TgdDetector(gpu, network, { input, calibration, batchSize: 1 });
  const found = await detector.detect(images);
  using together = new TgdDetector(gpu, network, { input, calibration });
  expect(await together.detect(images)).toEqual(found);
  // Batches that follow each other are replayed; explaining gives their memory back.
  expect(await detector.detect([...images, ...images])).toEqual([...found, ...found]);
  expect(gpu.stats.captures).toBe(1);
  await detector.explain(images.slice(0, 1));
  expect(gpu.stats.captures).toBe(0);
  const fitted = images.map((image) => resize(image, { width: SIDE, height: SIDE }, "bilinear"));
  const { pixels, shape } = imageBatch(fitted, "imagenet");
  const logits = await scope(() =>
    noGrad(() => network.forward(tensor(gpu, pixels, shape)).read()),
  );
  expect(found).toHaveLength(2);
  for (const [i, { probability, logits: own, margin, isFake }] of found.entries()) {
    // Alone and in a batch, kernels add in the same order.
    expect(own).toEqual([logits[2 * i], logits[2 * i + 1]]);
    expect(margin).toBe(own[1] - own[0]);
    expect(probability).toBeCloseTo(1 / (1 + Math.exp(0.25 - 3 * margin)), 12);
    expect(isFake).toBe(probability >= 0.5);
  }
  expect(found[0]!.margin).not.toBe(found[1]!.margin);
});

test("maps are Grad-CAM of the logit that is asked for, at the layer that is asked for", async ({
  gpu,
}) => {
  using detector = new TgdDetector(gpu, smallNet(gpu), { input });
  const plain = await detector.detect(images);
  const sides = { block0: 8, block1: 8, head: 8, stem: 16 };
  let compared = 0;
  for (const [layer, side] of Object.entries(sides)) {
    const maps = await Promise.all(
      (["fake", "real", "margin"] as const).map((target) =>
        detector.explain(images, { layer, target }),
      ),
    );
    for (const [i, { map, logits, image }] of maps[0]!.entries()) {
      expect([map.width, map.height]).toEqual([side, side]);
      expect(logits).toEqual(plain[i]!.logits);
      expect([image.width, image.height]).toEqual([SIDE, SIDE]);
      expect(Math.min(...map.values)).toBeGreaterThanOrEqual(0);
    }
    const [fake, real, margin] = maps.map((of) => of[0]!.map.values);
    expect(fake).not.toEqual(real);
    // Before the positive part, the margin's map is the difference of the others.
    margin!.forEach((value, at) => {
      const isBoth = fake![at]! > 0 && real![at]! > 0;
      if (!isBoth || value <= 0) return;
      compared += 1;
      expect(value).toBeCloseTo(fake![at]! - real![at]!, 4);
    });
  }
  expect(compared).toBeGreaterThan(0);
  expect(detector.network.parameters().some(({ requiresGrad }) => requiresGrad)).toBe(false);
});

test("weights that hold no numbers judge nothing", async ({ gpu }) => {
  const network = smallNet(gpu);
  using detector = new TgdDetector(gpu, network, { input });
  gpu.write(
    network.fc.weight.tensor.data,
    new Float32Array(network.fc.weight.size).fill(Number.NaN),
  );
  const error = new UsageError(
    "TgdDetector: the logits of an image are NaN and NaN\n" +
      "Choose other weights: these hold numbers that are none, or are too large.",
  );
  await expect(detector.detect(images)).rejects.toThrow(error);
  await expect(detector.explain(images)).rejects.toThrow(error);
});

test("at the head the map is the class activation map's positive part", async ({ gpu }) => {
  using network = smallNet(gpu);
  const { pixels, shape } = imageBatch([images[1]!], "imagenet");
  const [result] = await explainClassifier(gpu, network, { pixels, shape }, { target: "real" });
  const maps = await scope(() => noGrad(() => network.features(tensor(gpu, pixels, shape)).read()));
  const { data: weight } = await network.fc.weight.read();
  const { width, height, values } = result!.map;
  const channels = weight.length / 2;
  for (let place = 0; place < width * height; place += 1) {
    let sum = 0;
    let magnitude = 0;
    for (let c = 0; c < channels; c += 1) {
      // The gradient by a feature is the weight over the number of places.
      const term = (Number(weight[c]) * maps[place * channels + c]!) / (width * height);
      sum += term;
      magnitude += Math.abs(term);
    }
    expect(Math.abs(values[place]! - Math.max(0, sum))).toBeLessThan(8 * 2 ** -24 * magnitude);
  }
});

test("loads T-GD's own file, and the student of a checkpoint here", async ({ gpu }) => {
  const recipe = {
    ...recipePreset({ stage: "transfer", preset: "script" }),
    network: { name: "tgd_efficientnet_b0", options: { standardizeSE: false } },
  } as const;
  using network = describeClassifier(recipe) as EfficientNet;
  network.to(gpu, { seed: 8 });
  const state = await network.stateDict();
  const named = (prefix: string) =>
    new Map(
      [...state].map(([name, { data, shape }]) => [
        prefix + name,
        fromFloat32(data as Float32Array<ArrayBuffer>, shape),
      ]),
    );
  using flat = TgdDetector.load(gpu, named(""), recipe);
  const teacher = new Map([...named("teacher.")].slice(0, 3));
  using nested = TgdDetector.load(gpu, new Map([...named("model."), ...teacher]), recipe);
  const [a, b] = [await flat.detect(images), await nested.detect(images)];
  expect(a).toEqual(b);
  expect(flat.input.size).toBe(128);
  // The fixture sees to it that nothing is left of it.
  expect(() => TgdDetector.load(gpu, named(""), recipe, { batchSize: 0 })).toThrow(
    "TgdDetector: threshold = 0.5, batchSize = 0\n",
  );
});

describe("without a device", () => {
  plainTest("layers go by name, or by the number of their block", () => {
    const network = new EfficientNet();
    expect(
      ["head", "block10", "block2", "stem", "blocks.4"].map((name) => camLayer(network, name)),
    ).toEqual(["head", "blocks.10", "blocks.2", "stem", "blocks.4"]);
    const resnext = new ResNet("resnext50_32x4d", { form: "tgd" });
    expect(camLayer(resnext, "head")).toBe("layer4.2");
    expect(camLayer(resnext, "block0")).toBe("layer1.0");
    expect(camLayer(resnext, "block15")).toBe("layer4.2");
    expect(() => camLayer(resnext, "block16")).toThrow(/^camLayer: there is no layer "block16"/);
    expect(() => camLayer(new EfficientNet(options), "block16")).toThrow(
      new UsageError(
        'camLayer: there is no layer "block16"\n' +
          "  known  stem, blocks.0, blocks.1, head\nChoose one of these, or blockN.",
      ),
    );
  });

  plainTest("a recipe's rates are its network's", () => {
    const recipe = recipePreset({ stage: "transfer", preset: "notebook" });
    const network = describeClassifier(recipe) as EfficientNet;
    expect(network.dropout.p).toBe(0.3);
    expect(network.blocks[14]?.dropPath?.p).toBeCloseTo((0.3 * 14) / 16, 12);
    expect(network.parameters().every(({ requiresGrad }) => requiresGrad)).toBe(true);
    const forensic = recipePreset({
      stage: "transfer",
      preset: "paper",
      method: "forensic-transfer",
    });
    expect(describeNetwork(forensic).numParameters()).toBe(197_363);
    expect(() => describeClassifier(forensic)).toThrow(
      new UsageError(
        "describeClassifier: forensic_transfer has no logits\n" +
          "Choose tgd_efficientnet_b0, tgd_resnext50_32x4d, efficientnet_b0 or small_cnn.",
      ),
    );
  });

  plainTest("thresholds and batch sizes that are none are refused", () => {
    const network = new EfficientNet(options);
    expect(() => new TgdDetector(null as unknown as Gpu, network, { threshold: 1.5 })).toThrow(
      new RangeError(
        "TgdDetector: threshold = 1.5, batchSize = 8\n" +
          "Pass a probability in [0, 1], and a positive integer.",
      ),
    );
  });
});
