import { EfficientNet, type EfficientNetStage, ForensicTransfer } from "@fauxgrad/models";
import { type Gpu, UsageError } from "@fauxgrad/tensor";
import type { Module } from "@fauxgrad/tensor/nn";
import { randomFloats } from "@fauxgrad/testing";
import { TrainingDiverged } from "@fauxgrad/training";
import { freezeForGeneralTransfer } from "./freeze.ts";
import { codedRegularization, tgdPresets } from "./presets.ts";
import type { TgdRecipe } from "./recipe.ts";
import { expect, test } from "./test-gpu.ts";
import { TgdTrainer, type TgdTrainerOptions } from "./trainer.ts";
import type { TgdTrainerState } from "./training-state.ts";

const SIDE = 16;
const LABELS = Uint8Array.from([0, 1, 0, 1, 1, 0, 1, 0, 0, 1]);
const stages: EfficientNetStage[] = [
  { expansion: 2, kernelSize: 3, stride: 1, channels: 32, blocks: 2 },
];

const { transfer } = tgdPresets.script;
const recipe: TgdRecipe = {
  ...transfer,
  batchSize: 4,
  learningRate: { ...transfer.learningRate, base: 0.1, milestones: null, warmUp: null },
  duration: { count: 3, unit: "epochs" },
  dropRate: 0.3,
  dropConnectRate: 0.8,
  augmentation: { ...transfer.augmentation, size: SIDE, cutMix: { kind: "intra", rate: 0.5 } },
  regularization: { ...codedRegularization, feedback: { every: 2, unit: "steps" } },
  seed: 5,
};

function smallNet(gpu: Gpu, seed: number, { dropRate, dropConnectRate }: TgdRecipe): EfficientNet {
  const rates = { dropout: dropRate, dropConnect: dropConnectRate };
  const options = { stages, widthMultiplier: 0.25, standardizeSE: false, ...rates };
  return new EfficientNet(options).to(gpu, { seed });
}

interface Run extends Disposable {
  readonly network: EfficientNet;
  readonly teacher: EfficientNet;
  readonly trainer: TgdTrainer;
}

function start(gpu: Gpu, options: Partial<TgdTrainerOptions> = {}): Run {
  const given = options.recipe ?? recipe;
  const network = smallNet(gpu, 9, given);
  const teacher = smallNet(gpu, 10, given);
  const trainer = new TgdTrainer(gpu, {
    network,
    teacher,
    labels: LABELS,
    recipe: given,
    ...options,
  });
  const dispose = () => {
    trainer.dispose();
    network.dispose();
    teacher.dispose();
  };
  return { network, teacher, trainer, [Symbol.dispose]: dispose };
}

/** The images of a step, made from their number in the training set. */
function batchOf(trainer: TgdTrainer) {
  const { indices } = trainer.batchAt(trainer.stepsDone);
  const values = SIDE * SIDE * 3;
  const pixels = new Float32Array(indices.length * values);
  indices.forEach((index, i) => {
    pixels.set(randomFloats(values, index + 1), i * values);
  });
  const shape = [indices.length, SIDE, SIDE, 3] as const;
  return { batch: { pixels, shape }, labels: [...indices].map((index) => LABELS[index]!) };
}

function step(trainer: TgdTrainer) {
  const { batch, labels } = batchOf(trainer);
  return trainer.step(batch, labels);
}

async function bytesOf(network: Module) {
  const state = await network.stateDict();
  return new Map(
    [...state].map(([name, { data }]) => [name, new Uint8Array(data.buffer.slice(0))]),
  );
}

/** Largest difference between two networks' tensors. */
async function distance(a: Module, b: Module): Promise<number> {
  const [left, right] = [await a.stateDict(), await b.stateDict()];
  let most = 0;
  for (const [name, { data }] of left) {
    const other = right.get(name)!.data;
    for (let i = 0; i < data.length; i += 1) {
      most = Math.max(most, Math.abs(Number(data[i]) - Number(other[i])));
    }
  }
  return most;
}

