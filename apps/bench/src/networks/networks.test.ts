// Plan: the graphs are the networks of our models: the same parameters, of the same shapes; the
// published amount of work; weights that fold and turn as they should; what a comparison notices.
import { StyleganDiscriminator } from "@fauxgrad/models";
import { Gpu, zeros } from "@fauxgrad/tensor";
import { test as deviceTest } from "@fauxgrad/testing";
import { expect, test } from "vitest";
import { forwardFlops } from "../models/flops.ts";
import {
  crossCheckDiscriminator,
  crossCheckNetwork,
  partsOf,
  relativeError,
} from "./cross-check.ts";
import {
  type DiscriminatorJob,
  discriminatorFlops,
  discriminatorWeights,
} from "./discriminator.ts";
import { GraphBuilder } from "./graph.ts";
import {
  DISCRIMINATOR_CASES,
  NETWORK_CASES,
  type NetworkJob,
  type NetworkName,
} from "./network-job.ts";
import { graphOf, networkFlops } from "./networks.ts";
import { OurDiscriminator } from "./our-discriminator.ts";
import { ourModel } from "./our-network.ts";
import { channelsLast, foldedConv, networkWeights, permuted, transposed } from "./weights.ts";

function job(network: NetworkName, change: Partial<NetworkJob> = {}): NetworkJob {
  return { op: "network", network, pass: "inference", batch: 1, size: 224, ...change };
}

test.for(["resnet50", "efficientnet_b0"] as const)("%s has our model's parameters", (network) => {
  const expected = [...ourModel({ network }).expectedState()]
    .filter(([name]) => !name.endsWith("num_batches_tracked"))
    .map(([name, shape]) => [name, [...shape]] as const);
  const found = [...networkWeights(graphOf(job(network)))].map(([name, { shape }]) => {
    return [name, [...shape]] as const;
  });
  const byName = (a: readonly [string, unknown], b: readonly [string, unknown]) =>
    a[0] < b[0] ? -1 : 1;
  expect(found.sort(byName)).toEqual(expected.sort(byName));
});

test("the work is what the papers say", () => {
  // torchvision's 4.09 and 0.386 billion multiply-adds.
  expect(networkFlops(job("resnet50")) / 2e9).toBeCloseTo(4.089, 2);
  expect(networkFlops(job("efficientnet_b0")) / 2e9).toBeCloseTo(0.386, 2);
  const training = job("resnet50", { pass: "training", batch: 2 });
  expect(networkFlops(training)).toBe(6 * networkFlops(job("resnet50")));
});

test("weights are the same in every process, and follow from the names", () => {
  const first = networkWeights(graphOf(job("efficientnet_b0"))).get("features.0.0.weight");
  const again = networkWeights(graphOf(job("efficientnet_b0", { size: 64 })));
  expect(again.get("features.0.0.weight")).toEqual(first);
  expect(again.get("features.0.1.weight")).not.toEqual(again.get("features.8.1.weight"));
});

test("a normalisation folds into its convolution", () => {
  const graph = new GraphBuilder(4);
  graph.conv("input", { weight: "w", norm: "bn", outChannels: 2, kernel: 1 });
  const { nodes } = graph.linear("v0", "fc", 1);
  const [node] = nodes;
  if (node?.kind !== "conv") throw new Error("no convolution");
  const weights = new Map(networkWeights({ nodes, input: "input", output: "v1" }));
  const value = (name: string, i: number) => weights.get(name)?.data[i] ?? Number.NaN;
  const { weight, bias } = foldedConv(weights, node);
  for (const o of [0, 1]) {
    const scale = value("bn.weight", o) / Math.sqrt(value("bn.running_var", o) + 1e-5);
    expect(weight.data[3 * o + 1]).toBeCloseTo(value("w", 3 * o + 1) * scale, 6);
    const shift = value("bn.bias", o) - value("bn.running_mean", o) * scale;
    expect(bias[o]).toBeCloseTo(shift, 6);
  }
});

