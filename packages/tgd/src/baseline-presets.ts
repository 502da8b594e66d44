/*
 * The baselines of §5: General Transfer and ForensicTransfer. The authors published no script for
 * them; there is what the paper says and what the notebooks did. And one of this project's: a small
 * network of four convolutions.
 */
import {
  type AugmentationRates,
  classifier,
  HALF_RATES,
  type RecipePreset,
  tgdAugmentation,
  tgdPresets,
  WEIGHT_DECAY,
} from "./presets.ts";
import type { Stage, TgdRecipe } from "./recipe.ts";

const NO_RATES: AugmentationRates = { blur: 0, jpeg: 0, cutMix: 0, flip: 0 };

/** Whether and how General Transfer holds weights back. */
export type GeneralMethod = "freeze" | "fine-tune" | "fine-tune-weight-decay";

/**
 * General Transfer, §5.1: cross-entropy alone. The paper freezes and decays weights, 500 epochs at
 * 0.001 with the transfer's noise; the notebooks decay none, and all but one froze nothing by a
 * misspelling. Of their rates, 0.001 and 0.01, the first is chosen; CutMix and flip are not told
 * apart from "rates 0.2", but flip is 0.5 in all code.
 */
export function generalTransfer(preset: RecipePreset, method: GeneralMethod): TgdRecipe {
  const isPaper = preset === "paper";
  const decays = method === "fine-tune-weight-decay" || (isPaper && method === "freeze");
  const { paper, notebook } = tgdPresets;
  return {
    ...(isPaper ? paper : notebook).transfer,
    method,
    optimizer: { kind: "sgd", momentum: 0.1, weightDecay: decays ? WEIGHT_DECAY : 0 },
    learningRate: { ...(isPaper ? paper : notebook).transfer.learningRate, base: 0.001 },
    duration: { count: isPaper ? 500 : 1000, unit: "epochs" },
    dropRate: 0.2,
    dropConnectRate: 0.2,
    augmentation: tgdAugmentation(
      isPaper ? HALF_RATES : { blur: 0.2, jpeg: 0.2, cutMix: 0.2, flip: 0.5 },
    ),
    regularization: null,
  };
}

/**
 * ForensicTransfer as the authors re-implemented it, §5.2. The paper gives 30 epochs of
 * pretraining, the notebooks up to 100; everything else is the notebooks'. What selects an epoch
 * is in no source: the AUROC, as elsewhere.
 */
export function forensicTransferRecipe(preset: RecipePreset, stage: Stage): TgdRecipe {
  const isPretraining = stage === "pretrain";
  return {
    ...classifier,
    stage,
    method: "forensic-transfer",
    network: { name: "forensic_transfer", options: {} },
    optimizer: { kind: "adam", eps: 1e-7, weightDecay: 0 },
    batchSize: isPretraining ? 1148 : 500,
    learningRate: {
      base: 1e-3,
      warmUp: null,
      decay: { kind: "constant" },
      milestones: null,
      unit: "epochs",
    },
    duration: { count: isPretraining ? (preset === "paper" ? 30 : 100) : 10, unit: "epochs" },
    dropRate: 0,
    dropConnectRate: 0,
    augmentation: {
      ...tgdAugmentation(NO_RATES),
      normalization: "none",
      cutMix: { kind: "none", rate: 0 },
    },
    regularization: null,
    forensicTransfer: { activationDivisor: 225, reconstructionWeight: 0.1 },
    selection: isPretraining ? "auroc" : "auroc-sum",
  };
}

/**
 * A small network as one trains it without further thought: Adam at 0.001, batches of 32, mirrored
 * images and nothing else. It is no one's recipe but this project's, in every preset.
 */
export const smallCnnPretraining: TgdRecipe = {
  ...classifier,
  stage: "pretrain",
  network: { name: "small_cnn", options: {} },
  optimizer: { kind: "adam", eps: 1e-8, weightDecay: 0 },
  batchSize: 32,
  learningRate: {
    base: 1e-3,
    warmUp: null,
    decay: { kind: "cosine", tMax: 12 },
    milestones: null,
    unit: "epochs",
  },
  duration: { count: 12, unit: "epochs" },
  dropRate: 0,
  dropConnectRate: 0,
  augmentation: {
    ...tgdAugmentation({ ...NO_RATES, flip: 0.5 }),
    cutMix: { kind: "none", rate: 0 },
  },
  regularization: null,
  selection: "auroc",
};
