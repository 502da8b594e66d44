// What a training consists of, between two steps and in a file.

import { type HostTensor, toFloat32 } from "@fauxgrad/models/checkpoint";
import type { HostTensorLike, StateTensor } from "@fauxgrad/tensor/nn";
import type { GroupState } from "@fauxgrad/tensor/optim";
import type { Divergence, DivergenceState, SamplerState } from "@fauxgrad/training";
import type { TrainingRecipe } from "./training-recipe.ts";

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
export interface TrainerProgress {
  readonly sampler: SamplerState;
  readonly recipe: TrainingRecipe;
  readonly microBatch: number;
  readonly guard: DivergenceState;
  readonly totals: EpochTotals;
  /** Epochs that were finished, validation included. */
  readonly epochsFinished: number;
  readonly optimizerGroups: readonly GroupState[];
}

/** Everything that a run needs to go on as if it had never stopped. */
export interface TrainerState {
  /** `model.NAME`, in PyTorch's names and shapes, and `optimizer.KIND.NAME`. */
  readonly tensors: ReadonlyMap<string, HostTensor>;
  readonly progress: TrainerProgress;
}

/** The loss is no number, or has exploded: what the device holds is of no use. */
export class TrainingDiverged extends Error {
  override readonly name = "TrainingDiverged";
  readonly divergence: Divergence;
  constructor(divergence: Divergence) {
    super(divergence.message);
    this.divergence = divergence;
  }
}

/** `max(z, 0) − z·y + ln(1 + e^−|z|)` */
export function lossOf(logit: number, label: number): number {
  return Math.max(logit, 0) - logit * label + Math.log1p(Math.exp(-Math.abs(logit)));
}

/** A state dict's tensor as a file holds it. */
export function hostTensor({ dtype, shape, data }: StateTensor): HostTensor {
  return { dtype, shape, data } as HostTensor;
}

/** The tensors whose names begin with `prefix`, without it. */
export function section(
  tensors: ReadonlyMap<string, HostTensor>,
  prefix: string,
): Map<string, HostTensorLike> {
  const found = new Map<string, HostTensorLike>();
  for (const [name, value] of tensors) {
    if (!name.startsWith(prefix)) continue;
    const { shape } = value;
    const isCounter = value.dtype === "int64";
    const data = isCounter ? null : toFloat32(value);
    found.set(name.slice(prefix.length), data === null ? value : { dtype: "float32", shape, data });
  }
  return found;
}
