// The tests' fixture: the worker's device wrapped in a fresh `Gpu`, leaks of arrays reported.
import { Gpu } from "@fauxgrad/tensor";
import { test as deviceTest, expect } from "@fauxgrad/testing";

export { expect } from "@fauxgrad/testing";

/** `test` with a `gpu` that must hold no array at the end. */
export const test = deviceTest.extend<{ gpu: Gpu }>({
  gpu: async ({ device }, use) => {
    const gpu = new Gpu(device, { trackArrays: true });
    await use(gpu);
    await gpu.synchronize();
    const leaks = gpu.liveArrays();
    gpu.destroy();
    expect(leaks, "arrays that the test did not dispose").toEqual([]);
  },
});
