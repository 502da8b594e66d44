import { expect, test } from "vitest";
import { activationElements, planMicroBatch } from "./micro-batch.ts";

const MIB = 2 ** 20;
const GIB = 2 ** 30;

test("batch 16 at 224 pixels is one part within 128 MiB bindings and 6 GiB", () => {
  const plan = planMicroBatch(16, 224, { maxArrayBytes: 128 * MIB, maxBytes: 6 * GIB });
  expect(plan).toMatchObject({ microBatch: 16, parts: 1, notice: null });
  expect(plan.bytes).toBeLessThan(3 * GIB);
});

test("activations of a ResNet-50 are those of its table", () => {
  // 112²·64; 56²·(64·(1 + 9) + 2·64·6); then each stage's first block at the size before.
  const stem = 112 ** 2 * 64;
  const layer1 = 56 ** 2 * 64 * (10 + 6 + 6);
  const layer2 = 56 ** 2 * 128 + 28 ** 2 * 128 * (9 + 3 * 6);
  const layer3 = 28 ** 2 * 256 + 14 ** 2 * 256 * (9 + 5 * 6);
  const layer4 = 14 ** 2 * 512 + 7 ** 2 * 512 * (9 + 2 * 6);
  expect(activationElements(224)).toBe(stem + layer1 + layer2 + layer3 + layer4);
});

test("the estimate holds what was measured, from 2 images of 64 pixels to 4 of 224", () => {
  // Peaks of the memory held in a step with Adam on llvmpipe, freed buffers included.
  const measured = [
    { images: 2, side: 64, bytes: 566_204_672 },
    { images: 4, side: 64, bytes: 579_508_480 },
    { images: 2, side: 128, bytes: 607_033_600 },
    { images: 4, side: 224, bytes: 898_996_736 },
  ];
  for (const { images, side, bytes } of measured) {
    const limits = { maxArrayBytes: 128 * MIB, maxBytes: 8 * GIB };
    const plan = planMicroBatch(images, side, limits);
    expect(plan.bytes).toBeGreaterThan(bytes);
    expect(plan.bytes).toBeLessThan(1.25 * bytes);
  }
});

test("less memory, or smaller bindings, cut a batch into equal parts, and say so", () => {
  const memory = planMicroBatch(16, 224, { maxArrayBytes: 128 * MIB, maxBytes: 1.5 * GIB });
  expect(memory).toMatchObject({ microBatch: 6, parts: 3 });
  expect(memory.notice).toBe(
    "A batch of 16 is cut into 3 parts of at most 6 images, and their gradients are added up. " +
      "Batch normalisation sees each part alone: its moments are over 6 images, and the running " +
      "ones are updated 3 times a step.",
  );
  const binding = planMicroBatch(64, 224, { maxArrayBytes: 128 * MIB, maxBytes: 64 * GIB });
  expect(binding).toMatchObject({ microBatch: 32, parts: 2 });
  const limits = { maxArrayBytes: 128 * MIB, maxBytes: 6 * GIB };
  expect(planMicroBatch(16, 224, limits, 5)).toMatchObject({ microBatch: 4, parts: 4 });
});

test("refuses where one image is too large", () => {
  const limits = { maxArrayBytes: 128 * MIB, maxBytes: GIB / 2 };
  expect(() => planMicroBatch(1, 224, limits)).toThrow(
    /^training: one image of 224 x 224 pixels does not fit\n {2}needed {5}\d+ bytes/,
  );
});
