export {
  type AffineGradients,
  type BatchNormGeometry,
  type BatchNormGradientOptions,
  type BatchNormShapes,
  batchNormEval,
  batchNormGeometry,
  batchNormGradients,
  batchNormTrain,
  type NormNeeds,
  updateRunningMoments,
} from "./batch-norm.ts";
