// What a training consists of, between two steps and in a file.

import type { HostTensor } from "@fauxgrad/models/checkpoint";
import type { GroupState } from "@fauxgrad/tensor/optim";
import type { Divergence, DivergenceState, SamplerState } from "@fauxgrad/training";
import type { CollapseState } from "./collapse-guard.ts";
import type { TgdRecipe } from "./recipe.ts";
import type { PenaltyValues } from "./regularization.ts";

/** Where in a run a step was. */
export interface StepPlace {
  /** Steps done, this one included. */
  readonly step: number;
  /** Counted from 0. */
  readonly epoch: number;
  readonly learningRate: number;
}

/** The teacher's part in a step. */
export interface TeacherValues {
  /** Mean cross-entropy of the teacher on the same images, in evaluation mode. */
  readonly teacherLoss: number;
  /** `s · σ(−teacherLoss)` */
  readonly gamma: number;
}

/** What came of a step: values are those before its update. */
export interface TgdStepOutcome extends StepPlace, PenaltyValues {
  /** Mean loss of what is trained over the batch's images, without penalties. */
  readonly loss: number;
  /** With the penalties. */
  readonly totalLoss: number;
  /** Null where no penalty is adaptive. */
  readonly teacher: TeacherValues | null;
  readonly images: number;
  /** Images on whose side of 0 the score was; of mixed images the own label counts. */
  readonly correct: number;
  /** Images that CutMix changed, or left as they are as their own partner. */
  readonly mixed: number;
  /** The classifier has collapsed; only where the run was told to go on. */
  readonly collapse: Divergence | null;
}

/** Of the present epoch so far, over images. */
export interface TgdEpochTotals {
  readonly images: number;
  readonly lossSum: number;
  readonly correct: number;
}

/** The counters of a {@link TgdTrainerState}. Plain data. */
export interface TgdTrainerProgress {
  readonly sampler: SamplerState;
  readonly recipe: TgdRecipe;
  readonly microBatch: number;
  readonly guard: DivergenceState;
  readonly collapse: CollapseState;
  readonly totals: TgdEpochTotals;
  /** Epochs that were finished, validation included. */
  readonly epochsFinished: number;
  readonly optimizerGroups: readonly GroupState[];
}

/** Everything that a run needs to go on as if it had never stopped. */
export interface TgdTrainerState {
  /**
   * `model.NAME`, `teacher.NAME` and, where it is fixed, `start.NAME`, in PyTorch's names and
   * shapes; `optimizer.KIND.NAME`.
   */
  readonly tensors: ReadonlyMap<string, HostTensor>;
  readonly progress: TgdTrainerProgress;
}

/** What the networks say about images that they do not learn from. */
export interface TgdEvaluation {
  /** Of each image, the higher the more likely fake: `z₁ − z₀`, or ForensicTransfer's. */
  readonly scores: Float64Array;
  /** `[n, columns]`: the logits `z₀, z₁` of a classifier. */
  readonly outputs: Float32Array<ArrayBuffer>;
}
