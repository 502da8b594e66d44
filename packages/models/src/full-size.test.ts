// The networks whose vectors are recorded in full, once forward and once backward: two have weights
// above the 128 MiB that WebGPU promises for an array. In f32 a pre-activation next to 0 may change
// sides, and the gradient with it: the specification's §8.4 says how much of that is normal.
import { expect } from "@fauxgrad/testing";
import { ClipResNet } from "./clip-resnet.ts";
import { IdinvertEncoder } from "./idinvert-encoder.ts";
import { test } from "./test-gpu.ts";
import { expectNetwork, type NetworkTolerance, recordedVector } from "./test-networks.ts";
import { Vgg16 } from "./vgg.ts";

const loose: NetworkTolerance = { output: 1e-4, relative: 2e-2, bytes: 4, byteSum: 1e-3 };

// Seconds on an idle machine, minutes on a busy one.
const timeout = 600_000;

test("VGG16 at 256 pixels, within the default memory budget", { timeout }, async ({ gpu }) => {
  await expectNetwork(gpu, new Vgg16(), 256, recordedVector("vgg16"), loose);
  expect(gpu.stats.peakBytes).toBeLessThan(8 * 2 ** 30);
});

test("CLIP's RN50", { timeout }, ({ gpu }) =>
  expectNetwork(gpu, new ClipResNet(), 224, recordedVector("clip_rn50"), loose),
);

test("Idinvert's encoder", { timeout }, ({ gpu }) =>
  expectNetwork(gpu, new IdinvertEncoder(), 256, recordedVector("idinvert_encoder"), loose),
);