test.for(["moving", "fixed"] as const)(
  "goes on to the same bits, %s start",
  async (kind, { gpu }) => {
    const regularization = { ...recipe.regularization!, startingPoint: kind };
    const options = { recipe: { ...recipe, regularization } };
    using whole = start(gpu, options);
    let saved: TgdTrainerState | null = null;
    const outcomes = [];
    for (let i = 0; i < 5; i += 1) {
      if (i === 3) saved = await whole.trainer.exportState();
      outcomes.push(await step(whole.trainer));
    }
    const { tensors, progress } = saved!;
    const hasStart = [...tensors.keys()].some((name) => name.startsWith("start."));
    expect(hasStart).toBe(kind === "fixed");
    if (kind === "fixed") {
      const partial = new Map([...tensors].filter(([name]) => name !== "start._fc.bias"));
      using other = start(gpu, options);
      expect(() => other.trainer.importState({ tensors: partial, progress })).toThrow(
        new UsageError(
          "TgdTrainer: the checkpoint lacks 1 tensors of the fixed starting point\n" +
            "  missing  start._fc.bias\n" +
            "Resume with the recipe that the checkpoint was made by.",
        ),
      );
    }
    using resumed = start(gpu, options);
    await step(resumed.trainer);
    resumed.trainer.importState({ tensors, progress: JSON.parse(JSON.stringify(progress)) });
    expect(resumed.trainer.stepsDone).toBe(3);
    for (let i = 3; i < 5; i += 1) expect(await step(resumed.trainer)).toEqual(outcomes[i]);
    expect(await bytesOf(resumed.network)).toEqual(await bytesOf(whole.network));
    expect(await bytesOf(resumed.teacher)).toEqual(await bytesOf(whole.teacher));
    expect(resumed.trainer.totals).toEqual(whole.trainer.totals);
  },
);

test("steps may be under way together, and give what they give one by one", async ({ gpu }) => {
  using one = start(gpu);
  using together = start(gpu);
  const expected = [await step(one.trainer), await step(one.trainer), await step(one.trainer)];
  const pending = [step(together.trainer), step(together.trainer), step(together.trainer)];
  expect(await Promise.all(pending)).toEqual(expected);
  expect(await bytesOf(together.network)).toEqual(await bytesOf(one.network));
  // Ten images in batches of four, the last two left out.
  expect(expected.map(({ images, epoch }) => [images, epoch])).toEqual([
    [4, 0],
    [4, 0],
    [4, 1],
  ]);
});

test("parts of a batch add up to its gradient, masks included", async ({ gpu }) => {
  // Shares of 3 and 1: a mean of means would be wrong.
  using whole = start(gpu);
  using parts = start(gpu, { microBatch: 3 });
  expect(parts.trainer.microBatch).toBe(3);
  const [a, b] = [await step(whole.trainer), await step(parts.trainer)];
  for (const name of ["loss", "gradNorm", "regularizedGradNorm", "omegaSp"] as const) {
    // Sums of at most 64 pixels' places, 4 images and 96 channels, in another order: 2^15 terms.
    // They are known to about their square root.
    expect(Math.abs(a[name] / b[name] - 1), name).toBeLessThan(2 ** (15 / 2) * 2 ** -24);
  }
  expect(a.teacher!.gamma / b.teacher!.gamma).toBeCloseTo(1, 6);
  expect(a.correct).toBe(b.correct);
  const moved = await distance(whole.network, parts.network);
  expect(moved).toBeLessThan(0.1 * a.gradNorm * 2 ** (15 / 2) * 2 ** -24);
  // Control: other masks lead elsewhere.
  using other = start(gpu, { recipe: { ...recipe, seed: 6 } });
  await other.trainer.step({ ...batchOf(whole.trainer).batch }, [0, 1, 0, 1]);
  expect(await distance(whole.network, other.network)).toBeGreaterThan(1e-4);
});

test("feedback copies the student, and moves the start where it moves", async ({ gpu }) => {
  const distances: Record<string, number[]> = {};
  for (const startingPoint of ["moving", "fixed"] as const) {
    const regularization = { ...recipe.regularization!, startingPoint };
    using run = start(gpu, { recipe: { ...recipe, regularization } });
    const seen: number[] = [];
    for (let i = 0; i < 3; i += 1) {
      seen.push((await step(run.trainer)).omegaSp);
      // After the second step the teacher is the student.
      const apart = await distance(run.network, run.teacher);
      if (i === 1) expect(apart).toBe(0);
      else expect(apart).toBeGreaterThan(0);
    }
    distances[startingPoint] = seen;
  }
  const { moving = [], fixed = [] } = distances;
  expect(moving.slice(0, 2)).toEqual(fixed.slice(0, 2));
  expect(moving[2]).toBe(0);
  expect(fixed[2]).toBeGreaterThan(1);
});

