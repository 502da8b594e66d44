export {
  applyCutMix,
  type CutMixBatch,
  type CutMixBox,
  type CutMixPlan,
  drawBox,
  drawCutMix,
  partnerLabels,
} from "./cutmix.ts";
export { learningRateAt, type Moment } from "./learning-rate.ts";
export { type NotebookRun, notebookRuns } from "./notebook-runs.ts";
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
