// The two recipes: what the paper says, and what its code does.

import type { Sampling } from "@fauxgrad/training";
import { classifierGeometry, type InputGeometry } from "./classifier-input.ts";

/** Names of the recipes. */
export type TrainingPreset = "paper" | "official";

/** What decides about the steps of any network that tells fake images from real ones. */
export interface TrainerRecipe {
  /** Whose decay of the learning rate; where there is none, it stays as it is. */
  readonly preset?: TrainingPreset;
  readonly optimizer: "adam" | "sgd";
  /** Adam's decay of its running means, where it is not PyTorch's. */
  readonly betas?: readonly [number, number];
  /** Of the first epoch. */
  readonly learningRate: number;
  readonly batchSize: number;
  readonly epochs: number;
  readonly sampling: Sampling;
  readonly seed: number;
}

/** Everything that decides about a training, beside the images and the first weights. */
export interface TrainingRecipe extends TrainerRecipe, InputGeometry {
  readonly preset: TrainingPreset;
  /** Mirror every second image. */
  readonly flip: boolean;
}

const DECAY = 0.8;
const EPOCHS_PER_DECAY = 10;

/**
 * The learning rate in an epoch, counted from 0.
 *
 * - `paper`: −20 % after every 10 epochs, `lr · 0.8^⌊epoch / 10⌋`.
 * - `official`: the code tests the epoch's number when it ends, so that the first decay comes after
 *   11 epochs, `lr · 0.8^⌊(epoch − 1) / 10⌋` from epoch 1 on.
 * - none: it stays.
 *
 * @see Tan et al., CVPR 2023, section 4.1; CNNDetection/train.py, `--delr_freq 10`
 */
export function learningRateAt(
  { preset, learningRate }: Pick<TrainerRecipe, "preset" | "learningRate">,
  epoch: number,
): number {
  if (preset === undefined) return learningRate;
  const counted = preset === "paper" ? epoch : Math.max(0, epoch - 1);
  return learningRate * DECAY ** Math.floor(counted / EPOCHS_PER_DECAY);
}

const shared = {
  ...classifierGeometry,
  optimizer: "adam",
  learningRate: 5e-4,
  batchSize: 16,
  epochs: 100,
  sampling: "shuffle",
  seed: 0,
} as const;

/** The recipes. The paper mentions no mirroring, the code does it. */
export const trainingPresets: Readonly<Record<TrainingPreset, TrainingRecipe>> = {
  paper: { ...shared, preset: "paper", flip: false },
  official: { ...shared, preset: "official", flip: true },
};