test("feedback in epochs comes when the epoch is finished, and momentum stays", async ({ gpu }) => {
  const regularization = {
    ...recipe.regularization!,
    feedback: { every: 1, unit: "epochs" },
  } as const;
  using run = start(gpu, { recipe: { ...recipe, regularization } });
  await step(run.trainer);
  expect(run.trainer.isEpochComplete).toBe(false);
  await step(run.trainer);
  expect(run.trainer.isEpochComplete).toBe(true);
  expect(await distance(run.network, run.teacher)).toBeGreaterThan(0);
  const before = await run.trainer.exportState();
  run.trainer.finishEpoch();
  expect(run.trainer.isEpochComplete).toBe(false);
  expect(await distance(run.network, run.teacher)).toBe(0);
  const after = await run.trainer.exportState();
  const momentum = [...after.tensors].filter(([name]) => name.startsWith("optimizer."));
  expect(momentum.length).toBeGreaterThan(10);
  for (const [name, { data }] of momentum) expect(data).toEqual(before.tensors.get(name)?.data);
});

test("frozen tensors keep their bits, the others move", async ({ gpu }) => {
  const freezing: TgdRecipe = {
    ...recipe,
    method: "freeze",
    regularization: null,
    optimizer: { kind: "sgd", momentum: 0.1, weightDecay: 1e-4 },
  };
  using network = smallNet(gpu, 9, freezing);
  const frozen = new Set(freezeForGeneralTransfer(network));
  using trainer = new TgdTrainer(gpu, { network, labels: LABELS, recipe: freezing });
  const before = await bytesOf(network);
  const outcome = await step(trainer);
  await step(trainer);
  expect(outcome).toMatchObject({ teacher: null, omegaSp: 0, omegaFc: 0 });
  expect(outcome.totalLoss).toBe(outcome.loss);
  const after = await bytesOf(network);
  expect(frozen.size).toBeGreaterThan(2);
  for (const [name, bytes] of before) {
    if (frozen.has(name)) expect(after.get(name), name).toEqual(bytes);
    else expect(after.get(name), name).not.toEqual(bytes);
  }
});

test("inter-class CutMix weighs both labels, and the teacher sees the images before it", async ({
  gpu,
}) => {
  const base: TgdRecipe = { ...recipe, dropRate: 0, dropConnectRate: 0 };
  const mixing = (kind: "none" | "intra" | "inter"): TgdRecipe => ({
    ...base,
    augmentation: { ...base.augmentation, cutMix: { kind, rate: 1 } },
  });
  const outcomes = [];
  for (const kind of ["none", "intra", "inter"] as const) {
    using run = start(gpu, { recipe: mixing(kind) });
    outcomes.push(await step(run.trainer));
  }
  const [none, intra, inter] = outcomes;
  expect([none!.mixed, inter!.mixed]).toEqual([0, 4]);
  expect(inter!.teacher).toEqual(none!.teacher);
  expect(intra!.teacher).not.toEqual(none!.teacher);
  expect(new Set([none!.loss, intra!.loss, inter!.loss]).size).toBe(3);
});

test("fixed weights need no teacher's pass, Adam trains, and steps end a run", async ({ gpu }) => {
  const regularization = { ...codedRegularization, alpha: 0.1, beta: 0.01, feedback: null };
  using run = start(gpu, {
    recipe: {
      ...recipe,
      regularization,
      optimizer: { kind: "adam", eps: 1e-8, weightDecay: 0 },
      duration: { count: 3, unit: "steps" },
    },
  });
  expect([run.trainer.steps, run.trainer.epochs]).toEqual([3, 2]);
  const first = await step(run.trainer);
  expect(first.teacher).toBeNull();
  expect(first.totalLoss).toBeCloseTo(first.loss + 0.1 * first.omegaSp + 0.01 * first.omegaFc, 12);
  await step(run.trainer);
  run.trainer.finishEpoch();
  await step(run.trainer);
  expect(run.trainer.isEpochComplete).toBe(true);
  run.trainer.finishEpoch();
  expect(run.trainer.isEpochComplete).toBe(false);
});

