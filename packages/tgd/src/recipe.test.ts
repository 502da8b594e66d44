import { expect, test } from "vitest";
import { notebookRuns } from "./notebook-runs.ts";
import { type RecipePreset, recipePresets, tgdPresets } from "./presets.ts";
import {
  recipeNetworkNames,
  type Stage,
  stages,
  type TgdRecipe,
  type TransferMethod,
} from "./recipe.ts";
import { changeRecipe, readRecipe } from "./recipe-check.ts";
import { recipePreset } from "./recipe-preset.ts";

const transfer = tgdPresets.paper.transfer;

function changed(changes: Readonly<Record<string, unknown>>, from: TgdRecipe = transfer) {
  return () => changeRecipe(from, changes);
}

test("every preset, baseline and notebook run is valid and survives JSON", () => {
  const methods: TransferMethod[] = [
    "freeze",
    "fine-tune",
    "fine-tune-weight-decay",
    "forensic-transfer",
  ];
  const baselines = methods.flatMap((method) =>
    (["paper", "notebook"] as const).map((preset) =>
      recipePreset({ stage: "transfer", preset, method }),
    ),
  );
  const recipes = [
    ...recipePresets.flatMap((preset) => stages.map((stage) => tgdPresets[preset][stage])),
    ...recipePresets.flatMap((preset) =>
      stages.map((stage) => recipePreset({ stage, preset, network: "tgd_resnext50_32x4d" })),
    ),
    ...baselines,
    recipePreset({ stage: "pretrain", preset: "paper", method: "forensic-transfer" }),
    ...notebookRuns.map(({ recipe }) => recipe),
  ];
  expect(recipes).toHaveLength(6 + 6 + 8 + 1 + 22);
  for (const recipe of recipes)
    expect(readRecipe(JSON.parse(JSON.stringify(recipe)))).toEqual(recipe);
});

/** The columns of the specification's §3.1 and §3.2. */
const PRINTED: Record<RecipePreset, Record<Stage, (number | string)[]>> = {
  paper: {
    pretrain: [512, 0.9, 0.04, "4/20", "300 epochs", 0.2, 0.2, 0.2, 0.2, 0.2, 0.2],
    transfer: [200, 0.1, 0.01, "none", "1000 steps", 0.2, 0.2, 0.5, 0.5, 0.5, 0.5],
  },
  script: {
    pretrain: [200, 0.1, 0.04, "8/10", "400 epochs", 0.2, 0.2, 0.5, 0.5, 0.5, 0.5],
    transfer: [200, 0.1, 0.04, "none", "300 epochs", 0.2, 0.2, 0.5, 0.5, 0.5, 0.5],
  },
  notebook: {
    pretrain: [512, 0.9, 0.1, "8/10", "300 epochs", 0.2, 0.2, 0.2, 0.2, 0.2, 0.5],
    transfer: [200, 0.1, 0.01, "4/10", "1000 epochs", 0.3, 0.3, 0.5, 0.5, 0.5, 0.5],
  },
};

test("the presets are the specification's columns", () => {
  for (const preset of recipePresets) {
    for (const stage of stages) {
      const { optimizer, learningRate, duration, augmentation, ...rest } =
        tgdPresets[preset][stage];
      const { warmUp } = learningRate;
      expect(
        [
          rest.batchSize,
          optimizer.kind === "sgd" ? optimizer.momentum : "adam",
          learningRate.base,
          warmUp === null ? "none" : `${warmUp.multiplier}/${warmUp.length}`,
          `${duration.count} ${duration.unit}`,
          rest.dropRate,
          rest.dropConnectRate,
          augmentation.blur.rate,
          augmentation.jpeg.rate,
          augmentation.cutMix.rate,
          augmentation.flip,
        ],
        `${preset} ${stage}`,
      ).toEqual(PRINTED[preset][stage]);
      expect(optimizer.weightDecay).toBe(stage === "pretrain" ? 1e-4 : 0);
    }
  }
  expect(tgdPresets.script.transfer.regularization).toEqual({
    s: 1,
    alpha: "adaptive",
    beta: "adaptive",
    factor: 0.5,
    scope: "all-but-fc",
    fcScope: "weight-and-bias",
    startingPoint: "moving",
    feedback: { every: 200, unit: "epochs" },
  });
  expect(transfer.regularization).toMatchObject({
    factor: 1,
    scope: "conv",
    fcScope: "weight",
    feedback: { every: 200, unit: "steps" },
  });
});

