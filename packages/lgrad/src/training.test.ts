import { adaptiveAvgPool2d, flatten, type Gpu, relu, scope, type Tensor } from "@fauxgrad/tensor";
import { BatchNorm2d, Conv2d, Linear, Module } from "@fauxgrad/tensor/nn";
import { randomFloats } from "@fauxgrad/testing";
import { TrainingDiverged } from "@fauxgrad/training";
import type { ClassifierBatch } from "./classifier-input.ts";
import { expect, test } from "./test-gpu.ts";
import { Trainer } from "./training.ts";
import { type TrainingRecipe, trainingPresets } from "./training-recipe.ts";
import { lossOf, type TrainerState } from "./training-state.ts";

/** A convolution, perhaps a normalisation, a head: what a classifier consists of. */
class SmallNet extends Module {
  readonly conv = new Conv2d(3, 4, 3, { padding: 1 });
  readonly bn: BatchNorm2d | null;
  readonly fc = new Linear(4, 1);
  constructor(normalized = true) {
    super();
    this.bn = normalized ? new BatchNorm2d(4) : null;
  }
  forward(input: Tensor): Tensor {
    return scope(() => {
      const raw = this.conv.forward(input);
      const maps = relu(this.bn === null ? raw : this.bn.forward(raw));
      return this.fc.forward(flatten(adaptiveAvgPool2d(maps, 1)));
    });
  }
}

const LABELS = Uint8Array.from([0, 1, 0, 1, 1, 0, 1]);
const SIDE = 6;
const recipe: TrainingRecipe = { ...trainingPresets.official, batchSize: 4, epochs: 3, seed: 5 };

/** The images of a step, made from their number in the training set. */
function batchOf(trainer: Trainer): { batch: ClassifierBatch; labels: number[] } {
  const { indices } = trainer.batchAt(trainer.stepsDone);
  const values = SIDE * SIDE * 3;
  const pixels = new Float32Array(indices.length * values);
  indices.forEach((index, i) => {
    pixels.set(randomFloats(values, index + 1), i * values);
  });
  const shape = [indices.length, SIDE, SIDE, 3] as const;
  return { batch: { pixels, shape }, labels: [...indices].map((index) => LABELS[index]!) };
}

function step(trainer: Trainer) {
  const { batch, labels } = batchOf(trainer);
  return trainer.step(batch, labels);
}

function start(
  gpu: Gpu,
  {
    normalized = true,
    ...options
  }: { normalized?: boolean; microBatch?: number } & Partial<{
    recipe: TrainingRecipe;
  }> = {},
) {
  const network = new SmallNet(normalized).to(gpu, { seed: 9 });
  const trainer = new Trainer(gpu, { network, labels: LABELS, recipe, ...options });
  const dispose = () => {
    trainer.dispose();
    network.dispose();
  };
  return { network, trainer, dispose };
}

async function bytesOf(network: Module) {
  const state = await network.stateDict();
  return [...state].map(([name, { data }]) => [name, new Uint8Array(data.buffer.slice(0))]);
}

test("goes on from a saved state to the same bits, in the middle of an epoch", async ({ gpu }) => {
  const whole = start(gpu);
  let saved: TrainerState | null = null;
  const losses: number[] = [];
  for (let i = 0; i < 5; i += 1) {
    if (i === 3) saved = await whole.trainer.exportState();
    losses.push((await step(whole.trainer)).loss);
  }
  const expected = await bytesOf(whole.network);
  const totals = whole.trainer.totals;
  whole.dispose();

  const { tensors, progress } = saved!;
  const resumed = start(gpu);
  await step(resumed.trainer);
  resumed.trainer.importState({ tensors, progress: JSON.parse(JSON.stringify(progress)) });
  expect(resumed.trainer.stepsDone).toBe(3);
  for (let i = 3; i < 5; i += 1) expect((await step(resumed.trainer)).loss).toBe(losses[i]);
  expect(await bytesOf(resumed.network)).toEqual(expected);
  expect(resumed.trainer.totals).toEqual(totals);
  resumed.dispose();
});