test("axes are exchanged", () => {
  const data = Float32Array.of(0, 1, 2, 3, 4, 5);
  expect(transposed({ shape: [2, 3], data })).toEqual({
    shape: [3, 2],
    data: Float32Array.of(0, 3, 1, 4, 2, 5),
  });
  const weight = { shape: [2, 3, 1, 1], data };
  expect(channelsLast(weight)).toEqual({
    ...transposed({ shape: [2, 3], data }),
    shape: [1, 1, 3, 2],
  });
  const turned = permuted({ shape: [1, 2, 3], data }, [2, 0, 1]);
  expect(permuted(turned, [1, 2, 0])).toEqual({ shape: [1, 2, 3], data });
});

test("a comparison notices what is wrong, and where", () => {
  const step = job("resnet50", { pass: "training" });
  const parts = partsOf(step);
  expect(parts.map(({ name, size }) => [name, size])).toEqual([
    ["loss", 1],
    ["gradient of fc.bias", 1000],
    ["gradient of conv1.weight", 9408],
  ]);
  const ours = new Float32Array(1 + 1000 + 9408).fill(1);
  expect(() => crossCheckNetwork(step, ours, ours.slice())).not.toThrow();
  expect(() => crossCheckNetwork(step, ours, ours.with(0, 1.01))).toThrow(
    /^its loss differ by 1\.0e-2 of their norm \(± \d\.\de-4\)$/,
  );
  expect(() => crossCheckNetwork(step, ours, ours.with(1, 3))).toThrow("its gradient of fc.bias");
  expect(() => crossCheckNetwork(step, ours, ours.with(2000, Number.NaN))).toThrow(
    "its gradient of conv1.weight differ by NaN",
  );
  expect(() => crossCheckNetwork(step, ours, new Float32Array(3))).toThrow(
    "3 elements and 10409 of ours, not 10409",
  );
  expect(relativeError(Float32Array.of(3, 4), Float32Array.of(3, 4.5))).toBeCloseTo(0.1);
});

const DISCRIMINATOR: DiscriminatorJob = {
  op: "discriminator",
  network: "stylegan",
  batch: 2,
  size: 8,
};

test("the discriminator's layers have our model's parameters", () => {
  for (const resolution of [8, 256]) {
    const expected = [...new StyleganDiscriminator({ resolution }).expectedState()]
      .filter(([name]) => /\.(weight|bias)$/.test(name) && !/^input[1-9]/.test(name))
      .map(([name, shape]) => [name, [...shape]] as const);
    const found = [...discriminatorWeights(resolution)].map(([name, { shape }]) => [name, shape]);
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected));
  }
});

deviceTest("the discriminator's work is that of our model", async ({ device }) => {
  const gpu = new Gpu(device);
  const model = new StyleganDiscriminator({ resolution: 8 });
  model.to(gpu, { seed: 1 });
  const images = zeros(gpu, [2, 8, 8, 3]);
  const output = model.forward(images);
  expect(discriminatorFlops(DISCRIMINATOR)).toBe(2 * forwardFlops(output).all);
  gpu.destroy();
});

deviceTest("our discriminator gives scores and gradients, again and again", async ({ device }) => {
  const gpu = new Gpu(device);
  const ours = new OurDiscriminator("ours", gpu, DISCRIMINATOR);
  await ours.sample(1);
  const output = await ours.output();
  expect(output).toHaveLength(2 + 2 * 8 * 8 * 3);
  await ours.check();
  await ours.sample(2);
  await ours.check();
  ours.dispose();
  expect(gpu.stats.arrays).toBe(0);
  gpu.destroy();
  expect(() => crossCheckDiscriminator(DISCRIMINATOR, output, output.slice())).not.toThrow();
  const wrong = output.with(1, output[1]! + 0.01 * Math.hypot(output[0]!, output[1]!));
  expect(() => crossCheckDiscriminator(DISCRIMINATOR, output, wrong)).toThrow("its scores differ");
  const turned = output.map((value, i) => (i < 2 ? value : -value));
  expect(() => crossCheckDiscriminator(DISCRIMINATOR, output, turned)).toThrow(
    "its gradient of the images differ by 2.0e+0",
  );
});

test("every case has a name of its own", () => {
  const names = [...NETWORK_CASES, ...DISCRIMINATOR_CASES].map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names).toContain("EfficientNet-B0 inference 8 × 224²");
});
