import { writeFile } from "node:fs/promises";
import path from "node:path";
import { tgdPresets } from "@fauxgrad/tgd";
import { expect, test } from "vitest";
import { temporaryFolder } from "../test-cli.ts";
import { resolveRecipe } from "./recipe-options.ts";

test("without options a recipe is its preset", async () => {
  expect(await resolveRecipe("pretrain", {})).toEqual(tgdPresets.paper.pretrain);
  expect(await resolveRecipe("transfer", { preset: "script", set: {} })).toEqual(
    tgdPresets.script.transfer,
  );
});

test("options change the fields that they name, and nothing else", async () => {
  const { paper } = tgdPresets;
  const changed = await resolveRecipe("transfer", {
    ...{ lr: 0.5, steps: 30, warmup: { multiplier: 2, length: 5 }, blur: 0.1, cutmix: "none" },
    ...{ s: 0.3, strength: [0.1, 0.01], feedback: "none", scope: "all", momentum: 0.4 },
    ...{ blurTruncation: false, set: { standardizeSE: "false" } },
  });
  expect(changed).toEqual({
    ...paper.transfer,
    network: { name: "tgd_efficientnet_b0", options: { standardizeSE: "false" } },
    optimizer: { kind: "sgd", momentum: 0.4, weightDecay: 0 },
    duration: { count: 30, unit: "steps" },
    learningRate: {
      ...{ ...paper.transfer.learningRate, base: 0.5 },
      warmUp: { multiplier: 2, length: 5 },
    },
    augmentation: {
      ...paper.transfer.augmentation,
      blur: { ...paper.transfer.augmentation.blur, rate: 0.1, truncate: false },
      cutMix: { kind: "none", rate: 0.5 },
    },
    regularization: {
      ...paper.transfer.regularization,
      ...{ s: 0.3, alpha: 0.1, beta: 0.01, feedback: null, scope: "all" },
    },
  });
  const none = await resolveRecipe("transfer", { strength: "none" });
  expect(none).toEqual({ ...paper.transfer, regularization: null });
});

test("the cosine ends with the run where both count the same", async () => {
  const shorter = await resolveRecipe("pretrain", { epochs: 50 });
  expect(shorter.learningRate.decay).toEqual({ kind: "cosine", tMax: 50 });
  const steps = await resolveRecipe("pretrain", { steps: 50 });
  expect(steps.learningRate.decay).toEqual({ kind: "cosine", tMax: 300 });
  expect(steps.duration).toEqual({ count: 50, unit: "steps" });
});

test("a transfer takes its network and its input from the source", async () => {
  const source = {
    ...tgdPresets.paper.pretrain,
    network: { name: "tgd_efficientnet_b0", options: { stages: "3" } } as const,
    augmentation: {
      ...tgdPresets.paper.pretrain.augmentation,
      ...({ size: 64, normalization: "none" } as const),
    },
  };
  const recipe = await resolveRecipe("transfer", { tiny: true }, source);
  expect(recipe.network).toEqual(source.network);
  expect(recipe.augmentation.size).toBe(64);
  expect(recipe.augmentation.normalization).toBe("none");
  expect(recipe.augmentation.jpeg.rate).toBe(0.5);
  expect(recipe).toMatchObject({ dropRate: 0.2, dropConnectRate: 0.2 });
  const network = { name: "tgd_resnext50_32x4d", options: {} } as const;
  const resnext = await resolveRecipe("transfer", {}, { ...source, network });
  expect(resnext).toMatchObject({ network, dropRate: 0, dropConnectRate: 0 });
});

test("a file is a whole recipe, or changes of the preset; options change it further", async () => {
  await using folder = await temporaryFolder();
  const file = path.join(folder.path, "recipe.json");
  await writeFile(file, JSON.stringify({ "augmentation.blur.rate": 0.7, seed: 4 }));
  const changed = await resolveRecipe("pretrain", { recipe: file, seed: 5 });
  expect(changed.augmentation.blur.rate).toBe(0.7);
  expect(changed.seed).toBe(5);
  await writeFile(file, JSON.stringify(changed));
  expect(await resolveRecipe("pretrain", { recipe: file })).toEqual(changed);
  await expect(resolveRecipe("transfer", { recipe: file })).rejects.toThrow(
    `${file} is the recipe of a pretrain\nPass one of a transfer.`,
  );
  await writeFile(file, '{ "augmentation.blur.rat": 1 }');
  await expect(resolveRecipe("pretrain", { recipe: file })).rejects.toThrow(
    "recipe: augmentation.blur.rat is no field",
  );
  await writeFile(file, "[1]");
  await expect(resolveRecipe("pretrain", { recipe: file })).rejects.toThrow(
    `${file} is no recipe\nWrite an object`,
  );
});

test("options that do not go together are refused", async () => {
  await expect(resolveRecipe("transfer", { method: "fine-tune", s: 2 })).rejects.toThrow(
    "--s: this method has no penalties\nLeave the option out, or --method tgd.",
  );
  await expect(resolveRecipe("pretrain", { optim: "adam", momentum: 0.1 })).rejects.toThrow(
    "--momentum belongs to sgd, and the optimizer is adam",
  );
  await expect(resolveRecipe("transfer", { method: "freeze", preset: "script" })).rejects.toThrow(
    "T-GD's authors published no script for freeze",
  );
});
