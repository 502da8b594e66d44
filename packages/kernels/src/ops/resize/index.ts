export {
  type BilinearGeometry,
  bilinearGeometry,
  interpolateBilinear,
  interpolateBilinearGradInput,
} from "./bilinear.ts";
export {
  type NearestGeometry,
  nearestGeometry,
  upsampleNearest,
  upsampleNearestGradInput,
} from "./nearest.ts";
