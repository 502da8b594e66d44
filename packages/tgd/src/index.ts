export {
  type AugmentationGeometry,
  type AugmentationPlan,
  augmentImage,
  drawAugmentation,
  normalizationOf,
  validationImage,
} from "./augmentation.ts";
export {
  type CamOptions,
  type CamResult,
  type CamTarget,
  camLayer,
  camLayers,
  camTargets,
  explainClassifier,
} from "./cam.ts";
export {
  type ClassifierLayer,
  classifierLayer,
  findClassifierLayer,
} from "./classifier-layer.ts";
export {
  CollapseGuard,
  type CollapseOptions,
  type CollapseState,
  type CollapseValues,
} from "./collapse-guard.ts";
export {
  applyCutMix,
  type CutMixBatch,
  type CutMixBox,
  type CutMixPlan,
  drawBox,
  drawCutMix,
  partnerLabels,
} from "./cutmix.ts";
export {
  type DetectorInput,
  type TgdDetection,
  TgdDetector,
  type TgdDetectorOptions,
  type TgdExplanation,
} from "./detector.ts";
export {
  codedForensicTransfer,
  ForensicTransferObjective,
  forensicTransferActivations,
  forensicTransferLoss,
  forensicTransferScore,
} from "./forensic-transfer.ts";
export { freezeForGeneralTransfer } from "./freeze.ts";
export { learningRateAt, type Moment } from "./learning-rate.ts";
export { planTgdParts, stepMemory, type TgdPartPlan } from "./micro-batch.ts";
export {
  describeClassifier,
  describeNetwork,
  loadWeights,
  type NetworkRecipe,
  type NetworkTensors,
  type TgdClassifier,
} from "./networks.ts";
export { type NotebookRun, notebookRuns } from "./notebook-runs.ts";
export {
  type BatchLabels,
  type BatchPart,
  ClassifierObjective,
  type Objective,
  type PartResult,
} from "./objective.ts";
export {
  type CutMixLosses,
  cutMixAuroc,
  cutMixLosses,
  TGD_GENERATORS,
  type TgdPaperRow,
  tgdPaperRow,
  tgdPaperRows,
} from "./paper-tables.ts";
export {
  type AugmentationRates,
  codedRegularization,
  type RecipePreset,
  recipePresets,
  tgdAugmentation,
  tgdPresets,
} from "./presets.ts";
export {
  type AugmentationRecipe,
  type CutMixRecipe,
  type ForensicTransferRecipe,
  type LearningRateRecipe,
  type OptimizerRecipe,
  type RecipeNetworkName,
  type Regularization,
  recipeNetworkNames,
  type Selection,
  type Stage,
  stages,
  type TgdRecipe,
  type TimeUnit,
  type TransferMethod,
  transferMethods,
} from "./recipe.ts";
export { changeRecipe, readRecipe } from "./recipe-check.ts";
export { type RecipeChoice, recipePreset } from "./recipe-preset.ts";
export {
  type NamedParameters,
  type PenaltyScope,
  type PenaltyValues,
  penaltyScope,
} from "./regularization.ts";
export { TgdTrainer, type TgdTrainerOptions } from "./trainer.ts";
export type {
  StepPlace,
  TeacherValues,
  TgdEpochTotals,
  TgdEvaluation,
  TgdStepOutcome,
  TgdTrainerProgress,
  TgdTrainerState,
} from "./training-state.ts";
