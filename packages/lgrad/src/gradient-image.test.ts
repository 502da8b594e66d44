import { createModel } from "@fauxgrad/models";
import {
  gradientToImage,
  normalizations,
  normalize,
  type RgbImage,
  rgbImage,
} from "@fauxgrad/models/transforms";
import { scope, tensor } from "@fauxgrad/tensor";
import type { HostTensorLike } from "@fauxgrad/tensor/nn";
import { fillByName, img8 } from "@fauxgrad/testing";
import { gradientImage, imageGradients, inputGradient } from "./gradient-image.ts";
import { expect, test } from "./test-gpu.ts";

/** The specification's tiny StyleGAN with its deterministic fill (appendix A). */
const tiny = { resolution: 32, fmapsBase: 512, fmapsMax: 32 };

function tinyStylegan() {
  const { network } = createModel("stylegan", { options: tiny });
  const state = new Map<string, HostTensorLike>();
  for (const [name, shape] of network.expectedState()) {
    if (name === "lod" || name.endsWith(".kernel")) continue;
    const scale = name.endsWith("weight") ? Math.sqrt(3) : 0.1;
    const size = shape.reduce((product, length) => product * length, 1);
    state.set(name, { dtype: "float32", shape, data: fillByName(name, size, scale) });
  }
  return { network, state };
}

function photo(i: number, size = 32): RgbImage {
  return rgbImage(size, size, img8(size * (i + 1), size).subarray(i * size * size * 3));
}

test("output and gradient are the specification's", async ({ gpu }) => {
  const { network, state } = tinyStylegan();
  network.load(gpu, state);
  const channelsFirst = fillByName("image", 3 * 1024);
  const pixels = Float32Array.from(
    channelsFirst,
    (_, i) => channelsFirst[(i % 3) * 1024 + Math.floor(i / 3)] ?? 0,
  );
  const { output, gradient } = await scope(async () => {
    const input = tensor(gpu, pixels, [1, 32, 32, 3]);
    const found = inputGradient(network, input);
    expect(input.requiresGrad).toBe(false);
    return { output: await found.output.read(), gradient: await found.gradient.read() };
  });
  network.dispose();
  expect(output[0]).toBeCloseTo(-8.859044962e-2, 6);
  const norm = Math.sqrt(gradient.reduce((sum, value) => sum + value * value, 0));
  expect(Math.abs(norm / 3.123800532e-2 - 1)).toBeLessThan(1e-5);
  const { data } = gradientToImage(gradient, { width: 32, height: 32 });
  expect([data[0], data[(16 * 32 + 16) * 3 + 1], data[1023 * 3 + 2]]).toEqual([137, 89, 127]);
  expect(data.reduce((sum, byte) => sum + byte, 0)).toBe(400_122);
});

test("a batch gives the bits of its images alone, and bytes by the official rule", async ({
  gpu,
}) => {
  const { network, state } = tinyStylegan();
  network.load(gpu, state);
  const images = [photo(0), photo(1), photo(2)];
  const batch = await imageGradients(gpu, network, images, normalizations.half);
  for (const [i, image] of images.entries()) {
    const alone = await gradientImage(gpu, network, image, { normalization: normalizations.half });
    expect(batch[i]).toEqual(alone.gradient);
    expect(alone.bytes).toEqual(gradientToImage(alone.gradient, image));
    expect([Math.min(...alone.bytes.data), Math.max(...alone.bytes.data)]).toEqual([0, 255]);
  }
  expect(await imageGradients(gpu, network, [], normalizations.half)).toEqual([]);
  network.dispose();
});

test("the gradient is that of the normalised input", async ({ gpu }) => {
  const { network, state } = tinyStylegan();
  network.load(gpu, state);
  // White is 1 under both normalisations; derivatives by the bytes would differ by a factor of 2.
  const white = rgbImage(32, 32, new Uint8Array(32 * 32 * 3).fill(255));
  const halved = await imageGradients(gpu, network, [white], normalizations.half);
  const plain = { mean: [0, 0, 0], std: [1, 1, 1] } as const;
  expect(await imageGradients(gpu, network, [white], plain)).toEqual(halved);
  // On a picture each normalisation gives its own gradient: that at its own values.
  for (const normalization of [normalizations.half, normalizations.imagenet]) {
    const [found] = await imageGradients(gpu, network, [photo(0)], normalization);
    const values = normalize(photo(0), normalization);
    const expected = await scope(() =>
      inputGradient(network, tensor(gpu, values, [1, 32, 32, 3])).gradient.read(),
    );
    expect(found).toEqual(expected);
  }
  network.dispose();
});

test("weights that want gradients, and images of several sizes, are refused", async ({ gpu }) => {
  const { network, state } = tinyStylegan();
  network.load(gpu, state);
  const mixed = [photo(0), photo(0, 16)];
  await expect(imageGradients(gpu, network, mixed, normalizations.half)).rejects.toThrow(
    "imageGradients: the images of a batch differ in size\n" +
      "  image 0  32 x 32\n  image 1  16 x 16\nResize them to one size first.",
  );
  network.requiresGrad_(true);
  const images = [photo(0)];
  await expect(imageGradients(gpu, network, images, normalizations.half)).rejects.toThrow(
    "inputGradient: the network's weights want gradients of their own\n" +
      "  weights  input0.weight, input0.bias, layer0.weight, … (26 in all)\n" +
      "Call network.requiresGrad_(false) first.",
  );
  network.dispose();
});
