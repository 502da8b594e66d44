export {
  type AdaptivePool2dGeometry,
  adaptiveAvgPool2d,
  adaptiveAvgPool2dGeometry,
  adaptiveAvgPool2dGradInput,
  avgPool2d,
  avgPool2dGeometry,
  avgPool2dGradInput,
} from "./avg-pool2d.ts";
export type {
  AvgPool2dOptions,
  MaxPool2dOptions,
  Pool2dGeometry,
  Pool2dOptions,
} from "./geometry.ts";
export { maxPool2d, maxPool2dGeometry, maxPool2dGradInput } from "./max-pool2d.ts";
