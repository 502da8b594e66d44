// T-GD's steps, captured and replayed, give the bits of the same steps run one by one.
import { EfficientNet, type EfficientNetStage } from "@fauxgrad/models";
import type { Gpu } from "@fauxgrad/tensor";
import { randomFloats } from "@fauxgrad/testing";
import { codedRegularization, tgdPresets } from "./presets.ts";
import type { Regularization, TgdRecipe } from "./recipe.ts";
import { expect, test } from "./test-gpu.ts";
import { TgdTrainer } from "./trainer.ts";

const SIDE = 16;
const VALUES = SIDE * SIDE * 3;
const STEPS = 7;
const LABELS = Uint8Array.from([0, 1, 0, 1, 1, 0, 1, 0, 0, 1, 0, 1]);
const stages: EfficientNetStage[] = [
  { expansion: 2, kernelSize: 3, stride: 1, channels: 32, blocks: 2 },
];
const { transfer } = tgdPresets.script;

function recipeOf(feedback: Regularization["feedback"]): TgdRecipe {
  return {
    ...transfer,
    batchSize: 4,
    learningRate: { ...transfer.learningRate, base: 0.1, milestones: null, warmUp: null },
    duration: { count: 3, unit: "epochs" },
    dropRate: 0.3,
    dropConnectRate: 0.8,
    augmentation: { ...transfer.augmentation, size: SIDE, cutMix: { kind: "inter", rate: 0.5 } },
    regularization: { ...codedRegularization, feedback },
    seed: 5,
  };
}

function smallNet(gpu: Gpu, seed: number): EfficientNet {
  const options = { stages, widthMultiplier: 0.25, standardizeSE: false };
  return new EfficientNet({ ...options, dropout: 0.3, dropConnect: 0.8 }).to(gpu, { seed });
}

/** Outcomes and state; an evaluation before each step keeps it from being captured. */
async function train(gpu: Gpu, recipe: TgdRecipe, isEager: boolean) {
  using network = smallNet(gpu, 9);
  using teacher = smallNet(gpu, 10);
  using trainer = new TgdTrainer(gpu, {
    network,
    teacher,
    labels: LABELS,
    recipe,
    microBatch: 2,
    onCollapse: "tell",
  });
  const outcomes = [];
  const captures: number[] = [];
  for (let i = 0; i < STEPS; i++) {
    const { indices } = trainer.batchAt(trainer.stepsDone);
    const pixels = new Float32Array(indices.length * VALUES);
    indices.forEach((index, at) => {
      pixels.set(randomFloats(VALUES, index + 1), at * VALUES);
    });
    const batch = { pixels, shape: [indices.length, SIDE, SIDE, 3] as const };
    if (isEager) await trainer.evaluate(batch);
    const labels = [...indices].map((index) => LABELS[index]!);
    outcomes.push(await trainer.step(batch, labels));
    captures.push(gpu.stats.captures);
  }
  const { tensors } = await trainer.exportState();
  const state = [...tensors].map(([name, { data }]) => [name, [...data].join()]);
  return { outcomes, state, captures };
}

test.for([
  ["no feedback", null],
  ["feedback every second step", { every: 2, unit: "steps" }],
] as const)("a transfer with %s comes to the same bits", async ([_, feedback], { gpu }) => {
  const recipe = recipeOf(feedback);
  const eager = await train(gpu, recipe, true);
  const replayed = await train(gpu, recipe, false);
  expect(replayed.outcomes).toEqual(eager.outcomes);
  expect(replayed.state).toEqual(eager.state);
  // The masks and the mixing differ from step to step.
  expect(new Set(eager.outcomes.map(({ mixed }) => mixed)).size).toBeGreaterThan(1);
  expect(Math.max(...eager.captures)).toBe(0);
  // What the second step captured is stale after its feedback, for the teacher's derived weights
  // are: the third is run; what the fourth captures, and later ones, derives them itself.
  expect(replayed.captures).toEqual(
    feedback === null ? [0, 1, 1, 1, 1, 1, 1] : [0, 1, 0, 1, 1, 1, 1],
  );
});
