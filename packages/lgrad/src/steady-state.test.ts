// StyleGAN at 256 pixels, full width: what an image costs once the network is warm. The first image
// prepares the weights (fused and transposed kernels) between its activations, so that buffers come
// to lie in their final order with the second one.
import { rgbImage } from "@fauxgrad/models/transforms";
import { img8 } from "@fauxgrad/testing";
import { GradientTransformer } from "./gradient-transformer.ts";
import { expect, test } from "./test-gpu.ts";

const GIB = 2 ** 30;

test("stays below 1 GiB and makes no bind group", { timeout: 900_000 }, async ({ gpu }) => {
  using transformer = GradientTransformer.create(gpu, "stylegan", { seed: 1 });
  const image = rgbImage(256, 256, img8(256, 256));
  const [first] = await transformer.transform([image]);
  expect(gpu.stats.peakBytes).toBeLessThan(GIB);
  const [second] = await transformer.transform([image]);
  const { bindGroups, pipelines, created } = gpu.stats;
  const [third] = await transformer.transform([image]);
  expect(second?.gradient).toEqual(first?.gradient);
  expect(third?.bytes).toEqual(first?.bytes);
  expect(gpu.stats).toMatchObject({ bindGroups, pipelines, created });
  expect(gpu.stats.peakBytes).toBeLessThan(GIB);
});
