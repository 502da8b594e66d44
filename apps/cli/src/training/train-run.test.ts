import { rm, writeFile } from "node:fs/promises";
import path from "node:path";
import {
  Trainer,
  type TrainerState,
  TrainingDiverged,
  type TrainingRecipe,
  trainingPresets,
} from "@fauxgrad/lgrad";
import { adaptiveAvgPool2d, flatten, Gpu, relu, scope, type Tensor } from "@fauxgrad/tensor";
import { BatchNorm2d, Conv2d, Linear, Module } from "@fauxgrad/tensor/nn";
import { test as deviceTest, expect } from "@fauxgrad/testing";
import { afterAll, beforeAll } from "vitest";
import { bundleForTest } from "../io/bundle-for-test.ts";
import { DecodePool } from "../io/decode-pool.ts";
import { temporaryFolder } from "../test-cli.ts";
import { gradientForm } from "./input-stream.ts";
import { RunLog } from "./run-log.ts";
import { writeTinyImages } from "./tiny-images.ts";
import { trainToEnd } from "./train-run.ts";
import { findImages, type TrainingImages } from "./training-images.ts";

class SmallNet extends Module {
  readonly conv = new Conv2d(3, 4, 3, { stride: 2 });
  readonly bn = new BatchNorm2d(4);
  readonly fc = new Linear(4, 1);
  forward(input: Tensor): Tensor {
    return scope(() => {
      const maps = relu(this.bn.forward(this.conv.forward(input)));
      return this.fc.forward(flatten(adaptiveAvgPool2d(maps, 1)));
    });
  }
}

let workerUrl: URL;
beforeAll(async () => {
  workerUrl = await bundleForTest("decode-worker.ts");
});

afterAll(() => rm(workerUrl));

const base: TrainingRecipe = {
  ...trainingPresets.official,
  size: 24,
  crop: 20,
  batchSize: 4,
  epochs: 2,
};

/** A training of a small network on the images of a folder, and what became of it. */
async function run(
  device: GPUDevice,
  images: TrainingImages,
  out: string,
  {
    recipe = base,
    signal = new AbortController().signal,
  }: {
    recipe?: TrainingRecipe;
    signal?: AbortSignal;
  } = {},
) {
  const gpu = new Gpu(device);
  await using pool = new DecodePool({ workerUrl, threads: 1 });
  using network = new SmallNet().to(gpu, { seed: 2 });
  const labels = images.train.map(({ label }) => label);
  using trainer = new Trainer(gpu, { network, labels, recipe });
  const log = await RunLog.open(out, 0, 0);
  const notes: string[] = [];
  const saved: TrainerState[] = [];
  let error: unknown = null;
  try {
    await trainToEnd({
      trainer,
      form: gradientForm(recipe),
      images,
      pool,
      log,
      progress: {
        advance: () => undefined,
        note: (text) => notes.push(text),
        stop: () => undefined,
      },
      signal,
      save: (state) => {
        saved.push(state);
        return Promise.resolve();
      },
      onEpoch: () => Promise.resolve(),
    });
  } catch (thrown) {
    error = thrown;
  }
  await gpu.synchronize();
  const { epochsFinished } = trainer;
  return { epochsFinished, log, notes, saved, error };
}

async function tinyImages(folder: string): Promise<TrainingImages> {
  await writeTinyImages(folder);
  const rest = { classes: null, weights: null, transform: null, microBatch: null };
  return findImages({ ...rest, recipe: base, data: folder });
}

deviceTest("an image that cannot be read is left out, and told each time", async ({ device }) => {
  await using folder = await temporaryFolder();
  const images = await tinyImages(folder.path);
  expect(images.train.map(({ label }) => label)).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
  const broken = images.train[2]?.file ?? "";
  await writeFile(broken, "no image");
  const { log, notes, error } = await run(device, images, path.join(folder.path, "out"));
  expect(error).toBeNull();
  expect(notes).toHaveLength(2);
  for (const text of notes) expect(text).toContain(broken);
  const epochs = log.rows.filter(({ kind }) => kind === "epoch");
  expect(epochs.map(({ values }) => values["images"])).toEqual([7, 7]);
});

deviceTest("an interruption saves what was done, and nothing is validated", async ({ device }) => {
  await using folder = await temporaryFolder();
  const images = await tinyImages(folder.path);
  const controller = new AbortController();
  const reason = new Error("stop");
  controller.abort(reason);
  const { signal } = controller;
  const { error, saved, log } = await run(device, images, path.join(folder.path, "out"), {
    signal,
  });
  expect(error).toBe(reason);
  expect(saved.map(({ progress }) => progress.sampler.step)).toEqual([0]);
  expect(log.rows).toEqual([]);
});

deviceTest("what has diverged is not saved; what was before is", async ({ device }) => {
  await using folder = await temporaryFolder();
  const images = { ...(await tinyImages(folder.path)), val: [] };
  const recipe: TrainingRecipe = { ...base, optimizer: "sgd", learningRate: 1e37, batchSize: 8 };
  const out = path.join(folder.path, "out");
  const { error, saved, epochsFinished } = await run(device, images, out, { recipe });
  expect(error).toBeInstanceOf(TrainingDiverged);
  expect(epochsFinished).toBe(1);
  expect(saved.map(({ progress }) => progress.sampler.step)).toEqual([1]);
  for (const { tensors } of saved) {
    for (const [name, { dtype, data }] of tensors) {
      if (dtype === "float32") expect(data.every(Number.isFinite), name).toBe(true);
    }
  }
});
