// What a training consists of, between two steps and in a file.

import type { HostTensor } from "@fauxgrad/models/checkpoint";
import type { GroupState } from "@fauxgrad/tensor/optim";
import type { DivergenceState, SamplerState } from "@fauxgrad/training";
import type { TrainerRecipe, TrainingRecipe } from "./training-recipe.ts";

/** What came of a step. */
export interface StepOutcome {
  /** Steps done, this one included. */
  readonly step: number;
  readonly epoch: number;
  readonly learningRate: number;
  /** Mean over the batch's images. */
  readonly loss: number;
  readonly images: number;
  /** Images on whose side of 0 the logit was. */
  readonly correct: number;
}

/** Of the present epoch so far, over images. */
export interface EpochTotals {
  readonly images: number;
  readonly lossSum: number;
  readonly correct: number;
}

/** The counters of a {@link TrainerState}. Plain data. */
export interface TrainerProgress<Recipe extends TrainerRecipe = TrainingRecipe> {
  readonly sampler: SamplerState;
  readonly recipe: Recipe;
  readonly microBatch: number;
  readonly guard: DivergenceState;
  readonly totals: EpochTotals;
  /** Epochs that were finished, validation included. */
  readonly epochsFinished: number;
  readonly optimizerGroups: readonly GroupState[];
}

/** Everything that a run needs to go on as if it had never stopped. */
export interface TrainerState<Recipe extends TrainerRecipe = TrainingRecipe> {
  /** `model.NAME`, in PyTorch's names and shapes, and `optimizer.KIND.NAME`. */
  readonly tensors: ReadonlyMap<string, HostTensor>;
  readonly progress: TrainerProgress<Recipe>;
}

/** `max(z, 0) − z·y + ln(1 + e^−|z|)` */
export function lossOf(logit: number, label: number): number {
  return Math.max(logit, 0) - logit * label + Math.log1p(Math.exp(-Math.abs(logit)));
}
