import { Gpu } from "@fauxgrad/kernels";
import { scope } from "@fauxgrad/tensor";
import { Conv2d, Flatten, Linear, Sequential } from "@fauxgrad/tensor/nn";
import { test } from "@fauxgrad/testing";
import { expect } from "vitest";
import { chosenModelCases, MODEL_CASES } from "./cases.ts";
import { checksum } from "./checksum.ts";
import { forwardFlops, stepFlops } from "./flops.ts";
import { profileParts } from "./parts.ts";
import { startNetwork } from "./start.ts";
import { imagesOf } from "./workload.ts";

const SIZE = 8;

/** 3 → 4 channels by 3×3, then 4·8·8 → 2. */
function tiny() {
  const options = { padding: 1 };
  return new Sequential(new Conv2d(3, 4, 3, options), new Flatten(), new Linear(4 * SIZE ** 2, 2));
}

const CONV = 2 * SIZE ** 2 * 4 * 27;
const LINEAR = 2 * 4 * SIZE ** 2 * 2;

test("operations are counted from the graph; gradients cost as much again", async ({ device }) => {
  const gpu = new Gpu(device);
  const network = tiny().to(gpu, { seed: 0 });
  const count = scope(() => forwardFlops(network.forward(imagesOf(gpu, 1, SIZE))));
  expect(count).toEqual({ all: CONV + LINEAR, first: CONV, layers: 2, longest: 4 * SIZE ** 2 });
  expect(stepFlops("inference", count)).toBe(CONV + LINEAR);
  expect(stepFlops("input gradient", count)).toBe(2 * (CONV + LINEAR));
  expect(stepFlops("training step", count)).toBe(2 * CONV + 3 * LINEAR);
  network.dispose();
  gpu.destroy();
});

test("every dispatch of a step belongs to its part, forward and backward", async ({ device }) => {
  const gpu = new Gpu(device);
  const use = "training step";
  const workload = startNetwork(gpu, tiny(), "classes", { use, batch: 2, size: SIZE });
  await workload.run();
  const before = gpu.stats.dispatches;
  await workload.run();
  const dispatches = gpu.stats.dispatches - before;
  const rows = await profileParts(gpu, workload);
  expect(rows).toHaveLength(dispatches);
  const partOf = (name: string) =>
    new Set(rows.filter(({ kernel }) => kernel.startsWith(name)).map(({ part }) => part.join("/")));
  // A linear layer is a convolution, too.
  expect(partOf("conv2dGradWeight")).toEqual(new Set(["backward/2", "backward/0"]));
  expect(partOf("sgd")).toEqual(new Set(["optimiser"]));
  expect(partOf("crossEntropy")).toEqual(new Set(["loss", "around the network"]));
  expect(new Set(rows.map(({ part }) => part.join("/")))).toContain("forward/2");
  // Nothing is left behind: the network runs as before.
  expect(Object.hasOwn(workload.networks[""] ?? {}, "forward")).toBe(false);
  workload.dispose();
  expect(gpu.stats.arrays).toBe(0);
  gpu.destroy();
});

test("a step that starts from the same computes the same", async ({ device }) => {
  const gpu = new Gpu(device);
  for (const use of ["inference", "input gradient", "training step"] as const) {
    const sums: string[] = [];
    for (let i = 0; i < 2; i++) {
      const workload = startNetwork(gpu, tiny(), "classes", { use, batch: 2, size: SIZE });
      await workload.run();
      sums.push(checksum(await workload.result()));
      await workload.run();
      const again = checksum(await workload.result());
      // Training goes on from other weights.
      expect(again === sums[i], use).toBe(use !== "training step");
      workload.dispose();
    }
    expect(sums[0], use).toBe(sums[1]);
  }
  expect(gpu.stats.arrays).toBe(0);
  gpu.destroy();
});

test("a checksum sees every bit", () => {
  expect(checksum(new Float32Array())).toBe("811c9dc5");
  const values = Float32Array.of(1, 2, 3);
  expect(checksum(values)).toBe(checksum(Float32Array.of(1, 2, 3)));
  expect(checksum(values)).not.toBe(checksum(Float32Array.of(1, 2, 3 + 2 ** -22)));
  expect(checksum(Float32Array.of(0))).not.toBe(checksum(Float32Array.of(-0)));
});

test("cases have names of their own, and grow with the tier", () => {
  expect(new Set(MODEL_CASES.map(({ name }) => name)).size).toBe(MODEL_CASES.length);
  const names = (...given: Parameters<typeof chosenModelCases>) =>
    chosenModelCases(...given).map(({ name }) => name);
  expect(names("quick")).toEqual(["T-GD EfficientNet-B0 inference 1×128²"]);
  expect(names("usual", /^ResNet-50/)).toEqual([
    "ResNet-50 inference 1×224²",
    "ResNet-50 input gradient 1×224²",
    "ResNet-50 training step 2×224²",
  ]);
  expect(names("large", /^ResNet-50/)).toHaveLength(6);
  expect(names("large")).toHaveLength(MODEL_CASES.length);
});
