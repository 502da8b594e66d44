// What is captured and replayed gives the bits of what is run: LGrad's training steps and gradients.

import { resize, rgbImage } from "@fauxgrad/models/transforms";
import {
  adaptiveAvgPool2d,
  binaryCrossEntropyWithLogits,
  capture,
  flatten,
  type Gpu,
  relu,
  scope,
  type Tensor,
  tensor,
  zeros,
} from "@fauxgrad/tensor";
import { BatchNorm2d, Conv2d, Dropout, Linear, Module } from "@fauxgrad/tensor/nn";
import { Adam } from "@fauxgrad/tensor/optim";
import { img8, randomFloats } from "@fauxgrad/testing";
import { describeClassifier } from "./classifier.ts";
import { GradientTransformer } from "./gradient-transformer.ts";
import { expect, test } from "./test-gpu.ts";
import { Trainer } from "./training.ts";
import { type TrainingRecipe, trainingPresets } from "./training-recipe.ts";

class SmallNet extends Module {
  readonly conv = new Conv2d(3, 6, 3, { padding: 1 });
  readonly bn = new BatchNorm2d(6);
  readonly dropout = new Dropout(0);
  readonly fc = new Linear(6, 1);
  forward(input: Tensor): Tensor {
    return scope(() => {
      const maps = relu(this.bn.forward(this.conv.forward(input)));
      return this.fc.forward(this.dropout.forward(flatten(adaptiveAvgPool2d(maps, 1))));
    });
  }
}

// Two full batches and a last one of two images.
const LABELS = Uint8Array.from([0, 1, 0, 1, 1, 0, 1, 0, 1, 1]);
const SIDE = 6;
const VALUES = SIDE * SIDE * 3;
const STEPS = 9;
const numel = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);
const recipe: TrainingRecipe = { ...trainingPresets.official, batchSize: 4, epochs: 3, seed: 5 };

/** Losses and state after three epochs; an evaluation before each step keeps it from being captured. */
async function train(
  gpu: Gpu,
  options: Partial<TrainingRecipe>,
  isEager: boolean,
  change: (network: SmallNet, step: number) => void = () => undefined,
) {
  using network = new SmallNet().to(gpu, { seed: 9 });
  using trainer = new Trainer(gpu, {
    network,
    labels: LABELS,
    recipe: { ...recipe, ...options },
    microBatch: 2,
  });
  const losses: number[] = [];
  const captures: number[] = [];
  for (let i = 0; i < STEPS; i++) {
    const { indices } = trainer.batchAt(trainer.stepsDone);
    const pixels = new Float32Array(indices.length * VALUES);
    indices.forEach((index, at) => {
      pixels.set(randomFloats(VALUES, index + 1), at * VALUES);
    });
    const batch = { pixels, shape: [indices.length, SIDE, SIDE, 3] as const };
    if (isEager) await trainer.evaluate(batch);
    change(network, i);
    const labels = [...indices].map((index) => LABELS[index]!);
    losses.push((await trainer.step(batch, labels)).loss);
    captures.push(gpu.stats.captures);
  }
  const { tensors } = await trainer.exportState();
  const state = [...tensors].map(([name, { dtype, shape, data }]) => [
    name,
    dtype,
    shape,
    [...data].join(),
  ]);
  return { losses, state, captures };
}

test.for([
  ["adam", {}],
  ["sgd", { optimizer: "sgd", learningRate: 0.1 }],
] as const)("a training by %s comes to the same bits", async ([_, options], { gpu }) => {
  const eager = await train(gpu, options, true);
  const replayed = await train(gpu, options, false);
  expect(replayed.losses).toEqual(eager.losses);
  expect(replayed.state).toEqual(eager.state);
  expect(eager.captures).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0]);
  // The second full batch of each epoch is captured; its last batch has another shape.
  expect(replayed.captures).toEqual([0, 1, 0, 0, 1, 0, 0, 1, 0]);
  expect(gpu.stats.captures).toBe(0);
});

