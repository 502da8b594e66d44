export {
  type GroupNormGeometry,
  type GroupNormShapes,
  groupNorm,
  groupNormGeometry,
  groupNormGradients,
} from "./group-norm.ts";
