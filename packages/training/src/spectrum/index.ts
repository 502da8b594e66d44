export { powerSpectrum } from "./fourier.ts";
export {
  fitLogistic,
  type LogisticModel,
  type LogisticOptions,
  logisticLogit,
} from "./logistic-regression.ts";
export { logisticFromTensors, logisticTensors } from "./logistic-tensors.ts";
export { radialSpectrum } from "./radial-spectrum.ts";
