import { expect, test } from "vitest";
import {
  efficientNetActivations,
  planTgdParts,
  resnextActivations,
  stepMemory,
} from "./micro-batch.ts";
import type { TgdRecipe } from "./recipe.ts";
import { recipePreset } from "./recipe-preset.ts";

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const limits = { maxArrayBytes: 128 * MIB, maxBytes: 4 * GIB };
const transfer = recipePreset({ stage: "transfer", preset: "script" });

test("activations are those of the specification's tables", () => {
  // Section 8.4: 2 200 064 floats at 128 pixels, the largest 96 maps of 64 x 64.
  expect(efficientNetActivations(128)).toEqual({ convolutions: 2_200_064, largest: 96 * 64 ** 2 });
  expect(efficientNetActivations(256).convolutions).toBe(4 * 2_200_064);
  const { convolutions, largest } = resnextActivations(128);
  expect(largest * 4).toBe(MIB);
  // With the pooled stem 18.2 MiB.
  expect((convolutions * 4) / MIB + 0.25).toBeCloseTo(18.2, 1);
});

test("a batch of 200 at 128 pixels is cut so that it runs in 128 MiB bindings and 4 GiB", () => {
  const plan = planTgdParts(transfer, limits);
  expect(plan).toMatchObject({ microBatch: 67, parts: 3 });
  expect(plan.bytes).toBeLessThan(4 * GIB);
  expect(plan.notice).toBe(
    "A batch of 200 is cut into 3 parts of at most 67 images, whose gradients add up to those of " +
      "the whole batch.",
  );
  const pretraining = planTgdParts(recipePreset({ stage: "pretrain", preset: "paper" }), limits);
  expect(pretraining).toMatchObject({ parts: 7, microBatch: 74 });
  expect(planTgdParts(transfer, limits, 16)).toMatchObject({ parts: 13, microBatch: 16 });
});

test("the estimate holds what was measured, from 4 images to 67 at once", () => {
  // Peaks of a transfer step of B0 at 128 pixels on llvmpipe, freed buffers included, in MiB. The
  // last is a batch of 200: five minutes on two busy cores.
  const measured = [
    { images: 4, peak: 203 },
    { images: 8, peak: 405 },
    { images: 67, peak: 2103 },
  ];
  for (const { images, peak } of measured) {
    const { bytes } = planTgdParts({ ...transfer, batchSize: images }, limits);
    expect(bytes / MIB).toBeGreaterThan(peak);
    expect(bytes / MIB).toBeLessThan(1.3 * peak);
  }
});

test("a wider or shorter network needs what it has", () => {
  const withOptions = (options: TgdRecipe["network"]["options"]) => ({
    ...transfer,
    network: { ...transfer.network, options },
  });
  // Twice the channels: 192 maps of 64 x 64, 3 MiB, of which 42 fit a binding.
  const wide = withOptions({ widthPercent: 200 });
  expect(stepMemory(wide).largest).toBe(2 * stepMemory(transfer).largest);
  expect(planTgdParts(wide, { ...limits, maxBytes: 64 * GIB }).parts).toBe(5);
  // By hand from its table: 19 718 parameters, five times for the student, twice for the teacher.
  const small = withOptions({ widthPercent: 25, stages: 3 });
  expect(stepMemory(small).fixed).toBe(7 * 4 * 19_718);
  // The largest, 48 maps of 64 x 64, are 150 MiB of a batch.
  expect(planTgdParts(small, limits).parts).toBe(2);
});

test("less memory cuts smaller, and one image that does not fit is refused", () => {
  const small = planTgdParts(transfer, { ...limits, maxBytes: GIB });
  expect(small.parts).toBeGreaterThan(3);
  expect(() => planTgdParts(transfer, { ...limits, maxBytes: 100 * MIB })).toThrow(
    /^training: one image of 128 x 128 pixels does not fit\n {2}needed {5}\d+ bytes/,
  );
});

test("other networks have their own needs, and batch normalisation is told", () => {
  const resnext = recipePreset({
    stage: "transfer",
    preset: "script",
    network: "tgd_resnext50_32x4d",
  });
  expect(planTgdParts(resnext, limits).bytes).toBeLessThan(4 * GIB);
  const forensic = recipePreset({
    stage: "pretrain",
    preset: "paper",
    method: "forensic-transfer",
  });
  const plan = planTgdParts(forensic, limits);
  expect(plan.notice).toMatch(/Batch normalisation sees each part alone/);
  const small = recipePreset({ stage: "pretrain", preset: "paper", network: "small_cnn" });
  // 24 maps of 64 x 64, and half as many values in each layer behind.
  expect(stepMemory(small).largest).toBe(4 * 24 * 64 ** 2);
  expect(stepMemory(small).image).toBe(4 * 4 * 24 * 64 ** 2 * 1.875);
  expect(planTgdParts(small, limits)).toMatchObject({ parts: 1, notice: null });
  expect(planTgdParts(small, limits, 16).notice).toMatch(
    /Batch normalisation sees each part alone/,
  );
});
