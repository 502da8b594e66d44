// How many images a training step can hold at once, decided before it begins.

import { DeviceError } from "@fauxgrad/tensor";

/** What a device allows. */
export interface MemoryLimits {
  /** Bytes of the largest array: `gpu.maxArrayBytes`. */
  readonly maxArrayBytes: number;
  /** Bytes of all arrays together. */
  readonly maxBytes: number;
}

/** What a step needs. */
export interface StepMemory {
  /** Bytes whatever the number of images: weights, gradients, the optimizer's memory. */
  readonly fixed: number;
  /** Bytes of each image at once on the device. */
  readonly image: number;
  /** Bytes of an image in the largest array. */
  readonly largest: number;
}

/** A batch to be cut. */
export interface PartRequest {
  readonly batchSize: number;
  /** Of the images, in pixels: for the message. */
  readonly side: number;
  /** Images at once where the user decides; it is not made smaller. */
  readonly wanted?: number | undefined;
}

/** How a batch is cut. */
export interface PartPlan {
  /** Most images at once. */
  readonly microBatch: number;
  /** Parts of a full batch. */
  readonly parts: number;
  /** What a step is expected to need at most. */
  readonly bytes: number;
}

/**
 * Images at once: all of a batch if the device holds them, else the fewest equal parts that do.
 *
 * @throws {DeviceError} if a single image is too large
 */
export function planParts(
  { batchSize, side, wanted }: PartRequest,
  { fixed, image, largest }: StepMemory,
  { maxArrayBytes, maxBytes }: MemoryLimits,
): PartPlan {
  const most = Math.floor(Math.min(maxArrayBytes / largest, (maxBytes - fixed) / image));
  if (most < 1 && wanted === undefined) {
    throw new DeviceError(
      "out-of-memory",
      `training: one image of ${side} x ${side} pixels does not fit\n` +
        `  needed     ${fixed + image} bytes, the largest array ${largest}\n` +
        `  available  ${maxBytes} bytes, the largest array ${maxArrayBytes}\n` +
        "Raise the limit of memory, or choose smaller images.",
    );
  }
  const parts = Math.ceil(batchSize / Math.min(batchSize, wanted ?? most));
  const microBatch = Math.ceil(batchSize / parts);
  return { microBatch, parts, bytes: fixed + microBatch * image };
}
