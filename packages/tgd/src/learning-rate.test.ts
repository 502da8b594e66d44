import { expect, test } from "vitest";
import { learningRateAt } from "./learning-rate.ts";
import { stepDecay, tgdPresets } from "./presets.ts";
import type { LearningRateRecipe } from "./recipe.ts";

/** A printed number is exact to half a unit of its last digit. */
function expectPrinted(actual: number, printed: string): void {
  const [mantissa = "", exponent = "0"] = printed.split("e");
  const decimals = (mantissa.split(".")[1] ?? "").length - Number(exponent);
  expect(Math.abs(actual - Number(printed)), `${actual}, printed ${printed}`).toBeLessThanOrEqual(
    0.5 * 10 ** -decimals * (1 + 1e-9),
  );
}

const cosine = (base: number, multiplier: number, tMax: number, ...at: number[]) =>
  ({
    base,
    warmUp: { multiplier, length: 10 },
    decay: { kind: "cosine", tMax },
    milestones: stepDecay(...at),
    unit: "epochs",
  }) satisfies LearningRateRecipe;

const { paper, script, notebook } = tgdPresets;

// The specification's §3.3: the formula's values, two notebook logs, and the committed transfer
// script's values, all as printed there.
const printed: [string, LearningRateRecipe, Record<number, string>][] = [
  [
    "the paper's pretraining",
    paper.pretrain.learningRate,
    {
      0: "0.040000",
      10: "0.100000",
      20: "0.160000",
      21: "0.160000",
      100: "0.13415",
      200: "0.056077",
      299: "0.002114",
    },
  ],
  [
    "the notebooks' pretraining",
    notebook.pretrain.learningRate,
    {
      1: "0.170000",
      29: "0.792915",
      64: "0.739957",
      75: "0.713477",
      76: "0.071086",
      98: "0.064516",
      175: "0.034157",
      176: "0.003374",
    },
  ],
  [
    "a notebook's transfer at 0.04",
    cosine(0.04, 4, 1000, 50, 250, 500, 750),
    {
      1: "0.052000",
      50: "0.159400",
      51: "0.015937",
      199: "0.014645",
      299: "0.001294",
      501: "0.000083",
    },
  ],
  [
    "the script's transfer",
    script.transfer.learningRate,
    {
      0: "0.040000",
      100: "0.030000",
      200: "0.010000",
      249: "0.0027852",
      250: "0.00026795",
    },
  ],
];

test.for(printed)("%s", ([, recipe, rates]) => {
  for (const [epoch, rate] of Object.entries(rates)) {
    expectPrinted(learningRateAt(recipe, { epoch: Number(epoch), step: 12_345 }), rate);
  }
});

test("a schedule in steps looks at the step, and one without schedule at nothing", () => {
  const recipe: LearningRateRecipe = { ...cosine(0.1, 2, 100, 50), unit: "steps" };
  expect(learningRateAt(recipe, { epoch: 0, step: 10 })).toBeCloseTo(0.2, 15);
  expect(learningRateAt(recipe, { epoch: 10, step: 5 })).toBeCloseTo(0.15, 15);
  expect(learningRateAt(recipe, { epoch: 0, step: 51 })).toBeCloseTo(
    0.2 * 0.1 * 0.5 * (1 + Math.cos(0.4 * Math.PI)),
    15,
  );
  const { learningRate } = paper.transfer;
  for (const step of [0, 1, 999])
    expect(learningRateAt(learningRate, { epoch: 3, step })).toBe(0.01);
});

test("a warm-up without decay stays where it came to", () => {
  const recipe: LearningRateRecipe = {
    base: 0.1,
    warmUp: { multiplier: 2, length: 50 },
    decay: { kind: "constant" },
    milestones: { at: [200, 400], factor: 0.1, from: "after" },
    unit: "epochs",
  };
  const rates = [0, 25, 50, 51, 200, 201, 401].map((epoch) =>
    learningRateAt(recipe, { epoch, step: 0 }),
  );
  const expected = [0.1, 0.15, 0.2, 0.2, 0.2, 0.02, 0.002];
  for (const [i, rate] of expected.entries()) expect(rates[i]).toBeCloseTo(rate, 15);
});
