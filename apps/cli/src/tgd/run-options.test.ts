import { changeRecipe, learningRateAt, tgdPresets } from "@fauxgrad/tgd";
import { expect, test } from "vitest";
import { continueRun, cosineNotice, type TgdRun } from "./run-options.ts";

const script = tgdPresets.script.transfer;

function run(recipe = script): TgdRun {
  return {
    ...{ version: 1, method: "tgd", recipe, data: "/data", targetVal: null, sourceVal: null },
    ...{ weights: null, microBatch: null },
  };
}

test("a training may be told where its images are now, but not to validate on what it did not", () => {
  const recorded = { ...run(), targetVal: "/target", sourceVal: "/source" };
  const moved = { targetVal: "/moved/target", sourceVal: "/moved/source" };
  expect(continueRun(recorded, moved, [], "/moved/data")).toEqual({
    ...recorded,
    ...{ ...moved, data: "/moved/data" },
  });
  expect(continueRun(recorded, {}, [], undefined)).toEqual(recorded);
  expect(() => continueRun(run(), moved, [], undefined)).toThrow(
    "the training was begun already, with its options: --target-val, --source-val\n" +
      "Leave these out: --resume knows them.",
  );
});

test("a training that outlasts its cosine is told that the rate rises again", () => {
  const longer = (epochs: number, from = run()) =>
    continueRun(from, { epochs }, [], undefined).recipe;
  expect(cosineNotice(longer(301))).toBeNull();
  expect(cosineNotice(longer(400))).toBe(
    "The cosine of the learning rate falls until epochs 300, as the training was begun; of 400 " +
      "epochs it rises again in the rest.\n" +
      "For a cosine of this length begin a new training, from this one's model.",
  );
  const { pretrain } = tgdPresets.paper;
  // A warm-up of 20 comes before the cosine of 300.
  expect(cosineNotice(longer(322, run(pretrain)))).toBeNull();
  expect(cosineNotice(longer(323, run(pretrain)))).toContain("until epochs 321,");
  const rate = (epoch: number) => learningRateAt(pretrain.learningRate, { epoch, step: 0 });
  expect(rate(321)).toBeLessThan(rate(320));
  expect(rate(322)).toBeGreaterThan(rate(321));
  const constant = changeRecipe(script, { "learningRate.decay": { kind: "constant" } });
  expect(cosineNotice(longer(400, run(constant)))).toBeNull();
  const steps = changeRecipe(script, { "learningRate.unit": "steps" });
  expect(cosineNotice(longer(400, run(steps)))).toBeNull();
});
