export {
  drawPerturbation,
  type PerturbationMode,
  type PerturbationOptions,
  type PerturbationParameters,
} from "./draw-perturbation.ts";
export { type JpegCodec, jpegRoundTrip } from "./jpeg.ts";
export { jpegSimulate } from "./jpeg-simulate.ts";
export { addGaussianNoise } from "./noise.ts";
export { type OpenCvGaussianOptions, openCvGaussianBlur } from "./opencv-gaussian.ts";
export { type OpenCvFilter, openCvResize } from "./opencv-resize.ts";
export { applyPerturbation, describePerturbation, type Perturbation } from "./perturbation.ts";
export { randomCrop, randomFlip } from "./random-geometry.ts";
export { type ScipyGaussianOptions, scipyGaussianBlur } from "./scipy-gaussian.ts";
