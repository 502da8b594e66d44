export { type MemoryLimits, TrainingDiverged } from "@fauxgrad/training";
export {
  type ClassifierName,
  type ClassifierTensors,
  type CreateClassifierOptions,
  createClassifier,
  describeClassifier,
  type LGradClassifier,
  loadClassifier,
} from "./classifier.ts";
export {
  type ClassifierBatch,
  classifierBatch,
  classifierGeometry,
  type InputGeometry,
  type TrainingInputOptions,
  trainingInput,
  validationInput,
} from "./classifier-input.ts";
export {
  type Detection,
  type DetectorNetworks,
  type DetectorOptions,
  type ExplainedDetection,
  LGradDetector,
  type TileScore,
  type TransformationSource,
} from "./detector.ts";
export {
  type DiscriminatorInputOptions,
  discriminatorInput,
  discriminatorValidationInput,
} from "./discriminator-input.ts";
export { FakeLogit } from "./discriminator-logit.ts";
export { discriminatorActivations, planDiscriminatorParts } from "./discriminator-memory.ts";
export {
  type DiscriminatorName,
  type DiscriminatorRecipe,
  discriminatorNames,
  discriminatorRecipe,
} from "./discriminator-recipe.ts";
export {
  type FittedImage,
  fitImage,
  joinTiles,
  type SizeMode,
  sizeModes,
  type Tile,
} from "./fit-images.ts";
export {
  gradientImage,
  type ImageGradient,
  type InputGradient,
  imageGradients,
  inputGradient,
} from "./gradient-image.ts";
export {
  GradientTransformer,
  type GradientTransformerOptions,
  type WeightSource,
} from "./gradient-transformer.ts";
export {
  activationElements,
  type MicroBatchPlan,
  planMicroBatch,
} from "./micro-batch.ts";
export { type PaperCell, type PaperRow, paperRow, paperRows } from "./paper-tables.ts";
export { type Preset, presets } from "./presets.ts";
export {
  type ChannelOrder,
  type ExplainedScore,
  exchangeRedAndBlue,
  explainGradients,
  type GradientScore,
  type RepeatedScore,
  scoreGradients,
} from "./score-gradients.ts";
export { Trainer, type TrainerOptions } from "./training.ts";
export {
  learningRateAt,
  type TrainerRecipe,
  type TrainingPreset,
  type TrainingRecipe,
  trainingPresets,
} from "./training-recipe.ts";
export {
  type EpochTotals,
  lossOf,
  type StepOutcome,
  type TrainerProgress,
  type TrainerState,
} from "./training-state.ts";
