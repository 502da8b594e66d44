export {
  type Candidate,
  type Conv2dPass,
  type Explanation,
  explainConv2d,
  VARIANT_OPERATIONS,
} from "./choice.ts";
export { conv2d, conv2dGradInput, conv2dGradWeight } from "./conv2d.ts";
export type { Epilogue } from "./epilogue.ts";
export {
  type Conv2dGeometry,
  type Conv2dOptions,
  conv2dGeometry,
  convOutputSize,
  type Padding,
  type Pair,
  pair,
  sides,
} from "./geometry.ts";