test("what freezes or drops otherwise from a step on does so in replays", async ({ gpu }) => {
  const change = ({ conv, dropout }: SmallNet, step: number) => {
    conv.weight.requiresGrad = step < 3;
    dropout.p = step < 5 ? 0.25 : 0.5;
  };
  // One shape: from the second step on all would be replayed.
  const options = { batchSize: 10, epochs: 9 };
  const eager = await train(gpu, options, true, change);
  const replayed = await train(gpu, options, false, change);
  expect(replayed.losses).toEqual(eager.losses);
  expect(replayed.state).toEqual(eager.state);
  expect(replayed.captures).toEqual([0, 1, 1, 0, 1, 0, 1, 1, 1]);
});

test("what others derive from the weights between steps is no part of a captured one", async ({
  gpu,
}) => {
  const look = (network: SmallNet) => {
    network.eval();
    // Six outputs of a convolution are padded to eight, and that is kept.
    scope(() => network.forward(zeros(gpu, [1, SIDE, SIDE, 3]))).dispose();
  };
  const options = { batchSize: 10, epochs: 9 };
  const eager = await train(gpu, options, true, look);
  const replayed = await train(gpu, options, false, look);
  expect(replayed.losses).toEqual(eager.losses);
  expect(replayed.state).toEqual(eager.state);
  expect(replayed.captures).toEqual([0, 1, 1, 1, 1, 1, 1, 1, 1]);
});

test("gradients of batches that follow each other are replayed, to the same bits", async ({
  gpu,
}) => {
  const model = { resolution: 32, fmapsBase: 512, fmapsMax: 32 };
  using transformer = GradientTransformer.create(gpu, "stylegan", { seed: 7 }, { model });
  const images = [40, 50, 60].map((side) =>
    resize(rgbImage(side, side, img8(side, side)), { width: 32, height: 32 }),
  );
  const [a, b, c] = images as [(typeof images)[0], (typeof images)[0], (typeof images)[0]];
  const expected = [];
  for (const image of [a, b, c]) {
    // Batches of another size between them: none is captured.
    await transformer.gradients([a, b]);
    expected.push(...(await transformer.gradients([image])));
    expect(gpu.stats.captures).toBe(0);
  }
  await transformer.gradients([a]);
  // Two under way together.
  const pending = [transformer.gradients([a]), transformer.gradients([b])];
  const found = [...(await Promise.all(pending)).flat(), ...(await transformer.gradients([c]))];
  expect(gpu.stats.captures).toBe(1);
  expect(found).toEqual(expected);

  // Other weights: what was captured is stale or not, the gradients are theirs.
  using other = GradientTransformer.create(gpu, "stylegan", { seed: 8 }, { model });
  transformer.network.load(gpu, await other.network.stateDict());
  const [fresh] = await other.gradients([a]);
  expect(fresh).not.toEqual(expected[0]);
  for (let i = 0; i < 3; i++) expect(await transformer.gradients([a])).toEqual([fresh]);
});

test("a step of the classifier holds little more than what is alive at its peak", async ({
  gpu,
}) => {
  using network = describeClassifier();
  // Memory alone is asked for: what the weights are does not matter, and drawing them takes long.
  const weights = [...network.expectedState()].map(([name, shape]) => {
    const data = new Float32Array(numel(shape)).fill(0.01);
    return [name, { dtype: "float32", shape, data }] as const;
  });
  network.load(gpu, new Map(weights));
  using optimizer = new Adam(network.namedParameters(), { lr: 1e-4 });
  using images = tensor(gpu, randomFloats(2 * 32 * 32 * 3, 1), [2, 32, 32, 3]);
  using labels = tensor(gpu, [0, 1], [2, 1]);
  network.train();
  const step = () => {
    const loss = binaryCrossEntropyWithLogits(network.forward(images), labels);
    loss.backward();
    optimizer.step();
    optimizer.zeroGrad();
    return loss.detach();
  };
  scope(step).dispose();
  const { peakBytes } = gpu.stats;
  using captured = capture(gpu, step, { warmUp: false });
  expect(captured.stats.overhead).toBeLessThan(1.25);
  expect(captured.stats.pageBytes).toBeLessThan(1.1 * captured.stats.temporaryBytes);
  const { liveBytes, idleBytes } = gpu.stats;
  expect(liveBytes + idleBytes).toBeLessThan(peakBytes);
});
