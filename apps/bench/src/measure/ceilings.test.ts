import { Gpu } from "@fauxgrad/kernels";
import { expect, test } from "@fauxgrad/testing";
import { copyKernel, fmaKernel } from "./ceilings.ts";

test("the copy copies every element, and the last group's rest", async ({ device }) => {
  const gpu = new Gpu(device);
  const data = Float32Array.from({ length: 4 * 300 }, (_, i) => i + 1);
  using input = gpu.upload(data, [data.length]);
  using output = gpu.zeros([data.length]);
  copyKernel.dispatch(gpu, { input, output }, { vectors: 300 }, { workgroups: [2] });
  expect(await output.read()).toEqual(data);
  gpu.destroy();
});

test("the chains are computed: every step of every chain is in the sum", async ({ device }) => {
  const gpu = new Gpu(device);
  using output = gpu.zeros([64 * 4]);
  // Halves and small integers: exact.
  const params = { steps: 3, a: 0.5, b: 2 };
  fmaKernel.dispatch(gpu, { output }, params, { workgroups: [1] });
  const step = (x: number) => x * 0.5 + 2;
  const expected = Float32Array.from({ length: 64 * 4 }, (_, at) => {
    let sum = 0;
    for (let chain = 0; chain < 8; chain++) {
      const start = [Math.floor(at / 4), chain, 1, 2][at % 4] ?? 0;
      sum += step(step(step(start)));
    }
    return sum;
  });
  expect(await output.read()).toEqual(expected);
  gpu.destroy();
});
