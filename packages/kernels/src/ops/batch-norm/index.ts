export {
  type AffineGradients,
  type BatchNormGeometry,
  type BatchNormShapes,
  batchNormEval,
  batchNormGeometry,
  batchNormGradients,
  batchNormTrain,
  type NormNeeds,
  updateRunningMoments,
} from "./batch-norm.ts";
