// The packages in a browser, unchanged: a convolution with its gradients, and a discriminator's
// gradient of an image whose figures the specification lists (lgrad.md, appendix A.2).

import { inputGradient } from "@fauxgrad/lgrad";
import { StyleganDiscriminator } from "@fauxgrad/models";
import { conv2d, Gpu, tensor } from "@fauxgrad/tensor";
import { fillByName } from "../../../packages/testing/src/deterministic-fill.ts";

async function openGpu(): Promise<Gpu> {
  const adapter = await navigator.gpu.requestAdapter();
  if (adapter === null) throw new Error("no WebGPU adapter");
  return new Gpu(await adapter.requestDevice());
}

/** 2×2 windows of ones over 1…9: sums, and how often each element and each tap was used. */
async function convolution(gpu: Gpu) {
  using input = tensor(gpu, [1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 3, 3, 1], { requiresGrad: true });
  using weight = tensor(gpu, [1, 1, 1, 1], [2, 2, 1, 1], { requiresGrad: true });
  using output = conv2d(input, weight);
  using seed = tensor(gpu, [1, 1, 1, 1], [1, 2, 2, 1]);
  output.backward(seed);
  return {
    output: [...(await output.read())],
    gradInput: [...((await input.grad?.read()) ?? [])],
    gradWeight: [...((await weight.grad?.read()) ?? [])],
  };
}

/** `stylegan tiny32 N=1` with the specification's fill. */
async function discriminator(gpu: Gpu) {
  const network = new StyleganDiscriminator({ resolution: 32, fmapsBase: 512, fmapsMax: 32 });
  const state = new Map(
    [...network.expectedState()]
      .filter(([name]) => name !== "lod" && !name.endsWith(".kernel"))
      .map(([name, shape]) => {
        const size = shape.reduce((product, length) => product * length, 1);
        const data = fillByName(name, size, name.endsWith("weight") ? Math.sqrt(3) : 0.1);
        return [name, { dtype: "float32", shape, data }];
      }),
  );
  network.load(gpu, state, { strict: false, seed: 0 });
  network.eval().requiresGrad_(false);
  const planes = fillByName("image", 3 * 32 * 32);
  const pixels = planes.map((_, i) => planes[(i % 3) * 1024 + Math.floor(i / 3)] as number);
  using image = tensor(gpu, pixels, [1, 32, 32, 3]);
  const result = await inputGradient(network, image);
  const gradient = await result.gradient.read();
  const score = await result.output.item();
  network.dispose();
  return {
    score,
    l2: Math.sqrt(gradient.reduce((sum, value) => sum + value * value, 0)),
    at: gradient[(16 * 32 + 16) * 3 + 1],
  };
}

export async function run() {
  const gpu = await openGpu();
  return { convolution: await convolution(gpu), discriminator: await discriminator(gpu) };
}
