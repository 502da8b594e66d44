// How many images a discriminator's training step can hold at once.

import type { Architecture } from "@fauxgrad/models";
import { type MemoryLimits, type PartPlan, planParts } from "@fauxgrad/training";

const FLOAT = 4;
/** Weights, gradients, Adam's two moments; and as much again for what a convolution's gradients
 * need on the way (weights of 3×3 convolutions transformed). */
const WEIGHT_COPIES = 6;
/** Each convolution's output is kept, with its gradient; a third is what a blur or a skip adds. */
const ACTIVATION_COPIES = 3;

/** Elements that all convolutions put out for one image. */
export function discriminatorActivations({ resolution, channels }: Architecture): number {
  let sum = 0;
  for (const [i, width] of channels.entries()) {
    const side = resolution / 2 ** i;
    // At its own side: what enters, the first convolution, and the second, before it is halved.
    sum += side ** 2 * (2 * width + (channels[i + 1] ?? width));
  }
  return sum;
}

/**
 * Images at once: all of a batch if the device holds them, else the fewest equal parts that do.
 * Images do not see one another, so that parts change nothing but the order of the sums.
 *
 * @param parameters learned values
 * @param wanted images at once where the user decides; it is not made smaller
 * @throws {DeviceError} if a single image is too large
 */
export function planDiscriminatorParts(
  architecture: Architecture,
  { batchSize, parameters }: { readonly batchSize: number; readonly parameters: number },
  limits: MemoryLimits,
  wanted?: number,
): PartPlan {
  const { resolution: side, channels } = architecture;
  const memory = {
    fixed: parameters * FLOAT * WEIGHT_COPIES,
    image: discriminatorActivations(architecture) * FLOAT * ACTIVATION_COPIES,
    largest: Math.max(...channels.map((width, i) => (side / 2 ** i) ** 2 * width)) * FLOAT,
  };
  return planParts({ batchSize, side, wanted }, memory, limits);
}