test("a collapse stops the run, or is told", async ({ gpu }) => {
  // Only the classifier learns, from images of one grey; its penalty shrinks it to a tenth a step.
  const collapsing: TgdRecipe = {
    ...recipe,
    dropRate: 0,
    dropConnectRate: 0,
    optimizer: { kind: "sgd", momentum: 0, weightDecay: 0 },
    learningRate: { ...recipe.learningRate, base: 1, decay: { kind: "constant" } },
    regularization: { ...codedRegularization, alpha: 0, beta: 0.9, feedback: null },
    duration: { count: 30, unit: "epochs" },
  };
  const batch = {
    pixels: new Float32Array(4 * SIDE * SIDE * 3),
    shape: [4, SIDE, SIDE, 3] as const,
  };
  using network = smallNet(gpu, 9, collapsing);
  network.requiresGrad_(false);
  network.fc.requiresGrad_(true);
  // A bias that stays, and uneven batches: the loss is then far from ln 2.
  network.fc.bias!.requiresGrad = false;
  gpu.write(network.fc.bias!.tensor.data, Float32Array.of(0, 0.5));
  using teacher = smallNet(gpu, 10, collapsing);
  const options = { network, teacher, labels: LABELS, recipe: collapsing, collapse: { steps: 3 } };
  using telling = new TgdTrainer(gpu, { ...options, onCollapse: "tell" });
  const found = [];
  for (let i = 0; i < 5; i += 1) found.push(await telling.step(batch, [1, 1, 0, 1]));
  expect(found.at(-1)!.loss).toBeCloseTo(Math.log1p(Math.exp(0.5)) - 0.75 * 0.5, 4);
  expect(found.map(({ collapse }) => collapse?.kind)).toEqual([
    undefined,
    undefined,
    "collapse",
    "collapse",
    "collapse",
  ]);
  using stopping = new TgdTrainer(gpu, { ...options, collapse: { steps: 1, share: 1.1 } });
  const failing = stopping.step(batch, [0, 1, 0, 1]);
  await expect(failing).rejects.toThrow(TrainingDiverged);
  await expect(failing).rejects.toThrow(
    /^the classifier has collapsed: 1 steps at a loss of ln 2, or/,
  );
});

test("ForensicTransfer trains by its own loss, and its scores rank", async ({ gpu }) => {
  using network = new ForensicTransfer().to(gpu, { seed: 3 });
  const forensic: TgdRecipe = {
    ...recipe,
    method: "forensic-transfer",
    network: { name: "forensic_transfer", options: {} },
    optimizer: { kind: "adam", eps: 1e-7, weightDecay: 0 },
    regularization: null,
    // A latent map has one place.
    forensicTransfer: { activationDivisor: 1, reconstructionWeight: 0.1 },
    learningRate: { ...recipe.learningRate, base: 1e-2, decay: { kind: "constant" } },
    augmentation: { ...recipe.augmentation, cutMix: { kind: "none", rate: 0 } },
  };
  using trainer = new TgdTrainer(gpu, { network, labels: LABELS, recipe: forensic });
  const { batch, labels } = batchOf(trainer);
  const outcomes = [];
  for (let i = 0; i < 16; i += 1) outcomes.push(await trainer.step(batch, labels));
  const [first, last] = [outcomes[0]!, outcomes.at(-1)!];
  expect(first.fcNorm).toBeNaN();
  expect(first.gradNorm).toBeGreaterThan(0);
  expect(last.loss).toBeLessThan(first.loss / 2);
  expect(last.correct).toBe(4);
  // Moments of other batches than this one.
  const { scores } = await trainer.evaluate(batch);
  expect([...scores].map((score) => (score > 0 ? 1 : 0))).toEqual(labels);
  expect(scores.every((score) => Math.abs(score) <= 0.5)).toBe(true);
});

test("refuses penalties without a teacher, other images, and labels that do not fit", async ({
  gpu,
}) => {
  using run = start(gpu);
  const { network, trainer } = run;
  expect(() => new TgdTrainer(gpu, { network, labels: LABELS, recipe })).toThrow(
    "TgdTrainer: the recipe has penalties, and there is no teacher\n" +
      "Pass a network of the same kind with the weights that the transfer begins with, or a recipe " +
      "whose regularization is null.",
  );
  const { batch } = batchOf(trainer);
  expect(() => trainer.step(batch, [0])).toThrow(
    "TgdTrainer: 1 labels for 4 images\nPass one label per image, and one image or more.",
  );
  const state = await trainer.exportState();
  const faster = { ...recipe, learningRate: { ...recipe.learningRate, base: 0.2 }, seed: 6 };
  using changed = start(gpu, { recipe: faster });
  expect(() => changed.trainer.importState(state)).toThrow(
    new RangeError(
      "TgdTrainer: the checkpoint was made with another recipe\n" +
        "  seed  5, now 6\n  learningRate.base  0.1, now 0.2\n" +
        "Resume with the recipe of the checkpoint, or begin another run with its weights.",
    ),
  );
  using longer = start(gpu, { recipe: { ...recipe, duration: { count: 9, unit: "epochs" } } });
  longer.trainer.importState(state);
  expect(longer.trainer.epochs).toBe(9);
  using other = start(gpu, { labels: LABELS.subarray(1) });
  expect(() => other.trainer.importState(state)).toThrow(/^BatchSampler: the checkpoint was made/);
  const failing = trainer.step(
    { ...batch, pixels: batch.pixels.map(() => Number.NaN) },
    [0, 1, 0, 1],
  );
  await expect(failing).rejects.toThrow("loss is NaN at step 1");
});
