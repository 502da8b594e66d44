// The networks at 256 pixels, once forward and once backward. In f32 a pre-activation next to 0 may
// change sides, and the gradient with it: the specification's §8.4 says how much of that is normal.
import type { Gpu } from "@fauxgrad/tensor";
import { expect, test } from "../test-gpu.ts";
import {
  discriminatorRule,
  expectGradient,
  filledState,
  type GradientTolerance,
  image,
  inputGradient,
} from "../test-vectors.ts";
import { PgganDiscriminator } from "./pggan.ts";
import { Stylegan2Discriminator } from "./stylegan2.ts";
import { type DiscriminatorVector, pggan256, stylegan2256 } from "./test-gradients.ts";

const loose: GradientTolerance = { relative: 2e-2, bytes: 4, byteSum: 1e-3 };

async function check(
  gpu: Gpu,
  network: PgganDiscriminator | Stylegan2Discriminator,
  vector: DiscriminatorVector,
): Promise<void> {
  network.load(gpu, filledState(network, discriminatorRule));
  network.requiresGrad_(false);
  const { output, gradient } = await inputGradient(gpu, network, image(1, 256), [1, 256, 256, 3]);
  network.dispose();
  expect(Math.abs((output[0] ?? 0) / vector.scoreSum - 1)).toBeLessThan(1e-4);
  for (const sample of vector.samples) expectGradient(gradient, 256, sample, loose);
}

// Seconds on an idle machine, minutes on a busy one.
const timeout = 600_000;

test("ProGAN", { timeout }, ({ gpu }) => check(gpu, new PgganDiscriminator(), pggan256));

test("StyleGAN2", { timeout }, ({ gpu }) => check(gpu, new Stylegan2Discriminator(), stylegan2256));
