export {
  type LayerNormGeometry,
  layerNorm,
  layerNormGeometry,
  layerNormGradients,
  type RowMoments,
} from "./layer-norm.ts";