test("baselines: the paper freezes and decays, ForensicTransfer sees images as they are", () => {
  const general = (preset: RecipePreset, method: TransferMethod) =>
    recipePreset({ stage: "transfer", preset, method });
  expect(general("paper", "freeze")).toMatchObject({
    optimizer: { kind: "sgd", momentum: 0.1, weightDecay: 1e-4 },
    duration: { count: 500, unit: "epochs" },
    learningRate: { base: 0.001, warmUp: null },
    regularization: null,
  });
  expect(general("notebook", "freeze").optimizer.weightDecay).toBe(0);
  expect(general("notebook", "fine-tune-weight-decay").optimizer.weightDecay).toBe(1e-4);
  expect(recipePreset({ stage: "pretrain", preset: "paper", method: "freeze" })).toBe(
    tgdPresets.paper.pretrain,
  );
  expect(recipePreset({ stage: "pretrain", preset: "script", method: "freeze" })).toBe(
    tgdPresets.script.pretrain,
  );
  expect(() =>
    recipePreset({ stage: "pretrain", preset: "script", method: "forensic-transfer" }),
  ).toThrow("recipePreset: T-GD's authors published no script for forensic-transfer\n");
  const autoencoder = general("notebook", "forensic-transfer");
  expect(autoencoder).toMatchObject({
    network: { name: "forensic_transfer" },
    optimizer: { kind: "adam", eps: 1e-7 },
    batchSize: 500,
    duration: { count: 10, unit: "epochs" },
    forensicTransfer: { activationDivisor: 225, reconstructionWeight: 0.1 },
    augmentation: { normalization: "none", flip: 0, blur: { rate: 0 }, jpeg: { rate: 0 } },
  });
  expect(() => general("script", "freeze")).toThrow(
    "recipePreset: T-GD's authors published no script for freeze\n" +
      'Choose the preset "paper" or "notebook".',
  );
  expect(() =>
    recipePreset({ stage: "transfer", preset: "paper", network: "forensic_transfer" }),
  ).toThrow(
    "recipePreset: tgd does not train forensic_transfer\n" +
      "forensic-transfer trains forensic_transfer, every other method a network with logits.",
  );
  expect(() => recipePreset({ stage: "pretrain", preset: "script", network: "small_cnn" })).toThrow(
    "recipePreset: T-GD's authors published no script for small_cnn\n",
  );
  const small = recipePreset({ stage: "transfer", preset: "paper", network: "small_cnn" });
  expect(small).toEqual({
    ...recipePreset({ stage: "transfer", preset: "paper" }),
    network: { name: "small_cnn", options: {} },
    dropRate: 0,
    dropConnectRate: 0,
  });
  // Every network that may be asked for is the one that the recipe names.
  for (const network of recipeNetworkNames) {
    if (network === "forensic_transfer") continue;
    for (const stage of stages) {
      expect(recipePreset({ stage, preset: "paper", network }).network.name).toBe(network);
    }
  }
  const resnext = recipePreset({
    stage: "pretrain",
    preset: "notebook",
    network: "tgd_resnext50_32x4d",
  });
  expect(resnext).toMatchObject({ batchSize: 200, dropRate: 0, learningRate: { base: 0.04 } });
});

test("notebook runs have ids of their own and the rows' settings", () => {
  expect(new Set(notebookRuns.map(({ id, target }) => `${target !== null} ${id}`)).size).toBe(
    notebookRuns.length,
  );
  const byId = (id: string) => notebookRuns.find((run) => run.id === id && run.target !== null);
  expect(byId("pggan-stylegan2")).toMatchObject({
    source: "PGGAN",
    target: "StyleGAN2",
    recipe: tgdPresets.notebook.transfer,
    best: { epoch: 31, target: 0.9818, source: 0.989 },
  });
  expect(byId("stylegan2-stargan")?.recipe).toMatchObject({
    optimizer: { momentum: 0.9 },
    learningRate: { base: 0.04, decay: { tMax: 5000 }, milestones: { at: { length: 9 } } },
    regularization: { alpha: "adaptive", beta: 0, feedback: null },
  });
  expect(byId("pggan-stylegan2-aug2")?.recipe).toMatchObject({
    regularization: { alpha: 0.1, beta: 0.01, feedback: null },
    augmentation: { blur: { rate: 0.2 }, jpeg: { rate: 0.2 }, cutMix: { rate: 0.5 } },
  });
  expect(byId("stargan-pggan-inter")?.recipe.augmentation.cutMix).toEqual({
    kind: "inter",
    rate: 0.5,
  });
});

test("a field is changed by its dotted name, the rest stays", () => {
  const recipe = changeRecipe(transfer, { "augmentation.blur.rate": 0.1, seed: 3 });
  expect(recipe.augmentation.blur).toEqual({ rate: 0.1, sigma: [0, 3], truncate: true });
  expect(recipe.seed).toBe(3);
  expect(transfer.seed).toBe(7);
  expect(changeRecipe(recipe, { "augmentation.blur.rate": 0.5, seed: 7 })).toEqual(transfer);
});

