// How many images a training step can hold at once, decided before it begins.

import { resnetBlocks } from "@fauxgrad/models";
import { type MemoryLimits, type PartPlan, planParts } from "@fauxgrad/training";

/** How a batch is cut. */
export interface MicroBatchPlan extends PartPlan {
  /** For people; null where a batch is one part. */
  readonly notice: string | null;
}

const FLOAT = 4;
const CHANNELS = [64, 128, 256, 512] as const;
/** ResNet-50 with one logit. */
const PARAMETERS = 23_510_081;
/** Weights, gradients, Adam's two moments; and as much again for what a convolution's gradients
 * need on the way (weights of 3×3 convolutions transformed). */
const WEIGHT_COPIES = 6;
/** Each convolution's output is kept, and its normalised and rectified form; a third is for what
 * a backward pass has under way. */
const ACTIVATION_COPIES = 3;

/** Elements that all convolutions of a ResNet-50 put out for one image of `side` pixels. */
export function activationElements(side: number): number {
  const half = (length: number) => Math.ceil(length / 2);
  const stem = half(side) ** 2 * CHANNELS[0];
  let length = half(half(side));
  let sum = stem;
  resnetBlocks.resnet50.forEach((blocks, stage) => {
    const planes = CHANNELS[stage] ?? 0;
    for (let block = 0; block < blocks; block += 1) {
      const before = length;
      if (stage > 0 && block === 0) length = half(length);
      // 1×1, 3×3 with the stride, 1×1 to four times the channels; a projection where they change.
      sum += before ** 2 * planes + length ** 2 * planes * (block === 0 ? 9 : 5);
    }
  });
  return sum;
}

/**
 * Images at once: all of a batch if the device holds them, else the fewest equal parts that do.
 *
 * @param side of the crops, in pixels
 * @param wanted images at once where the user decides; it is not made smaller
 * @throws {DeviceError} if a single image is too large
 */
export function planMicroBatch(
  batchSize: number,
  side: number,
  limits: MemoryLimits,
  wanted?: number,
): MicroBatchPlan {
  const memory = {
    fixed: PARAMETERS * FLOAT * WEIGHT_COPIES,
    image: activationElements(side) * FLOAT * ACTIVATION_COPIES,
    largest: Math.ceil(side / 2) ** 2 * CHANNELS[0] * FLOAT,
  };
  const plan = planParts({ batchSize, side, wanted }, memory, limits);
  const { microBatch, parts } = plan;
  const notice =
    parts === 1
      ? null
      : `A batch of ${batchSize} is cut into ${parts} parts of at most ${microBatch} images, and ` +
        "their gradients are added up. Batch normalisation sees each part alone: its moments are " +
        `over ${microBatch} images, and the running ones are updated ${parts} times a step.`;
  return { ...plan, notice };
}
