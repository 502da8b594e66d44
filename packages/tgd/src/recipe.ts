/*
 * Everything that decides about a training of T-GD, as plain data: it is written beside each run,
 * goes through JSON, and is compared when a run is resumed.
 *
 * The paper, the authors' scripts and their notebooks disagree, so nothing is fixed in code;
 * `presets.ts` holds the three readings.
 */
import type { ModelOptions } from "@fauxgrad/models";
import type { NormalizationName } from "@fauxgrad/models/transforms";

/** On the source generator, or from it to another. */
export type Stage = "pretrain" | "transfer";

/** The stages, in their order. */
export const stages = ["pretrain", "transfer"] as const satisfies readonly Stage[];

/**
 * What is trained, and by which loss.
 *
 * - `tgd`: cross-entropy; in a transfer with {@link Regularization}, against a teacher.
 * - `freeze`: General Transfer, only the last blocks and the classifier learn.
 * - `fine-tune`, `fine-tune-weight-decay`: cross-entropy on all weights.
 * - `forensic-transfer`: the autoencoder of ForensicTransfer, in both stages.
 */
export type TransferMethod =
  | "tgd"
  | "freeze"
  | "fine-tune"
  | "fine-tune-weight-decay"
  | "forensic-transfer";

/** The methods; a pretraining is `tgd` (the same for all classifiers) or `forensic-transfer`. */
export const transferMethods = [
  "tgd",
  "freeze",
  "fine-tune",
  "fine-tune-weight-decay",
  "forensic-transfer",
] as const satisfies readonly TransferMethod[];

/** Names of the networks that are trained. */
export const recipeNetworkNames = [
  "tgd_efficientnet_b0",
  "tgd_resnext50_32x4d",
  "efficientnet_b0",
  "small_cnn",
  "forensic_transfer",
] as const;

/** The networks that are trained. */
export type RecipeNetworkName = (typeof recipeNetworkNames)[number];

/** What a run, a schedule or a feedback counts. */
export type TimeUnit = "steps" | "epochs";

/** PyTorch's optimisers, without dampening or Nesterov's momentum. */
export type OptimizerRecipe =
  | { readonly kind: "sgd"; readonly momentum: number; readonly weightDecay: number }
  | { readonly kind: "adam"; readonly eps: number; readonly weightDecay: number };

/** The learning rate over time; the formula is {@link learningRateAt}'s. */
export interface LearningRateRecipe {
  /** η: the rate at the start. */
  readonly base: number;
  /** Linear growth from `base` to `multiplier · base`, reached at `length`. */
  readonly warmUp: { readonly multiplier: number; readonly length: number } | null;
  /** After the warm-up. */
  readonly decay:
    | { readonly kind: "constant" }
    | { readonly kind: "cosine"; readonly tMax: number };
  /**
   * `× factor` for each milestone that was reached: from itself on (`at`, PyTorch's scheduler), or
   * from the next on (`after`, what the notebooks' logs show).
   */
  readonly milestones: {
    readonly at: readonly number[];
    readonly factor: number;
    readonly from: "at" | "after";
  } | null;
  /** What lengths and milestones count, from 0. */
  readonly unit: TimeUnit;
}

/** Mixing of the images of a batch. */
export interface CutMixRecipe {
  /**
   * - `intra`: between images of one class, labels unchanged (T-GD).
   * - `inter`: between any images, labels mixed (the ablation; γ from the batch before mixing).
   */
  readonly kind: "none" | "intra" | "inter";
  /** Share of the batches that are mixed. */
  readonly rate: number;
}

/** From a stored image to the network's input. Validation: resize and normalise only. */
export interface AugmentationRecipe {
  /** Side of the network's input, in pixels. */
  readonly size: number;
  /** `none`: bytes to [0, 1], as ForensicTransfer. */
  readonly normalization: NormalizationName | "none";
  /** Share of the images that are mirrored. */
  readonly flip: number;
  readonly blur: {
    /** Share of the images. */
    readonly rate: number;
    /** Standard deviation ~ U[from, to), in pixels of the stored image. */
    readonly sigma: readonly [from: number, to: number];
    /** As SciPy stores: downwards after each pass, which darkens by about one level. */
    readonly truncate: boolean;
  };
  readonly jpeg: {
    /** Share of the images. */
    readonly rate: number;
    /** Quality ~ ⌊U[from, to)⌋: with [30, 100] it is one of 30 … 99. */
    readonly quality: readonly [from: number, to: number];
  };
  readonly cutMix: CutMixRecipe;
}

/**
 * The transfer's penalties: `L = J + α·Ω_sp + β·Ω_fc`, each γ or a constant, where
 * `γ = s·σ(−J_teacher)`, `Ω_sp = factor·Σ‖p − p*‖²` and `Ω_fc = factor·Σ‖p_fc‖²`.
 */
export interface Regularization {
  /** Scale of γ. */
  readonly s: number;
  /** Weight of Ω_sp: γ (`adaptive`) or a constant; 0 leaves the penalty out. */
  readonly alpha: "adaptive" | number;
  /** Weight of Ω_fc, likewise. */
  readonly beta: "adaptive" | number;
  /** ½ as coded, 1 as printed. */
  readonly factor: 0.5 | 1;
  /** What Ω_sp holds: convolutions' weights, all but the classifier, or all. */
  readonly scope: "conv" | "all-but-fc" | "all";
  /** What Ω_fc holds of the last linear layer. */
  readonly fcScope: "weight" | "weight-and-bias";
  /** Whether p* follows the teacher at a feedback, or stays what the transfer began with. */
  readonly startingPoint: "moving" | "fixed";
  /** How often the teacher takes the student's weights; null: never. */
  readonly feedback: { readonly every: number; readonly unit: TimeUnit } | null;
}

/** ForensicTransfer's loss; see {@link forensicTransferLoss}. */
export interface ForensicTransferRecipe {
  /** Divides the activations' sum: 225 as coded, 64 the elements of a map of a 128-pixel input. */
  readonly activationDivisor: number;
  /** Of the mean absolute error of the reconstruction. */
  readonly reconstructionWeight: number;
}

/**
 * Which epoch's weights are kept beside the last ones: the one of the highest validation accuracy,
 * AUROC, or sum of the AUROCs of target and source.
 */
export type Selection = "accuracy" | "auroc" | "auroc-sum" | "last";

/** A run, but for the images and the first weights. */
export interface TgdRecipe {
  readonly stage: Stage;
  readonly method: TransferMethod;
  readonly network: { readonly name: RecipeNetworkName; readonly options: ModelOptions };
  readonly optimizer: OptimizerRecipe;
  readonly batchSize: number;
  /** Leave out an epoch's last batch if it is smaller. */
  readonly dropLast: boolean;
  readonly learningRate: LearningRateRecipe;
  readonly duration: { readonly count: number; readonly unit: TimeUnit };
  /** Of dropout before the classifier, of the network that is trained; the teacher has none. */
  readonly dropRate: number;
  /** Of the last block; block i of n has `dropConnectRate · i / n`. */
  readonly dropConnectRate: number;
  readonly augmentation: AugmentationRecipe;
  /** Of method `tgd` in a transfer; null: cross-entropy alone. */
  readonly regularization: Regularization | null;
  /** Of method `forensic-transfer`; null for the others. */
  readonly forensicTransfer: ForensicTransferRecipe | null;
  readonly selection: Selection;
  readonly seed: number;
}
