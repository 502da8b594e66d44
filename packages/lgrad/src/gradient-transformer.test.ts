import { modelNames } from "@fauxgrad/models";
import { fromFloat32, type HostTensor } from "@fauxgrad/models/checkpoint";
import { gradientToImage, resize, rgbImage } from "@fauxgrad/models/transforms";
import { img8 } from "@fauxgrad/testing";
import { GradientTransformer } from "./gradient-transformer.ts";
import { presets } from "./presets.ts";
import { expect, test } from "./test-gpu.ts";

const model = { resolution: 32, fmapsBase: 512, fmapsMax: 32 };
const photo = rgbImage(50, 40, img8(40, 50));

test("images of any size become gradient images of the network's", async ({ gpu }) => {
  using transformer = GradientTransformer.create(gpu, "pggan", { seed: 7 }, { model });
  expect(transformer.size).toBe(32);
  const [found] = await transformer.transform([photo]);
  const target = { width: 32, height: 32 };
  const [gradient = new Float32Array()] = await transformer.gradients([resize(photo, target)]);
  expect(found?.gradient).toEqual(gradient);
  expect(found?.bytes).toEqual(gradientToImage(gradient, target));
  expect(gradient.some((value) => value !== 0)).toBe(true);
});

test("the seed alone decides random weights; bicubic is another picture", async ({ gpu }) => {
  const transform = async (seed: number, filter?: "bicubic") => {
    const options = filter === undefined ? { model } : { model, filter };
    using transformer = GradientTransformer.create(gpu, "stylegan2", { seed }, options);
    const [found] = await transformer.transform([photo]);
    return found?.gradient;
  };
  const first = await transform(1);
  expect(await transform(1)).toEqual(first);
  expect(await transform(2)).not.toEqual(first);
  expect(await transform(1, "bicubic")).not.toEqual(first);
});

test("weights come from a checkpoint's tensors", async ({ gpu }) => {
  using random = GradientTransformer.create(gpu, "stylegan", { seed: 3 }, { model });
  const weights = new Map<string, HostTensor>();
  for (const [name, { shape, data }] of await random.network.stateDict()) {
    weights.set(name, fromFloat32(Float32Array.from(data, Number), shape));
  }
  using loaded = GradientTransformer.create(gpu, "stylegan", { weights });
  expect(loaded.size).toBe(32);
  expect(await loaded.transform([photo])).toEqual(await random.transform([photo]));
});

test("every network has a preset, and sizes that do not fit are refused", ({ gpu }) => {
  expect(Object.keys(presets)).toEqual([...modelNames]);
  const create = (name: string, size: number) => () =>
    GradientTransformer.create(gpu, name, { seed: 1 }, { size });
  expect(create("stylegan", 224)).toThrow(
    "stylegan: images of 224 x 224 pixels do not fit the network\n  takes  256\n" +
      "Leave size out for the network's own.",
  );
  expect(create("inception_v3_nsfwjs", 64)).toThrow(
    "inception_v3_nsfwjs: images of 64 x 64 pixels do not fit the network\n" +
      "  takes  whole numbers from 75\n",
  );
});