test("steps may be under way together, and give what they give one by one", async ({ gpu }) => {
  const one = start(gpu);
  const together = start(gpu);
  const expected = [await step(one.trainer), await step(one.trainer), await step(one.trainer)];
  const pending = [step(together.trainer), step(together.trainer), step(together.trainer)];
  expect(await Promise.all(pending)).toEqual(expected);
  expect(await bytesOf(together.network)).toEqual(await bytesOf(one.network));
  expect(expected.map(({ images }) => images)).toEqual([4, 3, 4]);
  expect(expected.map(({ epoch }) => epoch)).toEqual([0, 0, 1]);
  // The third is the first of its epoch.
  expect(one.trainer.totals.images).toBe(4);
  one.dispose();
  together.dispose();
});

test("parts of a batch add up to its gradient where nothing normalises", async ({ gpu }) => {
  const sgd: TrainingRecipe = { ...recipe, optimizer: "sgd", learningRate: 0.5 };
  const whole = start(gpu, { normalized: false, recipe: sgd });
  const parts = start(gpu, { normalized: false, recipe: sgd, microBatch: 3 });
  const before = await whole.network.stateDict();
  const [a, b] = [await step(whole.trainer), await step(parts.trainer)];
  expect(a.loss).toBe(b.loss);
  const [left, right] = [await whole.network.stateDict(), await parts.network.stateDict()];
  let moved = 0;
  for (const [name, { data }] of left) {
    const other = right.get(name)!.data;
    data.forEach((value: number | bigint, i: number) => {
      // Sums of at most 4 · 36 · 27 products of numbers below 1, times the rate.
      expect(Math.abs(Number(value) - Number(other[i]))).toBeLessThan(4 * 36 * 27 * 2 ** -24);
      moved = Math.max(moved, Math.abs(Number(value) - Number(before.get(name)!.data[i])));
    });
  }
  expect(moved).toBeGreaterThan(0.01);
  whole.dispose();
  parts.dispose();
});

test("the loss is the logits' cross-entropy, the rate the epoch's", async ({ gpu }) => {
  const { trainer, network, dispose } = start(gpu);
  const { batch, labels } = batchOf(trainer);
  network.train();
  const outcome = await trainer.step(batch, labels);
  expect(outcome).toMatchObject({ step: 1, epoch: 0, learningRate: 5e-4, images: 4 });
  expect(outcome.loss).toBeGreaterThan(0.3);
  expect(outcome.loss).toBeLessThan(1.5);
  expect(lossOf(2, 1)).toBeCloseTo(0.126928011, 9);
  expect(lossOf(-2, 1)).toBeCloseTo(2.126928011, 9);
  const logits = await trainer.evaluate(batch);
  expect(logits).toHaveLength(4);
  expect(await trainer.evaluate(batch)).toEqual(logits);
  expect(() => trainer.step(batch, [0])).toThrow(
    "Trainer: 1 labels for 4 images\nPass one label per image.",
  );
  dispose();
});

test("a loss that is no number stops the run, and is told once", async ({ gpu }) => {
  const { trainer, dispose } = start(gpu);
  const { batch, labels } = batchOf(trainer);
  const pixels = batch.pixels.map(() => Number.NaN);
  const failing = trainer.step({ ...batch, pixels }, labels);
  await expect(failing).rejects.toThrow(TrainingDiverged);
  await expect(failing).rejects.toThrow("loss is NaN at step 1");
  dispose();
});

test("refuses the state of other images", async ({ gpu }) => {
  const { trainer, network, dispose } = start(gpu);
  const state = await trainer.exportState();
  const other = new Trainer(gpu, { network, labels: LABELS.subarray(1), recipe });
  expect(() => other.importState(state)).toThrow(/^BatchSampler: the checkpoint was made with/);
  dispose();
});
