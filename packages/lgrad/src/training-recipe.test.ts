import { expect, test } from "vitest";
import { learningRateAt, type TrainingPreset, trainingPresets } from "./training-recipe.ts";

/** `[first epoch, last epoch, rate]` for as long as the rate stays. */
function plateaus(preset: TrainingPreset, epochs = 100): [number, number, number][] {
  const found: [number, number, number][] = [];
  for (let epoch = 0; epoch < epochs; epoch += 1) {
    const rate = Number(learningRateAt(trainingPresets[preset], epoch).toPrecision(4));
    const last = found.at(-1);
    if (last !== undefined && last[2] === rate) last[1] = epoch;
    else found.push([epoch, epoch, rate]);
  }
  return found;
}

test("the code's learning rate falls after epochs 10, 20, … 90", () => {
  expect(plateaus("official")).toEqual([
    [0, 10, 5e-4],
    [11, 20, 4e-4],
    [21, 30, 3.2e-4],
    [31, 40, 2.56e-4],
    [41, 50, 2.048e-4],
    [51, 60, 1.638e-4],
    [61, 70, 1.311e-4],
    [71, 80, 1.049e-4],
    [81, 90, 8.389e-5],
    [91, 99, 6.711e-5],
  ]);
});

test("the paper's learning rate falls after every 10 epochs", () => {
  expect(plateaus("paper")).toEqual([
    [0, 9, 5e-4],
    [10, 19, 4e-4],
    [20, 29, 3.2e-4],
    [30, 39, 2.56e-4],
    [40, 49, 2.048e-4],
    [50, 59, 1.638e-4],
    [60, 69, 1.311e-4],
    [70, 79, 1.049e-4],
    [80, 89, 8.389e-5],
    [90, 99, 6.711e-5],
  ]);
});

test("both recipes are Adam, batch 16, 100 epochs, 224 of 256 pixels", () => {
  for (const preset of ["paper", "official"] as const) {
    expect(trainingPresets[preset]).toMatchObject({
      preset,
      optimizer: "adam",
      batchSize: 16,
      epochs: 100,
      size: 256,
      crop: 224,
      sampling: "shuffle",
    });
  }
  expect(trainingPresets.official.flip).toBe(true);
  expect(trainingPresets.paper.flip).toBe(false);
});