test("a wrong field is named, with its value and what to pass", () => {
  const cases: [Record<string, unknown>, string][] = [
    [{ batchSize: 0 }, "recipe: batchSize is 0\nPass a whole number of at least 1."],
    [{ batchSize: "200" }, 'recipe: batchSize is "200"\nPass a whole number of at least 1.'],
    [{ seed: undefined }, "recipe: seed is missing\nPass a whole number of at least 0."],
    [
      { "augmentation.blur.rate": 1.5 },
      "recipe: augmentation.blur.rate is 1.5\nPass a number of at least 0 and of at most 1.",
    ],
    [
      { "augmentation.blur.sigma": [3, 0] },
      "recipe: augmentation.blur.sigma is [3,0]\n" +
        "Pass [from, to]: numbers of at least 0, in this order.",
    ],
    [
      { "augmentation.jpeg.quality": [101, 101] },
      "recipe: augmentation.jpeg.quality is [101,101]\nPass [from, to]: numbers of at least 1 " +
        "and of at most 101, in this order, the first below 101.",
    ],
    [{ "learningRate.base": 0 }, "recipe: learningRate.base is 0\nPass a number above 0."],
    [
      { "learningRate.base": Number.NaN },
      "recipe: learningRate.base is NaN\nPass a number above 0.",
    ],
    [{ "optimizer.kind": "lion" }, 'recipe: optimizer.kind is "lion"\nPass one of: "sgd", "adam".'],
    [
      { "optimizer.eps": 1 },
      "recipe: optimizer.eps is no field\nRemove it. The fields here are kind, momentum, weightDecay.",
    ],
    [
      { "regularization.alpha": "auto" },
      'recipe: regularization.alpha is "auto"\nPass "adaptive" or a number.',
    ],
    [
      { "regularization.alpha": -1 },
      "recipe: regularization.alpha is -1\nPass a number of at least 0.",
    ],
    [
      { "learningRate.milestones": { at: [5, 5], factor: 0.1, from: "at" } },
      "recipe: learningRate.milestones.at is [5,5]\n" +
        "Pass whole numbers of at least 1, each above the one before.",
    ],
    [
      { "augmentation.jpeg": null },
      "recipe: augmentation.jpeg is null\nPass an object with the fields rate, quality.",
    ],
    [
      { "learningRate.warmUp.length": 3 },
      "recipe: learningRate.warmUp.length cannot be set, learningRate.warmUp is null\n" +
        "Set learningRate.warmUp as a whole first.",
    ],
    [
      { "augmentation.colour.rate": 3 },
      "recipe: augmentation.colour.rate cannot be set, augmentation.colour is no field\n" +
        "Choose a field of the recipe.",
    ],
    [
      { "network.options.depth": null },
      "recipe: network.options.depth is null\nPass a number, true, false or a word.",
    ],
  ];
  for (const [changes, message] of cases) expect(changed(changes)).toThrow(new RangeError(message));
  expect(changed({ __proto__x: 1 })).toThrow("recipe: __proto__x is no field");
  expect(changed(JSON.parse('{"__proto__": 1}'))).toThrow("recipe: __proto__ is no field");
  expect(() => readRecipe([])).toThrow("recipe: it is []\nPass an object with the fields stage,");
});

test("fields that contradict each other are refused", () => {
  const { pretrain } = tgdPresets.paper;
  const cases: [Record<string, unknown>, TgdRecipe, string][] = [
    [
      { method: "freeze" },
      pretrain,
      'recipe: method is "freeze" in a pretraining\n' +
        'Pretrain with "tgd": the classifiers of all transfers begin alike.',
    ],
    [
      { method: "forensic-transfer" },
      pretrain,
      'recipe: network.name is "tgd_efficientnet_b0", method is "forensic-transfer"\n' +
        'Pass "forensic_transfer".',
    ],
    [
      { forensicTransfer: { activationDivisor: 64, reconstructionWeight: 0.1 } },
      transfer,
      'recipe: forensicTransfer is set, method is "tgd"\n' +
        'It belongs to the method "forensic-transfer", and only to it.',
    ],
    [
      { method: "freeze" },
      transfer,
      'recipe: regularization is set, stage is "transfer" and method is "freeze"\n' +
        'Pass null: only a transfer by "tgd" has a teacher.',
    ],
    [
      { method: "fine-tune-weight-decay", regularization: null },
      transfer,
      'recipe: optimizer.weightDecay is 0, method is "fine-tune-weight-decay"\n' +
        'Pass a weight decay above 0, or the method "fine-tune".',
    ],
    [
      { method: "fine-tune", regularization: null, "optimizer.weightDecay": 0.1 },
      transfer,
      'recipe: optimizer.weightDecay is 0.1, method is "fine-tune"\n' +
        'Pass 0, or the method "fine-tune-weight-decay".',
    ],
    [
      { "network.options": { widthPercent: 25 } },
      recipePreset({ stage: "transfer", preset: "paper", method: "forensic-transfer" }),
      'recipe: network.options is {"widthPercent":25}, network.name is "forensic_transfer"\n' +
        "Pass {}: the autoencoder has one form.",
    ],
    [
      { "augmentation.cutMix.kind": "inter" },
      recipePreset({ stage: "transfer", preset: "paper", method: "forensic-transfer" }),
      'recipe: augmentation.cutMix.kind is "inter", method is "forensic-transfer"\n' +
        'Pass "none" or "intra": its loss takes one label per image.',
    ],
    [
      { selection: "auroc-sum" },
      pretrain,
      'recipe: selection is "auroc-sum" in a pretraining\n' +
        'Pass "accuracy", "auroc" or "last": there is no second data set.',
    ],
  ];
  for (const [changes, from, message] of cases) {
    expect(changed(changes, from)).toThrow(new RangeError(message));
  }
});
